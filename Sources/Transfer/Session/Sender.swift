package import SystemPackage

/// A file to send, and where it is to go.
package struct OutgoingFile: Sendable {
    package let source: FilePath
    package let place: FilePlace
    package let replaces: Bool

    package init(_ source: FilePath, to place: FilePlace, replaces: Bool = false) {
        self.source = source
        self.place = place
        self.replaces = replaces
    }
}

/// The end of a session that has the files.
package struct Sender: Sendable {
    let link: Link
    let session: SessionID
    let throttle: Throttle
    let processors: ProcessorLimit?
    let compressors: Int
    let versions: ClosedRange<UInt16>
    let progress: @Sendable (TransferProgress) -> Void

    /// - Parameters:
    ///   - link: to the receiver.
    ///   - session: what both ends call this transfer.
    ///   - throttle: the limit on what is sent.
    ///   - processors: the limit on what it takes of them, `nil` for none.
    ///   - compressors: how many threads compress.
    ///   - versions: of the protocol; less than all of them only in tests.
    ///   - progress: called on a thread of the session, after each piece that went out.
    package init(
        over link: Link, session: SessionID, throttle: Throttle = Throttle(),
        processors: ProcessorLimit? = nil, compressors: Int = 2,
        versions: ClosedRange<UInt16> = WireVersion.known,
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) {
        self.link = link
        self.session = session
        self.throttle = throttle
        self.processors = processors
        self.compressors = max(compressors, 1)
        self.versions = versions
        self.progress = progress
    }

    /// Sends files, one after the other, and returns when the receiver has stored all of them.
    ///
    /// A cancelled task ends the link.
    ///
    /// - Throws: `TransferError` of either side.
    package func send(_ files: [OutgoingFile]) async throws(TransferError) -> TransferResult {
        try await SessionThreads.run(over: link) {
            Result { () throws(TransferError) in try sendBlocking(files) }
        }
    }

    /// The same, on the calling thread and some of its own.
    package func sendBlocking(_ files: [OutgoingFile]) throws(TransferError) -> TransferResult {
        try SendingSession(self).run(files)
    }
}

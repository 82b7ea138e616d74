import FleetModel
package import SystemPackage

/// What a receiver lets its peer do.
package struct ReceivingPolicy: Sendable {
    /// The directories that the peer may name by number. They must be there.
    package var roots: [FilePath]
    /// Whether a file that the sender declares as a replacement may replace one.
    package var replaces = false
    /// Whether an unfinished file is kept after a broken transfer, and gone on with in the next one.
    package var resumes = false
    package var largestFile: UInt64 = 64 << 40
    package var mostFiles = 65536
    /// Older copies: what a file has in common with its own is not sent again. One that is replaced is its own
    /// older copy.
    package var olderCopies: [FilePlace: FilePath] = [:]

    package init(roots: [FilePath]) {
        self.roots = roots
    }

    /// - Parameter directories: the roots, by their paths.
    package init(below directories: [String]) {
        self.init(roots: directories.map { FilePath($0) })
    }
}

/// The end of a session that stores the files.
package struct Receiver: Sendable {
    let link: Link
    let session: SessionID?
    let policy: ReceivingPolicy
    let versions: ClosedRange<UInt16>

    /// - Parameters:
    ///   - link: to the sender.
    ///   - session: the one that is expected; `nil` takes part in any.
    ///   - policy: what the sender may do.
    ///   - versions: of the protocol; less than all of them only in tests.
    package init(
        over link: Link, session: SessionID?, policy: ReceivingPolicy,
        versions: ClosedRange<UInt16> = WireVersion.known
    ) {
        self.link = link
        self.session = session
        self.policy = policy
        self.versions = versions
    }

    /// Stores what the sender sends, until it says goodbye. Files that were stored before a failure stay.
    ///
    /// A cancelled task ends the link.
    ///
    /// - Throws: `TransferError` of either side.
    package func receive() async throws(TransferError) -> TransferResult {
        try await SessionThreads.run(over: link) {
            Result { () throws(TransferError) in try receiveBlocking() }
        }
    }

    /// The same, on the calling thread and some of its own.
    package func receiveBlocking() throws(TransferError) -> TransferResult {
        var session = try ReceivingSession(self)
        return try session.run()
    }
}

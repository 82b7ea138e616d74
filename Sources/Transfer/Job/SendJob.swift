import FleetModel

/// What the `apus send` of a source is told to do, as one line of JSON on its standard input.
///
/// An empty line every few seconds says that whoever gave it lives; so does a ``SendOrder``. The end of its input, or a
/// silence, ends it.
package struct SendJob: Sendable, Equatable, Codable {
    package struct File: Sendable, Equatable, Codable {
        /// On the source.
        package let path: String
        /// Which of the receiver's directories it goes to.
        package let root: Int
        /// Below that directory.
        package let name: String
        package let replaces: Bool

        package init(path: String, root: Int, name: String, replaces: Bool) {
            self.path = path
            self.root = root
            self.name = name
            self.replaces = replaces
        }
    }

    /// Images that nobody may write to until the sender has ended.
    package let held: [String]
    package let files: [File]
    /// The other host, for errors.
    package let host: String
    /// How the source runs a command there.
    package let shell: [String]
    /// What apus is called there.
    package let apus: String
    /// The receiver's directories, on the other host.
    package let roots: [String]
    /// The other host's address for a connection of the transfer's own, on a network that is trusted; `nil` is through the
    /// shell.
    package let address: String?
    /// Bytes per second; `nil` is no limit.
    package let bandwidth: UInt64?
    /// How many threads compress.
    package let compressors: Int

    package init(
        held: [String], files: [File], host: String, shell: [String], apus: String, roots: [String],
        address: String?, bandwidth: UInt64?, compressors: Int
    ) {
        self.held = held
        self.files = files
        self.host = host
        self.shell = shell
        self.apus = apus
        self.roots = roots
        self.address = address
        self.bandwidth = bandwidth
        self.compressors = compressors
    }
}

/// What `apus send` says, a line of JSON each.
package struct SendNews: Sendable, Equatable, Codable {
    package enum Event: String, Sendable, Codable {
        /// It waits for its job.
        case ready
        /// It lives, and has nothing else to say.
        case alive
        /// Nobody else may write to the images from now on.
        case held
        case progress
        /// Every file is stored and checked. The images stay held until its input ends.
        case sent
        case failed
    }

    package var event: Event
    /// Of the release, with `ready`.
    package var version: String?
    /// Content that the other end has or was sent, of all files, and what crossed the wire: with `progress` and `sent`.
    package var covered: UInt64?
    package var wireSent: UInt64?
    package var wireReceived: UInt64?
    /// With `failed`: a `TransferError`.
    package var code: String?
    package var operation: String?
    package var detail: String?
    package var hint: String?

    package init(_ event: Event) { self.event = event }
}

extension SendNews {
    package init(_ error: TransferError) {
        self.init(.failed)
        code = error.code.rawValue
        operation = error.operation
        detail = error.detail
        hint = error.hint
    }

    package init(_ progress: TransferProgress) {
        self.init(.progress)
        covered = progress.covered.bytes
        wireSent = progress.wireSent.bytes
        wireReceived = progress.wireReceived.bytes
    }

    package init(_ result: TransferResult) {
        self.init(.sent)
        covered = result.files.reduce(0) { $0 + $1.size.bytes }
        wireSent = result.wireSent.bytes
        wireReceived = result.wireReceived.bytes
    }

    /// What went wrong; `nil` for other news.
    package var error: TransferError? {
        guard event == .failed else { return nil }
        return TransferError(
            code.flatMap(TransferError.Code.init(rawValue:)) ?? .peerFailed, operation ?? "send files",
            detail ?? "the sender did not say why", hint: hint, side: .peer)
    }
}

/// What lies beside a file while it arrives, and after a transfer of it that did not come to its end.
package struct UnfinishedFile: Sendable {
    package let path: String

    /// - Parameter target: the whole path that the file is to have.
    package init(of target: String) { path = PartialName.path(besides: target) }
}

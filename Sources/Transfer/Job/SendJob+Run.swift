import FleetModel
import SystemPackage

extension SendJob {
    /// Keeps everybody else from writing to the images of the job.
    ///
    /// - Throws: `file-busy`, `disk-failed`.
    package func hold() throws(TransferError) -> ImageHold {
        try ImageHold(held.map { FilePath($0) })
    }

    /// Starts the receiver on the other host and sends the files.
    ///
    /// - Parameters:
    ///   - throttle: the limit on what is sent.
    ///   - progress: called on a thread of the session, after each piece that went out.
    /// - Returns: when all of them are stored.
    /// - Throws: `TransferError` of either side.
    package func send(
        throttle: Throttle, progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws(TransferError) -> TransferResult {
        guard !files.isEmpty else {
            return TransferResult(files: [], wireSent: .zero, wireReceived: .zero)
        }
        var outgoing: [OutgoingFile] = []
        for file in files {
            outgoing.append(
                OutgoingFile(
                    FilePath(file.path), to: FilePlace(root: file.root, path: try RelativePath(file.name)),
                    replaces: file.replaces))
        }
        let (all, compressors, address) = (outgoing, compressors, address)
        return try await PeerShell(host: host, words: shell).converse(
            with: apus,
            ["receive", "--replace"] + roots.flatMap { ["--root", $0] }
                + (address.map { ["--listen", $0] } ?? [])
        ) { (link) throws(TransferError) in
            // The shell stays open: it is how either end learns that the other one's host has given up.
            let way = try await Self.way(to: address, over: link)
            let sender = Sender(
                over: way, session: .random(), throttle: throttle, processors: .ofHost(),
                compressors: compressors, progress: progress)
            return try await SessionThreads.run(over: way) {
                Niceness.giveWay()
                return Result { () throws(TransferError) in try sender.sendBlocking(all) }
            }
        }
    }

    /// What a session goes over: the shell's own streams, or a connection that both ends agree on over them.
    static func way(to address: String?, over shell: Link) async throws(TransferError) -> Link {
        guard let address else { return shell }
        return try await SessionThreads.run(over: shell) {
            Result { () throws(TransferError) in try meet(at: address, over: shell) }
        }
    }

    /// Agrees with the receiver on a secret and a port, and connects to it.
    private static func meet(at address: String, over shell: Link) throws(TransferError) -> Link {
        let secret = DirectLink.Secret()
        guard try shell.line() == DirectLink.greeting else {
            throw stranger("something else than its greeting")
        }
        try shell.say(String(decoding: secret.bytes, as: UTF8.self))
        let line = try shell.line()
        guard line.hasPrefix("port "), let port = UInt16(line.dropFirst(5)) else {
            throw stranger(line)
        }
        return try DirectLink.connect(to: address, port: port, secret)
    }

    private static func stranger(_ said: String) -> TransferError {
        TransferError(
            .peerNotApus, "agree on a port", "it said: \(said.prefix(200))",
            hint: "Install the same release of apus on both hosts.")
    }
}

extension Link {
    /// The receiver's side of a connection of the transfer's own, agreed on over this link.
    ///
    /// - Parameter address: of this host, where the sender will connect to.
    /// - Returns: the connection.
    /// - Throws: `stream-broken`, `refused`.
    package func awaitConnection(on address: String) throws(TransferError) -> Link {
        // The shell in between may have read ahead: nothing is said to it before this has come through.
        try say(DirectLink.greeting)
        guard let secret = DirectLink.Secret(try line()) else {
            throw .protocolBroken("the secret is none")
        }
        return try DirectLink.accept(on: address, secret) { (port) throws(TransferError) in
            try say("port \(port)")
        }
    }
}

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
        let (all, compressors) = (outgoing, compressors)
        return try await PeerShell(host: host, words: shell).converse(
            with: apus, ["receive", "--replace"] + roots.flatMap { ["--root", $0] }
        ) { (link) throws(TransferError) in
            try await Sender(
                over: link, session: .random(), throttle: throttle, compressors: compressors,
                progress: progress
            ).send(all)
        }
    }
}

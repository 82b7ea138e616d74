import FleetModel
import FoundationEssentials
import Synchronization
import Transfer

/// The `apus send` on a guest's source, while it holds the guest's images and sends its files.
///
/// It lives as long as the conversation with it: when this process is killed, its input ends, and so does it.
struct FileCarrier: Sendable {
    let guest: GuestIdentity
    let source: Host
    let destination: Host
    /// The limit that somebody wants by now, if anybody does. Asked each time the sender is told that this end lives.
    var wanted: @Sendable () -> BandwidthLimit? = { nil }

    /// How far it is.
    struct Progress: Sendable {
        let covered: ByteCount
        let wire: ByteCount
    }

    /// What crossed the wire, both ways together, and how much content it stood for.
    struct Sent: Sendable {
        let content: ByteCount
        let wire: ByteCount
    }

    /// Holds the images, sends the files, and lends the time in which all of them are there and the images still held.
    ///
    /// - Parameters:
    ///   - job: what is held and sent.
    ///   - held: called when nobody may write to the images any more.
    ///   - progress: called a few times a second.
    ///   - body: runs when every file is stored and checked.
    /// - Returns: what `body` returned.
    /// - Throws: `transfer-failed`, `remote-shell-failed`, or what `body` threw.
    func carry<Value: Sendable>(
        _ job: SendJob, held: @escaping @Sendable () -> Void,
        progress: @escaping @Sendable (Progress) -> Void,
        _ body: @escaping @Sendable (Sent) async throws(ApusError) -> Value
    ) async throws(ApusError) -> Value {
        guard let words = source.remoteShell else {
            throw ApusError(
                .remoteShellFailed, operation, "\(source.name) has no remote-shell",
                hint: "Give \(source.name) a remote-shell in the inventory, such as [ssh, \(source.name)].")
        }
        let program = RemoteShell.quote(source.program)
        let (shell, operation, wanted) = (RemoteShell(host: source.name, words: words), operation, wanted)
        let pulse = Pulse()
        // The job must not be read by the shell, which may read ahead: it waits for the program's first word.
        let work = Task { () async -> Result<Ending<Value>, ApusError> in
            do throws(ApusError) {
                return .success(
                    try await shell.converse("exec \(program) send", to: operation) { conversation in
                        try await Self.talk(with: conversation, pulse, job, wanted, held, progress, body)
                    })
            } catch {
                return .failure(error)
            }
        }
        let watch = Task {
            while (try? await Task.sleep(for: .seconds(5))) != nil {
                if pulse.isGone { return work.cancel() }
            }
        }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        watch.cancel()
        guard !pulse.isGone else { throw silence }
        switch try result.get() {
        case .done(let value): return value
        case .failed(let error): throw error
        case .refused(let error): throw ApusError(error, to: operation)
        }
    }

    private var silence: ApusError {
        ApusError(
            .transferFailed, operation, "\(source.name) has said nothing for 30 s",
            hint:
                "See whether it is up, and reached: \((source.remoteShell ?? []).joined(separator: " ")) true. Then run the "
                + "same command again.")
    }

    /// When the sender was last heard of; it says something every five seconds.
    private final class Pulse: Sendable {
        private static let patience = Duration.seconds(30)
        private let last = Mutex<ContinuousClock.Instant?>(.now)

        func beat() { last.withLock { $0 = .now } }

        /// From here on nobody listens to it.
        func stop() { last.withLock { $0 = nil } }

        var isGone: Bool { last.withLock { $0.map { $0.duration(to: .now) > Self.patience } ?? false } }
    }

    private enum Ending<Value: Sendable>: Sendable {
        case done(Value)
        /// By what was done when all was sent.
        case failed(ApusError)
        /// By either end of the transfer.
        case refused(TransferError)
    }

    private var operation: String { "send the files of \(guest) from \(source.name) to \(destination.name)" }

    private static func talk<Value: Sendable>(
        with conversation: Conversation, _ pulse: Pulse, _ job: SendJob,
        _ wanted: @escaping @Sendable () -> BandwidthLimit?, _ held: @Sendable () -> Void,
        _ progress: @Sendable (Progress) -> Void,
        _ body: @Sendable (Sent) async throws(ApusError) -> Value
    ) async throws -> Ending<Value> {
        // It ends when nobody is heard of any more.
        var heartbeat: Task<Void, Never>?
        defer { heartbeat?.cancel() }
        while let line = try await conversation.receive() {
            pulse.beat()
            guard let news = try? JSONDecoder().decode(SendNews.self, from: Data(line.utf8)) else { continue }
            let covered = ByteCount(news.covered ?? 0)
            let wire = ByteCount((news.wireSent ?? 0) + (news.wireReceived ?? 0))
            switch news.event {
            case .alive: break
            case .ready:
                try await conversation.send(text(job))
                heartbeat = Task {
                    var last: BandwidthLimit?
                    while (try? await Task.sleep(for: .seconds(5))) != nil {
                        let limit = wanted()
                        let order = limit == last ? nil : limit.map { SendOrder.bandwidth($0.rate) }
                        last = limit
                        try? await conversation.send(order?.line ?? "")
                    }
                }
            case .held: held()
            case .progress: progress(Progress(covered: covered, wire: wire))
            case .failed:
                if let error = news.error { return .refused(error) }
            case .sent:
                pulse.stop()
                do throws(ApusError) {
                    return .done(try await body(Sent(content: covered, wire: wire)))
                } catch {
                    return .failed(error)
                }
            }
        }
        throw Unanswered()
    }

    private static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
}

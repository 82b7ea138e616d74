import Dispatch

/// Threads for what blocks. A serial queue of one's own has a thread of its own; the tasks of Swift's pool never
/// wait for a disk or a peer.
struct SessionThreads {
    private let group = DispatchGroup()

    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "apus.transfer.\(name)").async(group: group) { body() }
    }

    /// Waits until all of them have ended.
    func join() { group.wait() }

    /// Runs a session on a thread and waits without one. A cancelled task ends the session's link.
    static func run<Value: Sendable>(
        _ name: String, over link: Link, _ body: @escaping @Sendable () -> Result<Value, TransferError>
    ) async throws(TransferError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue(label: "apus.transfer.\(name)").async { continuation.resume(returning: body()) }
            }
        } onCancel: {
            link.end()
        }
        return try result.get()
    }
}

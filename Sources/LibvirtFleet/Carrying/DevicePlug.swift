import FleetModel
import Libvirt

/// Takes devices out of a running guest, over a connection of its own: it hears of their going there.
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
    func unplug(_ alias: String, within limit: Duration = CarriedDevice.patience) async throws(ApusError) {
        let outcome = try await outcome(of: alias, within: limit, asks: true)
        if let failure = failure(outcome, alias, limit) { throw failure }
    }

    /// Waits whether a guest that was asked to let go of a device a moment ago, perhaps by a process that is no
    /// more, still does so: nobody can take the question back.
    ///
    /// - Throws: `ApusError` with `connection-lost`, `host-unreachable`, `libvirt-failed`.
    func settle(_ alias: String, within limit: Duration = .seconds(5)) async throws(ApusError) {
        _ = try await outcome(of: alias, within: limit, asks: false)
    }

    private func outcome(
        of alias: String, within limit: Duration, asks: Bool
    ) async throws(ApusError) -> Outcome {
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
        if asks {
            Task {
                do throws(LibvirtError) {
                    try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                        try domain.detachDevice(alias: alias, .live)
                    }
                } catch {
                    outcome.yield(.refused(error))
                }
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
        for await outcome in outcomes { return outcome }
        return .lost
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
                hint:
                    "Its own system has to take part: see that it has booted, and stop what uses the device in it. It "
                    + "may still let go: \(look)")
        }
    }
}

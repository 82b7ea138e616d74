import DomainXML
import FleetModel
import Libvirt
import Transfer

/// Watches the two hosts' Linux bridges for a guest's MAC addresses.
///
/// Source: the bridge's forwarding database, bridge(8); QEMU announces a guest that has arrived by RARP,
/// which goes to everybody.
struct AddressWatch: Sendable {
    let guest: GuestIdentity
    let source: Host
    let destination: Host

    /// The guest's ports on Linux bridges, as the host that runs it says; Open vSwitch and macvtap are left
    /// out.
    ///
    /// - Parameters:
    ///   - guest: whose ports.
    ///   - link: the host that runs it.
    /// - Returns: MAC, bridge and port of each.
    /// - Throws: `ApusError` as `HostLink.ask`, and `guest-unreadable`.
    static func ports(of guest: GuestIdentity, on link: HostLink) async throws(ApusError) -> [Port] {
        let reference = DomainReference.uuid(guest.uuid)
        let xml = try await link.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.xml(.live)
            }
        }
        do throws(XMLError) {
            return try ports(in: xml)
        } catch {
            throw ApusError(
                .guestUnreadable, "find the interfaces of \(guest)",
                "the definition of \(guest) on \(link.host.name) cannot be read: \(error.detail)", hint: nil,
                underlying: error)
        }
    }

    /// Where an interface is plugged in.
    struct Port: Sendable, Hashable {
        let mac: String
        let bridge: String
        let device: String
    }

    static func ports(in xml: String) throws(XMLError) -> [Port] {
        try GuestDefinition(parsing: xml).root.all("devices/interface").compactMap { interface in
            guard interface.attribute("type", at: "virtualport") != "openvswitch",
                let mac = interface.attribute("address", at: "mac")?.lowercased(),
                let bridge = interface.attribute("bridge", at: "source"),
                let device = interface.attribute("dev", at: "target")
            else { return nil }
            return Port(mac: mac, bridge: bridge, device: device)
        }
    }

    /// Waits until both bridges have learnt the guest's addresses, or the time is over.
    ///
    /// Runs `bridge fdb show` on both hosts, every 50 ms.
    ///
    /// - Parameters:
    ///   - ports: the guest's ports on the destination.
    ///   - limit: how long to look.
    /// - Returns: what the bridges knew last, one for each port, in order.
    func wait(for ports: [Port], within limit: Duration = .seconds(1)) async -> [LearntAddress] {
        guard !ports.isEmpty else { return [] }
        async let arrivals = places(of: ports, on: destination, within: limit) { port, device in
            device == port.device
        }
        async let departures = places(of: ports, on: source, within: limit) { _, _ in false }
        let (there, here) = (await arrivals, await departures)
        return ports.indices.map {
            LearntAddress(mac: ports[$0].mac, destination: there[$0], source: here[$0])
        }
    }

    private func places(
        of ports: [Port], on host: Host, within limit: Duration,
        isGuest: @Sendable (Port, String) -> Bool
    ) async -> [Reading<LearntAddress.Place>] {
        guard let words = host.remoteShell else {
            return ports.map { _ in .notKnown("\(host.name) has no remote-shell") }
        }
        do throws(ApusError) {
            let output = try await RemoteShell(host: host.name, words: words).run(
                Self.script(ports, isDestination: host == destination, limit),
                to: "look at the bridges of \(host.name)",
                within: limit + .seconds(3))
            return Self.places(of: ports, output, host.name, isGuest: isGuest)
        } catch {
            return ports.map { _ in .notKnown(error.detail) }
        }
    }

    /// Looks until each address is where it is to be: behind its own port on the destination, behind any on
    /// the source. Permanent entries are the host's own.
    static func script(_ ports: [Port], isDestination: Bool, _ limit: Duration) -> String {
        let rounds = max(1, Int((limit / .milliseconds(50)).rounded()))
        let looks = ports.indices.map { index in
            let port = ports[index]
            let wanted = isDestination ? RemoteShell.quote(port.device) : "?*"
            return """
                d=$(learnt \(RemoteShell.quote(port.bridge)) \(RemoteShell.quote(port.mac)))
                o="${o}\(index) ${d:-none}
                "
                case $d in \(wanted)) ;; *) all=no ;; esac
                """
        }
        let checks = ports.indices.map { index in
            let folder = RemoteShell.quote("/sys/class/net/\(ports[index].bridge)/bridge")
            return "[ -d \(folder) ] || echo '\(index) no-bridge'"
        }
        return """
            PATH=$PATH:/usr/sbin:/sbin
            command -v bridge >/dev/null || { echo no-command; exit 0; }
            learnt() {
              bridge fdb show br "$1" 2>/dev/null | while read -r m w d r; do
                case $m,$r in "$2",*permanent*) ;; "$2",*) echo "$d"; break ;; esac
              done
            }
            \(checks.joined(separator: "\n"))
            n=0
            while :; do
              all=yes; o=
              \(looks.joined(separator: "\n"))
              n=$((n + 1))
              [ $all = yes ] || [ $n -ge \(rounds) ] || { sleep 0.05; continue; }
              break
            done
            printf '%s' "$o"

            """
    }

    static func places(
        of ports: [Port], _ output: String, _ host: String, isGuest: (Port, String) -> Bool
    ) -> [Reading<LearntAddress.Place>] {
        let lines = output.split(separator: "\n").map(String.init)
        return ports.indices.map { index in
            let port = ports[index]
            if lines.contains("no-command") { return .notKnown("\(host) has no bridge(8) to ask") }
            if lines.contains("\(index) no-bridge") {
                return .notKnown("\(host) has no Linux bridge \(port.bridge)")
            }
            guard let line = lines.first(where: { $0.hasPrefix("\(index) ") }) else {
                return .notKnown("\(host) gave no answer about \(port.mac)")
            }
            let device = String(line.dropFirst("\(index) ".count))
            if device == "none" { return .known(.unknown) }
            return .known(isGuest(port, device) ? .guest : .elsewhere(port: device))
        }
    }
}

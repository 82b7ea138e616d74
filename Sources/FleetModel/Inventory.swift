/// The hosts that this controller knows.
package struct Inventory: Sendable, Equatable {
    /// In the order of the file.
    package let hosts: [Host]
    /// Named sets of convergence limits, besides those that are built in.
    package let profiles: [String: ConvergencePolicy]
    /// What it says for guests one by one, by name or UUID, their groups included.
    package let guestPolicies: [String: GuestPolicy]
    /// What it says for every guest.
    package let policy: GuestPolicy

    package init(
        hosts: [Host], profiles: [String: ConvergencePolicy] = [:],
        guestPolicies: [String: GuestPolicy] = [:], policy: GuestPolicy = GuestPolicy()
    ) {
        self.hosts = hosts
        self.profiles = profiles
        self.guestPolicies = guestPolicies
        self.policy = policy
    }

    /// What holds for a guest: its own word first, then the inventory's for it, then for all.
    package func policy(of guest: GuestIdentity, own: GuestPolicy) -> GuestPolicy {
        [guestPolicies[guest.uuid], guestPolicies[guest.name], policy].compactMap(\.self)
            .reduce(own) { $0.filled(from: $1) }
    }

    /// The host of that name; a libvirt URI names a host that no inventory has to know.
    ///
    /// - Throws: `ApusError` with `unknown-host`, naming the nearest names.
    package func host(named name: String) throws(ApusError) -> Host {
        if let host = hosts.first(where: { $0.name == name || $0.uri == name }) { return host }
        if name.contains("://") || name.hasPrefix("test:/") { return Host(uri: name) }
        throw ApusError(
            .unknownHost, "find the host \(name)",
            hosts.isEmpty
                ? "the inventory has no hosts" : "the inventory has no host of that name",
            hint: Spelling.suggestion(for: name, in: hosts.map(\.name))
                ?? "Known hosts: \(hosts.map(\.name).joined(separator: ", ")). A libvirt URI works too.")
    }
}

extension Host {
    /// A host known only by its URI, with the defaults that the inventory would fill in.
    package init(uri: String) {
        self.init(name: uri, uri: uri, filling: HostDefaults(uri: uri))
    }

    /// A host with every key that was left out taken from its URI.
    package init(
        name: String, uri: String, peerURI: String? = nil, migrationAddress: String? = nil,
        remoteShell: [String]? = nil, peerShell: [String]? = nil, apus: String? = nil,
        transport: Transport = .shell,
        maxIncoming: Int = 2,
        maxOutgoing: Int = 2, tlsName: String? = nil, filling defaults: HostDefaults
    ) {
        let peer = peerURI ?? defaults.peerURI
        self.init(
            name: name, uri: uri, peerURI: peer,
            migrationAddress: migrationAddress ?? peer.flatMap { HostDefaults(uri: $0).address },
            remoteShell: remoteShell ?? defaults.remoteShell,
            peerShell: peerShell ?? peer.flatMap { HostDefaults(uri: $0).shellOverNetwork },
            apus: apus ?? "apus", transport: transport,
            maxIncoming: maxIncoming, maxOutgoing: maxOutgoing, tlsName: tlsName)
    }

    /// How another host, or for one that is this machine, this machine, runs a command here.
    ///
    /// - Parameter other: the host that the command is started on.
    /// - Returns: `nil` when there is no way.
    package func shell(from other: Host) -> [String]? {
        other.remoteShell == [] ? remoteShell : peerShell
    }
}

/// What a libvirt URI says about the host behind it, where the inventory is silent.
package struct HostDefaults: Sendable, Equatable {
    /// The URI itself when it names a host: only then does it mean the same from elsewhere.
    package let peerURI: String?
    package let address: String?
    /// The port, where the URI names one.
    package let port: Int?
    /// ssh to the same user and host for `+ssh`, this machine for a local URI, else none.
    package let remoteShell: [String]?

    /// The same where it leads to another machine.
    package var shellOverNetwork: [String]? { remoteShell == [] ? nil : remoteShell }

    package init(uri: String) {
        guard let scheme = uri.firstRange(of: "://") else {
            (peerURI, address, port, remoteShell) = (nil, nil, nil, nil)
            return
        }
        let transport = uri[..<scheme.lowerBound].split(separator: "+").dropFirst().first
        let authority = uri[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        let (user, address, port) = Self.split(authority: authority)
        self.address = address.isEmpty ? nil : address
        self.port = port.flatMap { Int($0) }
        peerURI = address.isEmpty ? nil : uri
        switch transport {
        case "ssh", "libssh", "libssh2":
            let target = user.map { "\($0)@\(address)" } ?? address
            remoteShell =
                address.isEmpty
                ? nil
                : ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"] + (port.map { ["-p", $0] } ?? [])
                    + [target]
        case nil, "unix":
            // A socket path of one's own may lead to another machine or container: nothing is assumed then.
            remoteShell = address.isEmpty && !uri.contains("socket=") ? [] : nil
        default:
            remoteShell = nil
        }
    }

    private static func split(authority: Substring) -> (user: String?, address: String, port: String?) {
        let parts = authority.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let user = parts.count == 2 ? String(parts[0]) : nil
        let rest = parts.last ?? ""
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            let port = rest[rest.index(after: end)...].drop { $0 == ":" }
            return (
                user, String(rest[rest.index(after: rest.startIndex)..<end]),
                port.isEmpty ? nil : String(port)
            )
        }
        let pair = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (user, String(pair.first ?? ""), pair.count == 2 ? String(pair[1]) : nil)
    }
}

/// The facts that a plan rests on, in words: what would make it another plan.
///
/// Free memory, load and what else changes by the minute are not part of it; preflight looks at those anew.
package struct PlanBasis: Sendable, Hashable, Codable {
    /// What is said, by what it is about.
    package let facts: [String: String]

    package init(_ facts: [String: String]) { self.facts = facts }

    package init(_ facts: MoveFacts) {
        var said = [
            "guest UUID": facts.guest.identity.uuid,
            "guest state": facts.guest.state.kind.rawValue,
            "guest memory": "\(facts.guest.memory)",
            "guest vCPUs": "\(facts.guest.vcpus)",
            "guest definition": facts.guest.isPersistent ? "persistent" : "transient",
            "machine type": facts.hardware.machine,
            "virtualization": facts.hardware.virtualization,
        ]
        for (side, host) in [("source", facts.source), ("destination", facts.destination)] {
            said["\(side) host"] = host.uuid ?? host.host.uri
            said["\(side) libvirt"] = "\(host.libvirtVersion)"
            said["\(side) QEMU"] = "\(host.hypervisorVersion)"
        }
        said["destination peer-uri"] = facts.destination.host.peerURI ?? "none"
        said["destination migration-address"] = facts.destination.host.migrationAddress ?? "none"
        if let cpu = facts.cpu.value {
            said["processor"] = "\(cpu.mode.rawValue) \(cpu.model ?? "")"
        }
        for disk in facts.disks {
            let chain = disk.chain.map { "\($0.location) (\($0.sharing.word))" }
            said["disk \(disk.target)"] = chain.isEmpty ? "empty" : chain.joined(separator: " on ")
            if let place = disk.place {
                said["disk \(disk.target), size"] = disk.capacity.map { "\($0.bytes) bytes" } ?? "not known"
                said["disk \(disk.target), copy"] = place.value?.path ?? "not known"
            }
        }
        for interface in facts.interfaces {
            said["interface \(interface.name)"] = "\(interface.connection)"
        }
        for snapshot in facts.hardware.snapshots {
            said["snapshot \(snapshot.name)"] =
                (snapshot.parent.map { "upon \($0)" } ?? "the first")
                + (snapshot.isCurrent ? ", the current one" : "")
        }
        for release in facts.hardware.releases {
            said["device \(release.alias) may leave"] = release.name
        }
        self.facts = said
    }

    /// What is different now, a line each; empty when the plan still holds.
    package func changes(to now: PlanBasis) -> [String] {
        Set(facts.keys).union(now.facts.keys).sorted().compactMap { key in
            guard facts[key] != now.facts[key] else { return nil }
            return "\(key) was \(facts[key] ?? "not there") and is \(now.facts[key] ?? "not there")"
        }
    }
}

extension DiskFacts.Sharing {
    fileprivate var word: String {
        switch self {
        case .proven: "shared"
        case .different: "not shared"
        case .absent: "absent"
        case .notProven: "not proven"
        }
    }
}

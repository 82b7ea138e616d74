import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// Where a test's guest comes from: the lab's script, or, on hosts that exist already, libvirt itself.
protocol GuestProvider: Sendable {
    /// Adds a running guest on the first host.
    ///
    /// - Returns: `kvm` or `tcg`.
    func add(_ name: String, _ kind: String, _ options: [String]) async throws -> String
    func remove(_ name: String) async throws
}

/// The lab's own guests.
struct ScriptGuests: GuestProvider {
    func add(_ name: String, _ kind: String, _ options: [String]) async throws -> String {
        let outcome = try await Lab.command(
            ["guest", "add", name, "--kind", kind, "--on", "host1"] + options)
        try #require(outcome.status == 0, "lab guest add: \(outcome.said)")
        return outcome.said.lowercased().contains("kvm") ? "kvm" : "tcg"
    }

    func remove(_ name: String) async throws {
        let outcome = try await Lab.command(["guest", "remove", name])
        try #require(outcome.status == 0, "lab guest remove: \(outcome.said)")
    }
}

/// Guests on hosts that exist already: a kernel-less machine that idles in its firmware, which needs no file on
/// either host. `dirty` guests are idle ones there; a slow bandwidth keeps their moves under way.
struct ForeignGuests: GuestProvider {
    let lab: Lab

    func add(_ name: String, _ kind: String, _ options: [String]) async throws -> String {
        let hosts = try await HostList(lab)
        let first = try hosts.uri(of: try #require(hosts.names.first))
        let accelerator = try await accelerator(on: first)
        let path = "/tmp/apus-\(name).xml"
        try writeFile(definition(name, accelerator), to: path)
        defer { unlink(path) }
        for words in [["define", path], ["start", name]] {
            let outcome = try await Program(["virsh", "-q", "-c", first] + words).run()
            try #require(outcome.status == 0, "\(outcome.said)")
        }
        if options.contains("--paused") {
            _ = try await Program(["virsh", "-q", "-c", first, "suspend", name]).run()
        }
        return accelerator == "kvm" ? "kvm" : "tcg"
    }

    func remove(_ name: String) async throws {
        let hosts = try await HostList(lab)
        for host in hosts.names {
            let uri = try hosts.uri(of: host)
            _ = try await Program(["virsh", "-q", "-c", uri, "destroy", name]).run()
            _ = try await Program(["virsh", "-q", "-c", uri, "undefine", name]).run()
        }
    }

    private func accelerator(on uri: String) async throws -> String {
        let outcome = try await Program(["virsh", "-q", "-c", uri, "domcapabilities", "--virttype", "kvm"])
            .run()
        return outcome.status == 0 ? "kvm" : "qemu"
    }

    private func definition(_ name: String, _ accelerator: String) -> String {
        """
        <domain type='\(accelerator)'>
          <name>\(name)</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='pc'>hvm</type></os>
          <cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model></cpu>
          <devices><memballoon model='none'/></devices>
        </domain>
        """
    }
}

/// Counts which guests ran under KVM, for the report at the end.
package enum GuestLedger {
    private static let counts = Mutex<[String: Int]>([:])
    private static let announced: Void = {
        atexit {
            let counts = GuestLedger.counts.withLock { $0 }
            print("LabTests: \(counts["kvm"] ?? 0) guests ran under KVM, \(counts["tcg"] ?? 0) under TCG.")
        }
    }()

    static func note(_ accelerator: String) {
        _ = announced
        counts.withLock { $0[accelerator, default: 0] += 1 }
    }
}

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

/// Guests on hosts that exist already: the lab's boot-sector programs, uploaded as a read-only image into the
/// `default` pool of each host, which must have the same path on all of them.
struct ForeignGuests: GuestProvider {
    let lab: Lab

    func add(_ name: String, _ kind: String, _ options: [String]) async throws -> String {
        let hosts = try await HostList(lab)
        let uris = try hosts.names.map { try hosts.uri(of: $0) }
        let first = try #require(uris.first)
        let image = "/tmp/apus-\(name).img"
        let document = "/tmp/apus-\(name).xml"
        defer {
            unlink(image)
            unlink(document)
        }
        try await assemble(kind, options, into: image)
        for uri in uris {
            try await virsh(uri, "vol-create-as", "default", "\(name).img", "1M", "--format", "raw")
            try await virsh(uri, "vol-upload", "\(name).img", image, "--pool", "default")
        }
        let path = try await virsh(first, "vol-path", "\(name).img", "--pool", "default")
        let kvm = try await Program(["virsh", "-q", "-c", first, "domcapabilities", "--virttype", "kvm"])
            .run()
        let accelerator = kvm.status == 0 ? "kvm" : "qemu"
        try writeFile(
            definition(name, accelerator, path.split(separator: "\n").joined()), to: document)
        try await virsh(first, "define", document)
        try await virsh(first, "start", name)
        if options.contains("--paused") { try await virsh(first, "suspend", name) }
        return accelerator == "kvm" ? "kvm" : "tcg"
    }

    func remove(_ name: String) async throws {
        let hosts = try await HostList(lab)
        for host in hosts.names {
            let uri = try hosts.uri(of: host)
            // It is on one of the hosts only; the other has nothing to destroy.
            for words in [
                ["destroy", name], ["undefine", name], ["vol-delete", "\(name).img", "--pool", "default"],
            ] {
                _ = try await Program(["virsh", "-q", "-c", uri] + words).run()
            }
        }
    }

    /// Builds the boot sector that the lab uses: 100 MiB dirtied at the rate asked for, or nothing for `idle`.
    private func assemble(_ kind: String, _ options: [String], into image: String) async throws {
        let rate = options.firstIndex(of: "--dirty-rate").flatMap { Int(options[$0 + 1]) } ?? 0
        let pages = kind == "idle" ? 0 : 25_600
        let outcome = try await Program([
            "nasm", "-f", "bin", "-D", "PAGES=\(pages)", "-D", "CHUNK=\(rate * 256 / 100)",
            "\(Lab.root)/Examples/lab/guests/touch.asm", "-o", image,
        ]).run()
        try #require(outcome.status == 0, "nasm: \(outcome.said)")
        try #require(truncate(image, 1 << 20) == 0)
    }

    @discardableResult
    private func virsh(_ uri: String, _ words: String...) async throws -> String {
        let outcome = try await Program(["virsh", "-q", "-c", uri] + words).run()
        try #require(outcome.status == 0, "virsh \(words.joined(separator: " ")): \(outcome.said)")
        return outcome.output
    }

    private func definition(_ name: String, _ accelerator: String, _ image: String) -> String {
        """
        <domain type='\(accelerator)'>
          <name>\(name)</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
          <os><type arch='x86_64' machine='pc'>hvm</type></os>
          <cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model></cpu>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw'/><source file='\(image)'/><target dev='vda' bus='virtio'/><readonly/>
            </disk>
            <memballoon model='none'/>
          </devices>
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

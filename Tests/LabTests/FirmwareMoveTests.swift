import LabSupport
import Testing

/// What is neither memory nor disk, and has to arrive all the same.
extension LabTests {
    @Test("an emulated TPM's state travels, there and back", .ownLab)
    func tpm() async throws {
        try await Self.carrying("idle", ["--tpm"]) { guest in
            let uuid = try await guest.virsh(on: "host1", "domuuid", guest.name).output.filter {
                !$0.isWhitespace
            }
            return "/var/lib/libvirt/swtpm/\(uuid)/tpm2/tpm2-00.permall"
        }
    }

    @Test("a UEFI guest's variables travel, there and back", .ownLab)
    func variables() async throws {
        try await Self.carrying("disk", ["--firmware", "uefi", "--disk-on", "shared"]) { guest in
            "/var/lib/libvirt/qemu/nvram/\(guest.name)_VARS.fd"
        }
    }

    /// Moves a guest there and back, and compares a file that its hosts keep for it.
    private static func carrying(
        _ kind: String, _ options: [String], _ file: @Sendable (LabGuest) async throws -> String
    ) async throws {
        let lab = try await Lab.up()
        try await LabGuest.with(kind, options, on: lab) { guest in
            let path = try await file(guest)
            let before = try await Lab.run(on: "host1", "sha256sum < '\(path)'")
            #expect(try await Lab.run(on: "host1", "sha256sum < /usr/share/OVMF/OVMF_VARS_4M.fd") != before)
            for host in ["host2", "host1"] {
                // What a host kept from before must not be taken for what arrives: a UEFI guest's first host has variables as
                // they are before the first start. libvirt itself removes a TPM's state from the host that it left.
                try await Lab.run(
                    on: host, "[ ! -e '\(path)' ] || cp /usr/share/OVMF/OVMF_VARS_4M.fd '\(path)'")
                let move = try await lab.apus("migrate", guest.name, "--to", host, "--json")
                #expect(move.status == 0, "\(move.said)")
                #expect(try await guest.places() == [host: "running"])
                #expect(try await Lab.run(on: host, "sha256sum < '\(path)'") == before)
            }
        }
    }
}

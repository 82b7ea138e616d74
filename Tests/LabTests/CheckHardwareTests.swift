import FoundationEssentials
import Glibc
import LabSupport
import Testing

extension LabTests {
    /// host2 gets another QEMU for a while: a script in its place that starts the true one with less.
    @Test("a QEMU without a feature, without a machine type, or no QEMU at all is named", .ownLab)
    func lesserQEMU() async throws {
        let lab = try await Lab.up()
        let cpu = """
            <cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model>\
            <feature policy='require' name='avx2'/><feature policy='require' name='avx512-4fmaps'/></cpu>
            """
        try await LabGuest.with("idle", ["--accel", "tcg", "--cpu", cpu], on: lab) { guest in
            // TCG plays avx2 and not avx512-4fmaps: the guest runs without the latter on any host.
            let equal = try await lab.check(guest)
            equal.expect(
                "cpu-lacking-on-both", "note", on: "host2", saying: guest.name, "avx512-4fmaps", "host1")
            #expect(equal.blockers.isEmpty)

            try await Lab.with("host2", Self.keepQEMU, mending: Self.restoreQEMU) {
                try await Lab.run(on: "host2", Self.withoutAVX2)
                let slower = try await lab.check(guest)
                slower.expect("cpu-incompatible", on: "host2", saying: guest.name, "avx2", "host1")
                #expect(slower.blockers == ["cpu-incompatible"])
                let compared = try await lab.apus("cpu", "compare", guest.name, "--json")
                #expect(compared.status == 2, "\(compared.said)")
                #expect(compared.output.contains("it lacks avx2"), "\(compared.said)")

                try await Lab.run(on: "host2", Self.withoutMachine)
                try await lab.check(guest)
                    .expect("machine-type-missing", on: "host2", saying: guest.name, "pc-i440fx-")

                try await Lab.run(on: "host2", "chmod 644 /run/apustest/qemu")
                let none = try await lab.check(guest)
                none.expect("emulator-missing", on: "host2", saying: guest.name, "qemu-system-x86_64")
                let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                #expect(move.status == 2, "\(move.said)")
                try CheckAnswer(move).expect("emulator-missing", on: "host2", saying: "qemu-system-x86_64")
                #expect(try await guest.places() == ["host1": "running"])
            }
            #expect(try await lab.check(guest).blockers.isEmpty)
        }
    }

    private static let qemu = "/usr/bin/qemu-system-x86_64"
    /// What libvirt found out about that QEMU.
    private static let known =
        "/var/cache/libvirt/qemu/capabilities/$(printf %s \(qemu) | sha256sum | cut -c1-64).xml"

    /// In /run itself: QEMU finds its modules from its own folder, as ../lib.
    private static let keepQEMU = """
        mkdir /run/apustest; cd /run/apustest; cp -p "\(known)" known.xml; touch /run/true-qemu
        mount --bind \(qemu) /run/true-qemu
        """
    private static let restoreQEMU = """
        umount \(qemu) 2>/dev/null; umount /run/true-qemu
        cp -p /run/apustest/known.xml "\(known)"; rm -rf /run/apustest /run/true-qemu
        """
    /// libvirt examines the script as any QEMU that was updated, and finds that it cannot play avx2.
    private static let withoutAVX2 = """
        cd /run/apustest
        printf '#!/bin/bash\nexec -a \(qemu) /run/true-qemu "$@" -global max-x86_64-cpu.avx2=off\n' >qemu
        chmod 755 qemu; mount --bind qemu \(qemu)
        """
    /// No wrapper can take a machine type out of QEMU: it is taken out of what libvirt knows of it.
    private static let withoutMachine = """
        cd /run/apustest; sleep 1.1; touch qemu
        newest=$(sed -n "s/.*<machine .*name='\\([^']*\\)' alias='pc'.*/\\1/p" known.xml | head -n 1)
        changed=$(stat -c %Z qemu)
        sed -e "s,<qemuctime>.*<,<qemuctime>$changed<," -e "/<machine .*'$newest'/d" known.xml >"\(known)"
        """

    @Test("the processor that fits both hosts is one that libvirt takes, and says what each loses", .lab)
    func cpuBaseline() async throws {
        struct Answer: Decodable {
            struct Result: Decodable {
                struct Baseline: Decodable {
                    struct Loss: Decodable {
                        let host: String
                        let features: [String]
                    }
                    let xml: String
                    let losses: [Loss]
                }
                let baseline: Baseline
            }
            let result: Result
        }
        let lab = try await Lab.up()
        let hosts = try await HostList(lab).names
        let outcome = try await lab.apus(["cpu", "baseline", "--json"] + hosts)
        #expect(outcome.status == 0, "\(outcome.said)")
        let baseline = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8)).result.baseline
        #expect(baseline.losses.map(\.host) == hosts)
        let document = "/tmp/apus-test-\(UInt32.random(in: 0 ... .max)).xml"
        try writeFile(baseline.xml, to: document)
        defer { try? FileManager.default.removeItem(atPath: document) }
        for host in hosts {
            let compared = try await Program([
                "virsh", "-q", "-c", try await HostList(lab).uri(of: host), "hypervisor-cpu-compare",
                document,
            ]).run()
            #expect(compared.status == 0, "\(host): \(compared.said)")
        }
    }

    @Test("moves under way count against the limits of a host", .ownLab)
    func limits() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            try await LabGuest.with("dirty", on: lab) { slow in
                let move = lab.startApus(
                    "migrate", slow.name, "--to", "host2", "--bandwidth", "1MiB/s", "--json")
                for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
                try await Lab.undoing(
                    {
                        try await lab.inventory({ text in
                            text.replacing("  host1:\n", with: "  host1:\n    max-outgoing: 1\n")
                                .replacing("  host2:\n", with: "  host2:\n    max-incoming: 1\n")
                        }) { limited in
                            let answer = try await lab.check(guest, "--inventory", limited)
                            answer.expect("incoming-limit", on: "host2", saying: "max-incoming", "1 guest")
                            answer.expect("outgoing-limit", on: "host1", saying: "max-outgoing", "1 guest")
                            #expect(answer.blockers == ["incoming-limit", "outgoing-limit"])
                        }
                        try await lab.check(slow).expect("guest-busy", on: "host1", saying: slow.name)
                        #expect(try await lab.check(guest).blockers.isEmpty)
                    },
                    by: {
                        await move.send(SIGINT)
                        let outcome = try await move.outcome()
                        #expect(outcome.status == 130, "\(outcome.said)")
                    })
            }
        }
    }
}

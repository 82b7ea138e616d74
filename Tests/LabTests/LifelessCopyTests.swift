import Glibc
import LabSupport
import Testing

extension LabTests {
    @Test(
        "a copy that libvirt holds without a QEMU is left to a person, who is told how; the guest runs on",
        .ownLab)
    func lifelessCopy() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", on: lab) { guest in
            let move = lab.startApus(
                "migrate", guest.name, "--to", "host2", "--json", "--bandwidth", "1MiB/s")
            for await line in move.errorLines where line.contains("\"phase\":\"pre-copy\"") { break }
            await move.send(SIGKILL)
            _ = try await move.outcome()
            try await guest.require("domjobabort", guest.name)
            #expect(try await guest.settledPlace().host == "host1")
            try await guest.holdLifelessCopy(on: "host2")

            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 3, "\(repair.said)")
            #expect(repair.said.contains("holds it without a QEMU"), "\(repair.said)")
            #expect(repair.said.contains(guest.wayOut), "\(repair.said)")
            #expect(try await guest.places() == ["host1": "running", "host2": "paused"])

            try await guest.forgetLifelessCopy(on: "host2")
            let again = try await lab.apus("repair", guest.name)
            #expect(again.status == 0, "\(again.said)")
            #expect(try await guest.places() == ["host1": "running"])
        }
    }
}

extension LabGuest {
    private var statusFile: String { "/run/libvirt/qemu/\(name).xml" }

    /// What a libvirtd leaves that is killed while it starts an incoming guest, made from the source's status file.
    fileprivate func holdLifelessCopy(on host: String) async throws {
        // All hosts of the lab share this folder.
        let status = "/tmp/apus-test-status-\(getpid()).xml"
        try await Lab.run(
            on: "host1",
            """
            job="<job type='none' async='migration in' phase='prepare' flags='0x1b' asyncStarted='1'/>"
            sed "s|^<domstatus .*|<domstatus state='paused' reason='starting up' pid='0'>$job|" \\
                \(statusFile) >\(status)
            """)
        try await restartLibvirt(on: host, "mv \(status) \(statusFile)")
    }

    fileprivate var wayOut: String { "sed -i \"s/ pid='0'/ pid='4194305'/\" \(statusFile)" }

    /// What apus tells a person to do about it.
    func forgetLifelessCopy(on host: String) async throws {
        try await restartLibvirt(on: host, wayOut)
    }

    private func restartLibvirt(on host: String, _ meanwhile: String) async throws {
        try await Lab.run(
            on: host,
            """
            pid=$(cat /run/libvirtd.pid) && kill -9 $pid
            while kill -0 $pid 2>/dev/null; do :; done
            \(meanwhile)
            """)
        try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
    }
}

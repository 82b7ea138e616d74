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
            async let killed: Void = guest.killLibvirtStarting(on: "host2")
            let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
            try await killed
            #expect(move.status != 0, "\(move.said)")
            #expect(try await guest.places() == ["host1": "running", "host2": "paused"])

            let repair = try await lab.apus("repair", guest.name)
            #expect(repair.status == 3, "\(repair.said)")
            #expect(repair.said.contains("holds it without a QEMU"), "\(repair.said)")
            #expect(repair.said.contains(guest.wayOut), "\(repair.said)")
            #expect(try await guest.places() == ["host1": "running", "host2": "paused"])

            try await guest.forgetLifelessCopy(on: "host2")
            let again = try await lab.apus("repair", guest.name)
            #expect(again.status == 0, "\(again.said)")
            #expect(try await guest.places() == ["host1": "running"])
            let left = try await Lab.run(on: "host2", "ls -d \(guest.folder) || true")
            #expect(left.isEmpty, "\(left)")
        }
    }
}

extension LabGuest {
    /// What libvirt keeps of it while it runs.
    var folder: String { "/var/lib/libvirt/qemu/*-\(name)" }

    /// Kills libvirtd between the guest's first status file and its process, and starts it again.
    ///
    /// There are some 3 ms from the one to the other: strace holds libvirtd there for 2 s.
    fileprivate func killLibvirtStarting(on host: String) async throws {
        try await Lab.run(
            on: host,
            """
            pid=$(cat /run/libvirtd.pid)
            strace -f -qq -o /dev/null -e trace=rename -e inject=rename:delay_exit=2000000:when=1 -p $pid 2>/dev/null &
            until [ -e "/run/libvirt/qemu/\(name).xml" ]; do ((SECONDS < 60)) || exit 1; sleep 0.02; done
            kill -9 $pid
            wait
            """)
        try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
    }

    fileprivate var wayOut: String { "sed -i \"s/ pid='0'/ pid='4194305'/\" '/run/libvirt/qemu/\(name).xml'" }

    /// What apus tells a person to do about it.
    func forgetLifelessCopy(on host: String) async throws {
        try await Lab.run(
            on: host,
            """
            \(wayOut)
            pid=$(cat /run/libvirtd.pid) && kill $pid && timeout 30 tail --pid=$pid -s 0.1 -f /dev/null
            """)
        try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
    }
}

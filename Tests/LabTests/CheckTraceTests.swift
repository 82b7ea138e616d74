import LabSupport
import Testing

/// When a check is stopped: as soon as something of its making is seen on a host.
struct Moment: CustomTestStringConvertible {
    let testDescription: String
    let host: String
    let path: String
    /// `KILL` or `INT`.
    let signal: String
}

extension LabTests {
    @Test("a check leaves no trace of itself on either host", .ownLab)
    func noTrace() async throws {
        let lab = try await Lab.up()
        try await Self.withProbedGuest(lab) { guest in
            let before = try await Self.traces(of: guest)
            for _ in 1...2 { _ = try await lab.check(guest) }
            let sampled = try await lab.apus("check", guest.name, "--to", "host2")
            #expect(sampled.status == 2, "\(sampled.said)")
            let planned = try await lab.apus("plan", guest.name, "--to", "host2")
            #expect(planned.status == 2, "\(planned.said)")
            try await Self.expectTraces(of: guest, before)
        }
    }

    @Test(
        "a check that is stopped in the middle leaves nothing, or nothing that the next one does not remove",
        .ownLab,
        arguments: [
            Moment(
                testDescription: "killed with a pool on the source", host: "host1",
                path: "/run/libvirt/storage/apus-probe-*", signal: "KILL"),
            Moment(
                testDescription: "killed with a file in a folder", host: "host1",
                path: "/srv/apus-test/apus-probe-*", signal: "KILL"),
            Moment(
                testDescription: "killed with a file on shared storage", host: "host1",
                path: "/srv/shared/apus-probe-*", signal: "KILL"),
            Moment(
                testDescription: "killed with a pool on the destination", host: "host2",
                path: "/run/libvirt/storage/apus-probe-*", signal: "KILL"),
            Moment(
                testDescription: "interrupted with a file in a folder", host: "host1",
                path: "/srv/apus-test/apus-probe-*", signal: "INT"),
            Moment(
                testDescription: "interrupted with a pool on the destination", host: "host2",
                path: "/run/libvirt/storage/apus-probe-*", signal: "INT"),
        ])
    func stoppedInTheMiddle(moment: Moment) async throws {
        let lab = try await Lab.up()
        try await Self.withProbedGuest(lab) { guest in
            let before = try await Self.traces(of: guest)
            // The watcher runs on the host itself, ahead of the check: the moment is short.
            let watch =
                "read -r pid; while kill -0 $pid 2>/dev/null; do compgen -G '\(moment.path)' >/dev/null && "
                + "{ kill -\(moment.signal) $pid; break; }; done"
            let script = """
                coproc WATCH { "$@" bash -c "echo ready; \(watch.replacing("$", with: "\\$"))"; }
                read -r ready <&${WATCH[0]}; exec 9>&${WATCH[1]}
                "$APUS" check \(guest.name) --to host2 --quick &
                echo $! >&9
                wait $!
                """
            let stopped = try await Program(
                ["bash", "-c", script, "bash"] + Lab.words(on: moment.host),
                environment: Lab.environment.merging(lab.apusEnvironment) { $1 }
                    .merging(["APUS": Lab.apusPath]) { $1 }
            ).run()
            if moment.signal == "INT" {
                #expect(stopped.status == 130, "\(stopped.said)")
                #expect(stopped.error.contains("[interrupted]"), "\(stopped.said)")
            } else {
                #expect(stopped.status == 137, "\(stopped.said)")
                #expect(
                    try await Self.traces(of: guest) != before, "it was killed where nothing was to clean up")
                _ = try await lab.check(guest)
            }
            try await Self.expectTraces(of: guest, before)
        }
    }

    /// A guest with a disk on shared storage and one in a folder of that name on each host, of which there is
    /// no pool: all that a probe creates is created.
    private static func withProbedGuest(
        _ lab: Lab, _ body: @Sendable (LabGuest) async throws -> Void
    ) async throws {
        let make = "mkdir /srv/apus-test && truncate -s 1M /srv/apus-test/a.img"
        let remove = "rm -rf /srv/apus-test /srv/shared/t.img"
        try await Lab.with("host1", "\(make); truncate -s 1M /srv/shared/t.img", mending: remove) {
            try await Lab.with("host2", make, mending: remove) {
                let disks = Device.file("/srv/apus-test/a.img") + Device.file("/srv/shared/t.img", "vdc")
                try await LabGuest.with("idle", disks, on: lab) { guest in
                    // A check lets the destination's pool look again; what it sees then is no trace.
                    for host in ["host1", "host2"] {
                        try await Lab.run(on: host, "virsh -q pool-refresh shared")
                    }
                    try await body(guest)
                }
            }
        }
    }

    private static func expectTraces(
        of guest: LabGuest, _ before: [Substring], at location: SourceLocation = #_sourceLocation
    ) async throws {
        let difference = try await traces(of: guest).difference(from: before)
        #expect(difference.isEmpty, "\(difference.map { $0 })", sourceLocation: location)
    }

    /// Everything on both hosts that a check could leave something in.
    private static func traces(of guest: LabGuest) async throws -> [Substring] {
        var seen = ""
        for host in ["host1", "host2"] {
            // Folders change their time when a probe comes and goes; their files must not.
            seen += try await Lab.run(
                on: host,
                """
                virsh -q list --all; virsh -q dumpxml \(guest.name) 2>/dev/null
                virsh -q pool-list --all | tr -s ' '
                for pool in $(virsh -q pool-list --name); do virsh -q vol-list "$pool" | tr -s " "; done
                find /srv/shared /srv/apus-test /var/lib/libvirt/images /var/lib/libvirt/qemu /etc/libvirt \
                    /run/libvirt/storage -path '*/.glusterfs' -prune -o -type f -printf '%p %s %T@\n' | sort
                """)
        }
        return seen.split(separator: "\n")
    }
}

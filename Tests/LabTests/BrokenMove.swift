import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// A guest of the lab's that is moved from host1 to host2 while something breaks.
struct BrokenMove: Sendable {
    private static let hosts = ["host1", "host2"]

    let guest: LabGuest
    private let lab: Lab
    private let kind: Fault.Kind
    private let downtime: String
    /// The guest's own disk, where it has one; the same path on both hosts.
    private let disk: String?

    /// Lends a guest that fits the row, on a link that is slow enough to strike each phase.
    static func with(
        _ row: Fault, on lab: Lab, _ body: @Sendable (BrokenMove) async throws -> Void
    ) async throws {
        let disk = row.kind == .disk ? "/var/lib/libvirt/images/broken\(getpid()).raw" : nil
        try await Lab.undoing {
            // It carries 35 MiB/s: rounds that shrink slowly, and a switchover that lasts where it may. In post-copy what is
            // left is pulled for seconds.
            try await Lab.require("link", "--rate", row.kind == .postCopy ? "100mbit" : "300mbit")
            if let disk { try await makeDisk(disk) }
            let options = ["--dirty-size", "24", "--dirty-rate", "22", "--memory", "64"] + device(disk)
            try await LabGuest.with("dirty", options, on: lab) { guest in
                try await body(
                    BrokenMove(
                        guest: guest, lab: lab, kind: row.kind,
                        downtime: row.phase == .switchover ? "1s" : "50ms", disk: disk))
            }
        } by: {
            try await Lab.require("link", "--rate", "none")
            // A daemon that was killed is there again, whatever happened.
            try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
            if let disk {
                try await Lab.run(on: "host1", "rm -f \(content)")
                for host in hosts {
                    try await Lab.run(on: host, "rm -f \(disk)")
                    try await Lab.require("room", host, "--remove")
                }
            }
        }
    }

    /// What moves it.
    var words: [String] {
        let options: [String] =
            switch kind {
            case .memory: ["--no-postcopy"]
            case .disk: []
            case .postCopy: ["--strategy", "post-copy"]
            }
        return ["migrate", guest.name, "--to", "host2", "--json", "--downtime", downtime] + options
    }

    /// Waits until the move says that it is in a phase.
    ///
    /// - Returns: `false` when it ended before.
    func await(_ phase: Fault.Phase, of move: RunningProgram) async -> Bool {
        for await line in move.errorLines where isIn(phase, line) { return true }
        return false
    }

    private func isIn(_ phase: Fault.Phase, _ line: String) -> Bool {
        guard phase == .laterRound else { return line.contains(#""phase":"\#(phase.rawValue)""#) }
        return line.contains(#""phase":"pre-copy""#)
            && ["0", "1"].allSatisfy { !line.contains(#""round":\#($0),"#) }
    }

    // MARK: Breaking and mending

    /// Breaks it, and mends what passes by itself.
    func strike(_ what: Fault.What, _ move: RunningProgram) async throws {
        switch what {
        case .apus(let signal):
            await move.send(signal)
            guard signal == SIGSTOP else { return }
            try await Task.sleep(for: .seconds(2))
            await move.send(SIGCONT)
        case .libvirtd(let place, let signal):
            try await send(signal, to: "/run/libvirtd.pid", on: place)
            guard signal == SIGKILL else { return }
            if place == .destination { try await takeAwayUnknownFolder() }
            try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
        case .qemu(let place, let signal):
            try await send(signal, to: "/run/libvirt/qemu/\(guest.name).pid", on: place)
        case .cut(let way, let seconds):
            try await Lab.require("link", "--cut", "host2\(way)")
            try await Task.sleep(for: .seconds(seconds))
            try await Lab.require("link", "--mend", "host2")
        case .full: try await Lab.require("fill", "host2")
        case .outOfMemory: try await Lab.require("memory", "host2", "--limit", "2")
        }
    }

    /// Mends what does not pass by itself.
    func mend(_ what: Fault.What) async throws {
        switch what {
        case .full: try await Lab.require("fill", "host2", "--free")
        case .outOfMemory: try await Lab.require("memory", "host2", "--free")
        default: break
        }
    }

    /// libvirt makes a guest's folder before it writes down that there is one: after a kill between the two no libvirtd
    /// ever knows of it.
    private func takeAwayUnknownFolder() async throws {
        try await Lab.run(
            on: "host2", "test -e /run/libvirt/qemu/\(guest.name).xml || rm -rf \(guest.folder)")
    }

    /// A stopped process goes on after two seconds.
    private func send(_ signal: Int32, to pidFile: String, on place: Fault.Place) async throws {
        try await Lab.run(
            on: place.rawValue,
            """
            pid=$(cat \(pidFile)) && kill -\(signal) $pid
            if [ \(signal) = \(SIGSTOP) ]; then sleep 2; kill -CONT $pid; fi
            """)
    }

    // MARK: What became of it

    /// Exactly one QEMU has it and runs it, both libvirts say so, its memory and its disk are whole, and no trace of
    /// the move is left.
    func expectRunningOnce(_ story: String) async throws {
        let place = try await guest.settledPlace(within: .seconds(90))
        #expect(place.state == "running", "\(story)")
        #expect(try await guest.places() == [place.host: "running"], "\(story)")
        #expect(try await copies() == 1, "\(story)")
        try await expectWholeMemory(on: place.host)
        try await expectNothingLeft(besides: place.host)
    }

    /// It was ended by the fault, and is defined once.
    func expectEnded() async throws {
        #expect(try await copies() == 0)
        let places = try await guest.places()
        #expect(places.count == 1 && places.values.allSatisfy { $0 == "shut-off" }, "\(places)")
        try await expectNothingLeft(besides: places.keys.first ?? "")
    }

    private func copies() async throws -> Int {
        // The brackets keep the search from finding itself.
        let found = try await Lab.run(
            on: "host1",
            "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c 'gues[t]=\(guest.name),' || true")
        return try #require(Int(found.filter(\.isNumber)))
    }

    /// Two more passes over its memory: one that was under way, and one that has read all of it. It writes a dot for
    /// each, and something else for a page that is not whole, or when it has started again.
    private func expectWholeMemory(on host: String) async throws {
        let log = "/var/log/libvirt/qemu/\(guest.name).serial"
        let before = try await Lab.run(on: host, "cat \(log)").count
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while try await Lab.run(on: host, "cat \(log)").count < before + 2 {
            try #require(ContinuousClock.now < deadline, "it does not run on")
        }
        var passes = ""
        for host in Self.hosts { passes += try await Lab.run(on: host, "cat \(log) 2>/dev/null || true") }
        #expect(
            passes.filter { $0 == "R" }.count == 1 && passes.allSatisfy { "R.".contains($0) }, "\(passes)")
    }

    private func expectNothingLeft(besides home: String) async throws {
        for host in Self.hosts where host != home {
            let left = try await Lab.run(
                on: host, "ls -d /run/libvirt/qemu/\(guest.name).* \(guest.folder) || true")
            #expect(left.isEmpty, "left on \(host): \(left)")
        }
        let journal = "\(try #require(lab.apusEnvironment["APUS_STATE"]))/apus.sqlite"
        let rows = try await Program([
            "sqlite3", journal,
            "SELECT run FROM undo UNION ALL SELECT move FROM reservation "
                + "UNION ALL SELECT id FROM move WHERE outcome = 'open' AND guest_name = '\(guest.name)'",
        ]).run()
        #expect(rows.status == 0 && rows.output.isEmpty, "left in the journal: \(rows.said)")
        guard let disk else { return }
        try await Lab.run(on: home, "qemu-img compare -U -f raw -F raw \(Self.content) \(disk)")
        // The source's image is kept; the destination has one only with the guest.
        if home == "host1" { try await Lab.run(on: "host2", "test ! -e \(disk)") }
    }

    // MARK: Its disk

    /// What is on it; all hosts of the lab share this folder.
    private static let content = "/tmp/apus-test-disk-\(getpid()).raw"

    private static func makeDisk(_ path: String) async throws {
        for host in hosts { try await Lab.require("room", host, "--size", "64M") }
        try await Lab.run(on: "host1", "head -c 16M /dev/urandom >\(content) && cp \(content) \(path)")
    }

    private static func device(_ path: String?) -> [String] {
        guard let path else { return [] }
        return [
            "--device",
            "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='\(path)'/>"
                + "<target dev='vdb' bus='virtio'/></disk>",
        ]
    }
}

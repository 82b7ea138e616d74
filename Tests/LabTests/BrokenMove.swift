import FoundationEssentials
import Glibc
import LabSupport
import Testing

/// A guest of the lab's that is moved from host1 to host2 while something breaks.
struct BrokenMove: Sendable {
    static let hosts = ["host1", "host2"]

    let guest: LabGuest
    let lab: Lab
    private let row: Fault
    /// The pattern guest's own disk, where it has one; the same path on both hosts.
    let disk: String?
    /// The last record that was on the disk before the move; `nil` for a guest that writes none.
    let lastRecord: Int?

    /// Lends a guest that fits the row, on a link that is slow enough to strike each phase.
    static func with(
        _ row: Fault, on lab: Lab, _ body: @Sendable (BrokenMove) async throws -> Void
    ) async throws {
        let disk =
            row.kind == .disk && row.guest == .pattern
            ? "/var/lib/libvirt/images/broken\(getpid()).raw" : nil
        try await Lab.undoing {
            // It carries 35 MiB/s: rounds that shrink slowly, and a switchover that lasts where it may. In post-copy what is
            // left is pulled for seconds.
            try await Lab.require("link", "--rate", row.kind == .postCopy ? "100mbit" : "300mbit")
            if let disk { try await makeDisk(disk) }
            let (kind, options) = words(for: row, disk)
            try await LabGuest.with(kind, options, on: lab) { guest in
                try await body(
                    BrokenMove(
                        guest: guest, lab: lab, row: row, disk: disk,
                        lastRecord: row.guest == .records ? records(of: guest) : nil))
            }
        } by: {
            try await Lab.require("link", "--rate", "none")
            // A daemon that was killed is there again, whatever happened.
            try await Lab.require("up", "--hosts", "2", "--shared", "gluster")
            if let disk { try await removeDisk(disk) }
        }
    }

    /// The guest's kind, and its options.
    private static func words(for row: Fault, _ disk: String?) -> (kind: String, options: [String]) {
        switch row.guest {
        case .pattern:
            ("dirty", ["--dirty-size", "24", "--dirty-rate", "22", "--memory", "64"] + device(disk))
        // It fills little of its memory, and what says so of each page takes a second at 1 MiB/s.
        case .records:
            (
                "disk",
                [
                    "--memory", "512", "--disk-size", "16M", "--disk-on",
                    row.kind == .disk ? "local" : "shared",
                ]
            )
        }
    }

    /// What moves it.
    var words: [String] {
        let options: [String] =
            switch row.kind {
            case .memory: ["--no-postcopy"]
            case .disk: []
            case .postCopy: ["--strategy", "post-copy"]
            }
        return ["migrate", guest.name, "--to", "host2", "--json"] + options
            + ["--downtime", row.phase == .switchover ? "1s" : "50ms"]
            + (row.guest == .records ? ["--bandwidth", "1MiB/s"] : [])
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
}

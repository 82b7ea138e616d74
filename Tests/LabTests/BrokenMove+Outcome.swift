import Glibc
import LabSupport
import Testing

/// What became of a guest whose move was broken, and of its disk.
extension BrokenMove {
    /// Exactly one QEMU has it and runs it, both libvirts say so, its memory and its disk are whole, and no trace of
    /// the move is left.
    func expectRunningOnce(_ story: String) async throws {
        let place = try await guest.settledPlace(within: .seconds(90))
        #expect(place.state == "running", "\(story)")
        #expect(try await guest.places() == [place.host: "running"], "\(story)")
        #expect(try await copies() == 1, "\(story)")
        if let lastRecord {
            try await expectWholeRecords(since: lastRecord)
        } else {
            try await expectWholeMemory(on: place.host)
        }
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
        try await expectSerial("R.")
    }

    /// It began once, and wrote nothing else to its serial port.
    private func expectSerial(_ letters: String) async throws {
        let log = "/var/log/libvirt/qemu/\(guest.name).serial"
        var said = ""
        for host in Self.hosts { said += try await Lab.run(on: host, "cat \(log) 2>/dev/null || true") }
        #expect(said.count { $0 == "R" } == 1 && said.allSatisfy { letters.contains($0) }, "\(said)")
    }

    /// No record is missing, torn or taken back, none could not be written, and it goes on writing.
    private func expectWholeRecords(since before: Int) async throws {
        let first = try await Self.records(of: guest)
        #expect(first >= before)
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while try await Self.records(of: guest) <= first {
            try #require(ContinuousClock.now < deadline, "it writes no more records after \(first)")
        }
        try await expectSerial("R")
    }

    /// The last record on its disk; all of them have to be whole.
    static func records(of guest: LabGuest) async throws -> Int {
        let outcome = try await Lab.command(["guest", "records", guest.name])
        #expect(outcome.status == 0, "\(outcome.said)")
        let last = outcome.output.split(separator: " ").first { $0.hasPrefix("last=") }
        return try #require(last.flatMap { Int($0.dropFirst("last=".count)) }, "\(outcome.said)")
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

    static func makeDisk(_ path: String) async throws {
        for host in hosts { try await Lab.require("room", host, "--size", "64M") }
        try await Lab.run(on: "host1", "head -c 16M /dev/urandom >\(content) && cp \(content) \(path)")
    }

    static func removeDisk(_ path: String) async throws {
        try await Lab.run(on: "host1", "rm -f \(content)")
        for host in hosts {
            try await Lab.run(on: host, "rm -f \(path)")
            try await Lab.require("room", host, "--remove")
        }
    }

    static func device(_ path: String?) -> [String] {
        guard let path else { return [] }
        return [
            "--device",
            "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none'/><source file='\(path)'/>"
                + "<target dev='vdb' bus='virtio'/></disk>",
        ]
    }
}

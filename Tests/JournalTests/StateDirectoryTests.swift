import FleetModel
import Foundation
import Testing

@testable import Journal

@Suite("Where the journal lies")
struct StateDirectoryTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var explicit: String?
        var isRoot = false
        var environment: [String: String] = [:]
        let expected: String
    }

    @Test(
        "is decided in this order",
        arguments: [
            Row(
                testDescription: "what was asked for", explicit: "/x", isRoot: true,
                environment: ["APUS_STATE": "/y"], expected: "/x"),
            Row(
                testDescription: "APUS_STATE", isRoot: true,
                environment: ["APUS_STATE": "/y", "HOME": "/root"],
                expected: "/y"),
            Row(
                testDescription: "root's own place", isRoot: true,
                environment: ["APUS_STATE": "", "XDG_STATE_HOME": "/z", "HOME": "/root"],
                expected: "/var/lib/apus"),
            Row(
                testDescription: "XDG_STATE_HOME", environment: ["XDG_STATE_HOME": "/z", "HOME": "/home/u"],
                expected: "/z/apus"),
            Row(
                testDescription: "a relative XDG_STATE_HOME does not count",
                environment: ["XDG_STATE_HOME": "z", "HOME": "/home/u"], expected: "/home/u/.local/state/apus"
            ),
            Row(
                testDescription: "the home directory", environment: ["HOME": "/home/u"],
                expected: "/home/u/.local/state/apus"),
            Row(testDescription: "no home at all", expected: "/var/lib/apus"),
        ])
    func order(row: Row) {
        let found = Journal.defaultDirectory(explicit: row.explicit, isRoot: row.isRoot) {
            row.environment[$0]
        }
        #expect(found == row.expected)
    }

    @Test("the directory is made with those above it, for this user alone; a second look changes nothing")
    func making() throws {
        let place = try Place()
        let directory = "\(place.path)/state/apus"
        #expect(try Journal.openReadOnly(directory: directory) == nil)
        #expect(!FileManager.default.fileExists(atPath: "\(place.path)/state"))
        let journal = try Journal.open(directory: directory)
        #expect(journal.path == "\(directory)/apus.sqlite")
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(directory) == 0o700)
        #expect(try mode("\(place.path)/state") == 0o700)
        try journal.begin(.sample("a1"))
        for suffix in ["", "-wal", "-shm"] { #expect(try mode(journal.path + suffix) == 0o600) }
    }

    @Test("a name with characters that mean something in a URI is still a name", .root)
    func strangeName() throws {
        let place = try Place(mebibytes: 2)
        let directory = "\(place.path)/100%41 ?mode=memory#ü"
        try Journal.open(directory: directory).begin(.sample("a1"))
        #expect(FileManager.default.fileExists(atPath: "\(directory)/apus.sqlite"))
        try place.makeReadOnly()
        #expect(
            try Journal.openReadOnly(directory: directory)?.moves(guest: nil, limit: 1) == [.sample("a1")])
    }
}

import CLibvirt
import Testing

@testable import Libvirt

@Suite("A snapshot", .timeLimit(.minutes(1)))
struct SnapshotTests {
    /// Makes snapshots of the running domain, each upon the one before.
    private func snapshot(_ names: String..., on connection: Connection) async throws {
        try await connection.ask { domain in
            for name in names {
                let document = "<domainsnapshot><name>\(name)</name></domainsnapshot>"
                let made = try #require(virDomainSnapshotCreateXML(domain.raw, document, 0))
                virDomainSnapshotFree(made)
            }
        }
    }

    /// Goes back to a snapshot, so that the next one is made upon it.
    private func revert(to name: String, on connection: Connection) async throws {
        try await connection.ask { domain in
            let found = try #require(virDomainSnapshotLookupByName(domain.raw, name, 0))
            #expect(virDomainRevertToSnapshot(found, 0) == 0)
            virDomainSnapshotFree(found)
        }
    }

    /// a ← b ← c and a ← d, which is the current one.
    private func tree() async throws -> Connection {
        let connection = try await TestDriver.open()
        try await snapshot("a", "b", "c", on: connection)
        try await revert(to: "a", on: connection)
        try await snapshot("d", on: connection)
        return connection
    }

    private func list(_ connection: Connection) async throws -> [Snapshot] {
        try await connection.ask { try $0.snapshots() }.sorted { $0.name < $1.name }
    }

    private let whole = [
        Snapshot(name: "a", parent: nil, isCurrent: false),
        Snapshot(name: "b", parent: "a", isCurrent: false),
        Snapshot(name: "c", parent: "b", isCurrent: false), Snapshot(name: "d", parent: "a", isCurrent: true),
    ]

    @Test("is listed with its parent, and with whether it is current")
    func listing() async throws {
        let connection = try await tree()
        #expect(try await list(connection) == whole)
        #expect(try await connection.ask { try $0.snapshotCount() } == 4)
        #expect(try await connection.ask(.name("shut-off")) { try $0.snapshots() } == [])
    }

    @Test("goes to another host as metadata: the tree is the same there")
    func travel() async throws {
        let (source, destination) = (try await tree(), try await TestDriver.open())
        let documents = try await source.ask { domain in
            try domain.snapshots().parentsFirst.map { ($0, try domain.snapshotDocument(named: $0.name)) }
        }
        #expect(documents.allSatisfy { $1.hasSecrets })
        try await destination.ask { domain in
            for (snapshot, document) in documents {
                try domain.redefineSnapshot(document.xml, isCurrent: snapshot.isCurrent)
            }
        }
        #expect(try await list(destination) == whole)
        let after = try await destination.ask { try $0.snapshotDocument(named: "c") }
        #expect(after == documents.first { $0.0.name == "c" }?.1)
    }

    @Test("made known twice is there once")
    func twice() async throws {
        let connection = try await tree()
        try await connection.ask { domain in
            let document = try domain.snapshotDocument(named: "d")
            try domain.redefineSnapshot(document.xml, isCurrent: true)
        }
        #expect(try await list(connection) == whole)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: LibvirtError.Code
        let operation: String
        let call: @Sendable (borrowing DomainHandle) throws -> Void
    }

    @Test(
        "is an error",
        arguments: [
            Refusal(
                testDescription: "to read when it is not there", code: .noSnapshot,
                operation: "find the snapshot ghost"
            ) { _ = try $0.snapshotDocument(named: "ghost") },
            Refusal(
                testDescription: "to forget when it is not there", code: .noSnapshot,
                operation: "find the snapshot ghost"
            ) { try $0.forgetSnapshot(named: "ghost") },
            // LabTests do it with QEMU: the test driver of libvirt 9.0.0 would delete the data as well.
            Refusal(
                testDescription: "to forget in a driver that cannot", code: .invalidArgument,
                operation: "forget a snapshot"
            ) { try $0.forgetSnapshot(named: "d") },
            Refusal(
                testDescription: "to make known from a broken document", code: .xmlMalformed,
                operation: "make a snapshot known again"
            ) { try $0.redefineSnapshot("<domainsnapshot>", isCurrent: false) },
        ])
    func refused(row: Refusal) async throws {
        let connection = try await tree()
        let error = await #expect(throws: LibvirtError.self) { try await connection.ask { try row.call($0) } }
        #expect(error?.code == row.code, "\(String(describing: error))")
        #expect(error?.operation == row.operation)
        #expect(try await list(connection) == whole)
    }

    @Test("cannot be made known before its parent")
    func orphan() async throws {
        let (source, destination) = (try await tree(), try await TestDriver.open())
        let document = try await source.ask { try $0.snapshotDocument(named: "c") }
        await #expect(throws: LibvirtError.self) {
            try await destination.ask { try $0.redefineSnapshot(document.xml, isCurrent: false) }
        }
        #expect(try await list(destination) == [])
    }
}

@Suite("The order of snapshots", .timeLimit(.minutes(1)))
struct SnapshotOrderTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// `name<parent`, or `name` alone.
        let given: String
        let ordered: String
    }

    @Test(
        "is parents first",
        arguments: [
            Row(testDescription: "none", given: "", ordered: ""),
            Row(testDescription: "one", given: "a", ordered: "a"),
            Row(testDescription: "in order already", given: "a b<a c<b", ordered: "a b c"),
            Row(testDescription: "backwards", given: "c<b b<a a", ordered: "a b c"),
            Row(testDescription: "a tree", given: "e<b d<a c<b b<a a", ordered: "a d b e c"),
            Row(testDescription: "two beginnings keep their order", given: "y x b<y a<x", ordered: "y b x a"),
            Row(testDescription: "a parent that is not there", given: "b<a c<b", ordered: "b c"),
            Row(testDescription: "a circle", given: "a<b b<a c", ordered: "c a b"),
            Row(testDescription: "one upon itself", given: "a<a b<a", ordered: "a b"),
        ])
    func order(row: Row) {
        let given = row.given.split(separator: " ").map { word in
            let parts = word.split(separator: "<").map(String.init)
            return Snapshot(name: parts[0], parent: parts.count > 1 ? parts[1] : nil, isCurrent: false)
        }
        #expect(given.parentsFirst.map(\.name).joined(separator: " ") == row.ordered)
    }
}

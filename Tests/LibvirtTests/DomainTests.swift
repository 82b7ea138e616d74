import Testing

@testable import Libvirt

@Suite("A domain", .timeLimit(.minutes(1)))
struct DomainTests {
    @Test("is listed with its size, its state and whether it lasts")
    func listing() async throws {
        let domains = try await TestDriver.open().domains()
        let byName = Dictionary(uniqueKeysWithValues: domains.map { ($0.name, $0) })
        // The test driver's guests work as the clock goes.
        func worked(_ name: String) -> UInt64 { byName[name]?.processorTime ?? 0 }
        #expect(worked("running") > 0)
        #expect(
            byName == [
                "running": DomainSummary(
                    name: "running", uuid: TestDriver.running, id: 1, state: DomainState(raw: 1, reason: 0),
                    memoryBytes: 2 << 30, vcpus: 2, processorTime: worked("running"), isPersistent: true,
                    hasManagedSave: false, job: nil),
                "shut-off": DomainSummary(
                    name: "shut-off", uuid: TestDriver.shutOff, id: nil,
                    state: DomainState(raw: 5, reason: 0), memoryBytes: 1 << 30, vcpus: 1,
                    processorTime: worked("shut-off"),
                    isPersistent: true, hasManagedSave: true, job: nil),
                "paused": DomainSummary(
                    name: "paused", uuid: TestDriver.paused, id: 2, state: DomainState(raw: 3, reason: 0),
                    memoryBytes: 1 << 30, vcpus: 4, processorTime: worked("paused"), isPersistent: false,
                    hasManagedSave: false, job: nil),
            ])
    }

    struct Lookup: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reference: DomainReference
        var code: LibvirtError.Code = .noError
    }

    @Test(
        "is found",
        arguments: [
            Lookup(testDescription: "by name", reference: .name("running")),
            Lookup(testDescription: "by UUID", reference: .uuid(TestDriver.running)),
            Lookup(testDescription: "by UUID in capitals", reference: .uuid(TestDriver.running.uppercased())),
            Lookup(testDescription: "by number", reference: .id(1)),
        ])
    func found(row: Lookup) async throws {
        let connection = try await TestDriver.open()
        #expect(try await connection.ask(row.reference) { try $0.name() } == "running")
        #expect(try await connection.ask(row.reference) { try $0.uuid() } == TestDriver.running)
    }

    @Test(
        "that is not there is an error with the name of what was sought",
        arguments: [
            Lookup(testDescription: "by name", reference: .name("ghost"), code: .noDomain),
            Lookup(
                testDescription: "by UUID", reference: .uuid("00000000-0000-0000-0000-000000000001"),
                code: .noDomain),
            Lookup(testDescription: "by what is no UUID", reference: .uuid("ghost"), code: .invalidArgument),
            Lookup(testDescription: "by number", reference: .id(4711), code: .noDomain),
        ])
    func unknown(row: Lookup) async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask(row.reference) { try $0.name() }
        }
        #expect(error?.code == row.code)
        #expect(error?.operation == "find the guest \(row.reference) on \(connection.uri)")
        #expect(error?.message.isEmpty == false)
    }

    @Test(
        "is spelled as it was given",
        arguments: [
            (.name("web"), "web"), (.uuid(TestDriver.running), TestDriver.running), (.id(7), "id 7"),
        ] as [(DomainReference, String)])
    func spelling(reference: DomainReference, text: String) {
        #expect("\(reference)" == text)
    }

    @Test("hands its document over, with the running number only where it runs")
    func xml() async throws {
        let connection = try await TestDriver.open()
        let live = try await connection.ask { try $0.xml(.live) }
        let inactive = try await connection.ask { try $0.xml(.inactive) }
        let migratable = try await connection.ask { try $0.xml(.migratable) }
        #expect(live.hasPrefix("<domain type='test' id='1'>"))
        #expect(inactive.hasPrefix("<domain type='test'>"))
        #expect(migratable.hasPrefix("<domain type='test' id='1'>"))
        for document in [live, inactive, migratable] {
            #expect(document.contains("<uuid>\(TestDriver.running)</uuid>"))
        }
    }

    @Test("asks for the document that was meant")
    func documentFlags() {
        #expect(DomainHandle.Document.live.flags == 0)
        #expect(DomainHandle.Document.inactive.flags == 1 << 1)
        #expect(DomainHandle.Document.migratable.flags == 1 << 3)
    }

    @Test("says whether it is persistent and whether it was saved")
    func persistence() async throws {
        let connection = try await TestDriver.open()
        #expect(try await connection.ask(.name("shut-off")) { try $0.isPersistent() })
        #expect(try await connection.ask(.name("shut-off")) { try $0.hasManagedSave() })
        #expect(try await !connection.ask(.name("paused")) { try $0.isPersistent() })
        #expect(try await !connection.ask(.name("paused")) { try $0.hasManagedSave() })
    }

    @Test("is not defined from a broken document")
    func define() async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.define("<domain type='test'><name>broken</name>")
        }
        #expect(error?.operation == "define a guest on \(connection.uri)")
        #expect(try await connection.domains().count == 3)
    }
}

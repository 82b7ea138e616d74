import Testing

@testable import Libvirt

@Suite("What is kept with a definition", .timeLimit(.minutes(1)))
struct DefinitionTests {
    private let namespace = "https://example.org/policy/1"

    @Test("is whether the guest starts with its host")
    func autostart() async throws {
        let connection = try await TestDriver.open()
        #expect(try await !connection.ask { try $0.isAutostarted() })
        for isOn in [true, true, false] {
            try await connection.ask { try $0.setAutostart(isOn) }
            #expect(try await connection.ask { try $0.isAutostarted() } == isOn)
        }
        #expect(try await !connection.ask(.name("shut-off")) { try $0.isAutostarted() })
    }

    @Test("is an element for each namespace, which can be taken away again")
    func metadata() async throws {
        let connection = try await TestDriver.open()
        let namespace = namespace
        #expect(try await connection.ask { try $0.metadata(namespace: namespace) } == nil)
        try await connection.ask { domain in
            try domain.setMetadata("<policy on-stall='abort'/>", namespace: namespace, prefix: "apus")
            try domain.setMetadata("<note/>", namespace: "https://example.org/other", prefix: "o")
        }
        let kept = try await connection.ask { try $0.metadata(namespace: namespace) }
        #expect(kept?.contains("on-stall=\"abort\"") == true || kept?.contains("on-stall='abort'") == true)
        #expect(try await connection.ask { try $0.xml(.live) }.contains("<apus:policy"))
        try await connection.ask { try $0.setMetadata(nil, namespace: namespace, prefix: "apus") }
        #expect(try await connection.ask { try $0.metadata(namespace: namespace) } == nil)
        let other = try await connection.ask { try $0.metadata(namespace: "https://example.org/other") }
        #expect(other?.contains("note") == true)
    }

    @Test("is of the running guest, of its definition, or of both")
    func scopes() async throws {
        let connection = try await TestDriver.open()
        let namespace = namespace
        try await connection.ask {
            try $0.setMetadata("<policy/>", namespace: namespace, prefix: "apus", .definition)
        }
        #expect(try await connection.ask { try $0.metadata(namespace: namespace, .live) } == nil)
        #expect(try await connection.ask { try $0.metadata(namespace: namespace, .definition) } != nil)
        try await connection.ask {
            try $0.setMetadata("<policy/>", namespace: namespace, prefix: "apus", .liveAndDefinition)
        }
        #expect(try await connection.ask { try $0.metadata(namespace: namespace, .live) } != nil)
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask(.name("paused")) {
                try $0.setMetadata("<policy/>", namespace: namespace, prefix: "apus", .definition)
            }
        }
        #expect(error?.operation == "set the metadata of a guest")
    }

    @Test("is refused where it is no element")
    func broken() async throws {
        let connection = try await TestDriver.open()
        let namespace = namespace
        await #expect(throws: LibvirtError.self) {
            try await connection.ask {
                try $0.setMetadata("<policy", namespace: namespace, prefix: "apus")
            }
        }
        #expect(try await connection.ask { try $0.metadata(namespace: namespace) } == nil)
    }

    @Test("asks for the form that was meant")
    func flags() {
        #expect(ModificationScope.allCases.map(\.flags) == [1, 2, 3, 0])
    }

    /// The test driver's clock stands still whatever it is told; LabTests set a real one.
    @Test("is not the guest's clock, which is read since the epoch and set to the nanosecond or by hardware")
    func clock() async throws {
        let connection = try await TestDriver.open()
        let time = try await connection.ask { try $0.guestTime() }
        #expect(time > .zero)
        for wanted in [nil, Duration.seconds(1_700_000_000) + .milliseconds(250)] {
            try await connection.ask { try $0.setGuestTime(wanted) }
        }
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.ask(.name("shut-off")) { try $0.guestTime() }
        }
        #expect(error?.code == .operationInvalid)
        #expect(error?.operation == "read a guest's clock")
    }
}

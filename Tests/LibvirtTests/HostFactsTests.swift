import Testing

@testable import Libvirt

@Suite("A host", .timeLimit(.minutes(1)))
struct HostFactsTests {
    static let networks = """
        <node>
          <network>
            <name>plain</name><uuid>c90450cd-a1f5-4f34-b3ae-9a1d2f1c1a01</uuid>
            <forward mode='bridge'/><bridge name='br-lan'/>
          </network>
          <network>
            <name>macvtap</name><uuid>c90450cd-a1f5-4f34-b3ae-9a1d2f1c1a02</uuid>
            <forward mode='bridge' dev='eth0'/>
          </network>
        </node>
        """

    @Test("lists its networks, with the bridge of those that have one")
    func networks() async throws {
        let networks = try await TestDriver.open(Self.networks).networks()
        let byName = Dictionary(uniqueKeysWithValues: networks.map { ($0.name, $0) })
        #expect(byName.keys.sorted() == ["macvtap", "plain"])
        #expect(byName["plain"]?.bridge == "br-lan")
        #expect(byName["plain"]?.isActive == true)
        #expect(byName["plain"]?.xml.contains("<name>plain</name>") == true)
        #expect(byName["macvtap"].map { $0.bridge == nil } == true)
    }

    @Test("counts its processors, its cells and its memory")
    func node() async throws {
        let node = try await TestDriver.open().node()
        #expect(node.processors == 8)
        #expect(node.cells == 1)
        #expect(node.memoryBytes == 8_192_000 * 1024)
    }

    @Test("counts no pages when asked for no size")
    func noPages() async throws {
        #expect(try await TestDriver.open().freePages(sizesKibibytes: []).isEmpty)
    }

    @Test("is asked for a way of running guests by all four of its parts")
    func kinds() {
        let kind = HypervisorKind(
            emulator: "/usr/bin/qemu-system-x86_64", architecture: "x86_64", machine: "pc-q35-7.2",
            virtualization: "kvm")
        let other = HypervisorKind(
            emulator: "/usr/bin/qemu-system-x86_64", architecture: "x86_64", machine: "pc-q35-7.2",
            virtualization: "qemu")
        #expect(Set([kind, other, kind]).count == 2)
    }

    @Test(
        "answers about a processor",
        arguments: [(1, .identical), (2, .superset), (7, .notTold("libvirt answered 7"))]
            as [(CInt, CPUComparison)])
    func comparison(raw: CInt, comparison: CPUComparison) {
        #expect(CPUComparison(raw: raw) == comparison)
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let operation: String
        let call: @Sendable (Connection) async throws -> Void
    }

    static let anyKind = HypervisorKind(
        emulator: nil, architecture: nil, machine: nil, virtualization: nil)

    @Test(
        "whose driver cannot tell says so",
        arguments: [
            Refusal(testDescription: "comparison", operation: "compare a processor with ") {
                _ = try await $0.compareCPU("<cpu/>", for: anyKind)
            },
            Refusal(testDescription: "baseline", operation: "compute a common processor on ") {
                _ = try await $0.baselineCPU(
                    ["<cpu/>", "<cpu mode='host-model'/>"], for: anyKind, expandFeatures: true,
                    migratable: true)
            },
            Refusal(testDescription: "capabilities", operation: "read what guests can be given on ") {
                _ = try await $0.domainCapabilities(for: anyKind)
            },
            Refusal(testDescription: "secrets", operation: "list the secrets of ") {
                _ = try await $0.secrets()
            },
            Refusal(
                testDescription: "a secret",
                operation: "find the secret \(TestDriver.running) on "
            ) {
                _ = try await $0.hasSecret(uuid: TestDriver.running)
            },
        ])
    func refused(row: Refusal) async throws {
        let connection = try await TestDriver.open()
        let error = await #expect(throws: LibvirtError.self) { try await row.call(connection) }
        #expect(error?.code == .noSupport)
        #expect(error?.operation == row.operation + connection.uri)
    }
}

@Suite("C strings", .timeLimit(.minutes(1)))
struct CStringTests {
    @Test("are lent in order", arguments: [[], ["one"], ["", "Mauersegler — ツバメ", "three"]] as [[String]])
    func lent(texts: [String]) {
        let read = withCStrings(texts) { start in
            texts.indices.map { index in start?[index].map { String(cString: $0) } }
        }
        #expect(read == texts)
    }
}

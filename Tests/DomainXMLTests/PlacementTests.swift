@testable import DomainXML
import Testing

@Suite("What ties a guest to its host")
struct PlacementTests {
    let tied: GuestDefinition
    let running: GuestDefinition

    init() throws {
        tied = try GuestDefinition(parsing: Sample.tied)
        running = try GuestDefinition(parsing: Sample.running)
    }

    @Test("is its processor, with features and the element alone")
    func processor() throws {
        let cpu = try #require(running.cpu)
        #expect(cpu.mode == .custom)
        #expect(cpu.check == "full")
        #expect(cpu.match == "exact")
        #expect(cpu.model == "Skylake-Server-IBRS")
        #expect(cpu.fallback == "forbid")
        #expect(cpu.vendor == nil)
        #expect(
            cpu.features == [
                .init(name: "hypervisor", policy: "require"), .init(name: "pku", policy: "disable"),
            ])
        #expect(cpu.features.map(\.isRequired) == [true, false])
        #expect(cpu.migratable == nil)
        #expect(cpu.xml.hasPrefix("<cpu mode='custom' match='exact' check='full'>"))
        #expect(cpu.xml.hasSuffix("</cpu>"))
        #expect(tied.cpu?.mode == .hostPassthrough)
        #expect(tied.cpu?.migratable == false)
        #expect(try GuestDefinition(parsing: Sample.shutOff).cpu?.migratable == true)
        #expect(try GuestDefinition(parsing: Sample.testDriver).cpu == nil)
    }

    struct Mode: Sendable, CustomTestStringConvertible {
        let cpu: String
        let mode: CPUDefinition.Mode
        var testDescription: String { cpu }
    }

    @Test(
        "is the processor's mode, also one that is new",
        arguments: [
            Mode(cpu: "<cpu/>", mode: .custom), Mode(cpu: "<cpu mode='host-model'/>", mode: .hostModel),
            Mode(cpu: "<cpu mode='maximum'/>", mode: .maximum),
            Mode(cpu: "<cpu mode='quantum'/>", mode: .other("quantum")),
        ])
    func mode(row: Mode) throws {
        #expect(try GuestDefinition(parsing: "<domain>\(row.cpu)</domain>").cpu?.mode == row.mode)
    }

    @Test("is a promised clock rate")
    func clock() throws {
        #expect(tied.hasInvariantTSC)
        #expect(!running.hasInvariantTSC)
        let disabled = "<domain><cpu><feature policy='disable' name='invtsc'/></cpu></domain>"
        #expect(try !GuestDefinition(parsing: disabled).hasInvariantTSC)
        #expect(
            tied.timers == [
                .init(name: "rtc", isPresent: nil, frequencyHertz: nil, mode: nil),
                .init(name: "tsc", isPresent: true, frequencyHertz: 2_596_144_000, mode: "native"),
                .init(name: "hpet", isPresent: false, frequencyHertz: nil, mode: nil),
            ])
        #expect(running.timers.isEmpty)
    }

    @Test("is where its processors may run")
    func pinning() {
        #expect(
            tied.processorPinning
                == .init(
                    processors: "0-3,^2",
                    pins: [.init(number: 0, set: "1"), .init(number: 1, set: "2-3")], emulator: "0",
                    ioThreads: [.init(number: 1, set: "7")]))
        #expect(running.processorPinning == nil)
    }

    @Test("is where its memory may come from, and the cells that it sees")
    func numa() {
        #expect(
            tied.numaTuning
                == .init(
                    mode: "strict", nodeSet: "0-1",
                    cells: [.init(cell: 1, mode: "preferred", nodeSet: "1")]))
        #expect(
            tied.numaCells == [
                .init(id: 0, processors: "0-1", memoryBytes: 4 << 30, memoryAccess: "shared"),
                .init(id: 1, processors: "2-3", memoryBytes: 4 << 30, memoryAccess: nil),
            ])
        #expect(running.numaTuning == nil)
        #expect(running.numaCells.isEmpty)
    }

    @Test("is what its memory is made of")
    func memory() throws {
        #expect(
            tied.memoryBacking
                == .init(
                    hugePages: [
                        .init(sizeBytes: 2 << 20, nodeSet: "0"), .init(sizeBytes: 1 << 30, nodeSet: "1"),
                    ], isLocked: true, source: .memfd, access: "shared"))
        #expect(running.memoryBacking == nil)
        let plain = try GuestDefinition(
            parsing: "<domain><memoryBacking><hugepages/></memoryBacking></domain>")
        #expect(
            plain.memoryBacking
                == .init(
                    hugePages: [.init(sizeBytes: nil, nodeSet: nil)], isLocked: false, source: nil,
                    access: nil))
        #expect(
            tied.memoryDevices == [
                .init(model: .dimm, sizeBytes: 512 << 20, path: nil, hasSlotAndBase: true),
                .init(model: .nvdimm, sizeBytes: nil, path: "/dev/dax0.0", hasSlotAndBase: false),
            ])
    }
}

@Suite("A set of processors")
struct CPUSetTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let members: Set<Int>?
        var testDescription: String { "'\(text.prefix(40))'" }

        init(_ text: String, _ members: Set<Int>?) {
            self.text = text
            self.members = members
        }
    }

    @Test(
        "is what libvirt takes it for",
        arguments: [
            Row("0", [0]), Row("0-3,^2,8", [0, 1, 3, 8]), Row(" 1 , 2 - 3 ", [1, 2, 3]), Row("5-5", [5]),
            Row("^2,0-3", [0, 1, 2, 3]), Row("0,0", [0]), Row("007", [7]),
            Row("16383", [16_383]), Row("16384", nil), Row("0-99999999999999999999", nil),
            Row("", nil), Row(",", nil), Row("1,", nil), Row("3-1", nil), Row("-1", nil), Row("1-", nil),
            Row("a", nil), Row("+1", nil), Row("1--2", nil), Row("0-3,^1-2", nil), Row("^", nil),
            Row("٣", nil),
        ])
    func parsed(row: Row) {
        #expect(CPUSet(parsing: row.text)?.members == row.members)
    }

    @Test("that names every number a hundred thousand times is refused, not counted out")
    func hostile() {
        #expect(CPUSet(parsing: Array(repeating: "0-16383", count: 100_000).joined(separator: ",")) == nil)
    }
}

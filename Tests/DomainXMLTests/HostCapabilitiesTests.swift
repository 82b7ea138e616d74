@testable import DomainXML
import Testing

@Suite("Host capabilities")
struct HostCapabilitiesTests {
    @Test("name the host, its processor and the guests it can run")
    func read() throws {
        let host = try HostCapabilities(parsing: Sample.capabilities)
        #expect(host.uuid == "6d5f1c4e-0000-4000-8000-00aa00bb00cc")
        #expect(host.processor.architecture == "x86_64")
        #expect(host.processor.model == "Skylake-Server-IBRS")
        #expect(host.processor.vendor == "Intel")
        #expect(host.processor.features == ["ds", "pku"])
        #expect(host.processor.xml.hasPrefix("<cpu>"))
        #expect(host.migrationTransports == ["tcp", "rdma"])
        let guest = try #require(host.guests.first)
        #expect(guest.kind == "hvm")
        #expect(guest.architecture == "x86_64")
        #expect(guest.accelerators == [.qemu, .kvm])
        #expect(guest.emulator == "/usr/bin/qemu-system-x86_64")
        #expect(
            guest.machines == [
                .init(name: "pc", canonical: "pc-i440fx-7.2"), .init(name: "pc-q35-7.2", canonical: nil),
            ])
    }

    @Test("name what a move must find again: clock, pages, cells, security")
    func topology() throws {
        let host = try HostCapabilities(parsing: Sample.capabilities)
        #expect(host.processor.microcodeVersion == 16_777_317)
        #expect(host.processor.tscFrequencyHertz == 2_596_144_000)
        #expect(host.processor.scalesTSC == false)
        #expect(host.pageSizesBytes == [4096, 2 << 20])
        #expect(host.hasIOMMU == true)
        #expect(host.securityModels == ["apparmor", "dac"])
        #expect(
            host.cells == [
                HostCapabilities.Cell(
                    id: 0, memoryBytes: 2 << 30, processors: [0, 4],
                    pages: [
                        .init(sizeBytes: 4096, count: 524_288), .init(sizeBytes: 2 << 20, count: 16),
                    ], distances: [.init(cell: 0, value: 10), .init(cell: 2, value: 21)]),
                HostCapabilities.Cell(id: 2, memoryBytes: nil, processors: [], pages: [], distances: []),
            ])
        let bare = try HostCapabilities(
            parsing: "<capabilities><host><cpu><arch>i686</arch></cpu></host></capabilities>")
        #expect(bare.processor.tscFrequencyHertz == nil)
        #expect(bare.processor.scalesTSC == nil)
        #expect(bare.hasIOMMU == nil)
        #expect(bare.cells.isEmpty)
    }

    @Test("of another kind of document are refused")
    func refused() {
        let wrong = #expect(throws: XMLError.self) { try HostCapabilities(parsing: Sample.shutOff) }
        #expect(wrong?.code == .wrongDocument)
        let empty = #expect(throws: XMLError.self) { try HostCapabilities(parsing: "<capabilities/>") }
        #expect(empty?.code == .missing)
    }
}

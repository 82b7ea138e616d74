import FoundationEssentials
import Glibc
import LabSupport
import Libvirt
import Testing

extension LabTests {
    @Test("a host tells what guests can be given, and compares processors by name of the feature", .lab)
    func processorsOfAHost() async throws {
        let host = try await Self.firstHost()
        let kind = HypervisorKind(
            emulator: nil, architecture: "x86_64", machine: nil, virtualization: "qemu")
        let capabilities = try await host.domainCapabilities(for: kind)
        #expect(capabilities.contains("<domainCapabilities>"))

        let plain = "<cpu mode='custom' match='exact'><model>qemu64</model></cpu>"
        #expect(try await host.compareCPU(plain, for: kind) == .superset)
        let wanting = """
            <cpu mode='custom' match='exact'><model>qemu64</model>
            <feature policy='require' name='avx512-4fmaps'/></cpu>
            """
        guard case .incompatible(let reason) = try await host.compareCPU(wanting, for: kind) else {
            Issue.record("a feature that TCG has not was said to be there")
            return
        }
        #expect(reason.contains("avx512-4fmaps"), "\(reason)")

        let documents = ["qemu64", "kvm64"].map { "<cpu><arch>x86_64</arch><model>\($0)</model></cpu>" }
        let baseline = try await host.baselineCPU(
            documents, for: kind, expandFeatures: true, migratable: true)
        #expect(baseline.contains("<model"), "\(baseline)")
        let nothing = await #expect(throws: LibvirtError.self) {
            try await host.baselineCPU([], for: kind, expandFeatures: false, migratable: false)
        }
        #expect(nothing?.code == .invalidArgument)

        let nowhere = HypervisorKind(
            emulator: nil, architecture: "x86_64", machine: "pc-of-tomorrow", virtualization: "qemu")
        let error = await #expect(throws: LibvirtError.self) {
            try await host.domainCapabilities(for: nowhere)
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test("a host tells its pages, networks and secrets", .lab)
    func inventoryOfAHost() async throws {
        let host = try await Self.firstHost()
        #expect(try await host.node().cells >= 1)
        #expect(try await (host.freePages(sizesKibibytes: [4])[4] ?? 0) > 0)
        let wrongSize = await #expect(throws: LibvirtError.self) {
            try await host.freePages(sizesKibibytes: [3])
        }
        #expect(wrongSize?.code == .operationFailed)
        for network in try await host.networks() {
            #expect(network.xml.contains("<name>\(network.name)</name>"))
        }
        #expect(try await !host.hasSecret(uuid: Self.secret))
    }

    private static let secret = "5ec4e700-0000-4000-8000-00000000dead"

    @Test("a host lists the secrets that it keeps, without their values", .lab)
    func secretsOfAHost() async throws {
        let host = try await Self.firstHost()
        let before = try await host.secrets()
        let document = FileManager.default.temporaryDirectory.appending(path: "apus-\(Self.secret).xml").path
        try writeFile(
            """
            <secret ephemeral='yes' private='yes'><uuid>\(Self.secret)</uuid>
            <usage type='ceph'><name>apus-test</name></usage></secret>
            """, to: document)
        defer { unlink(document) }
        let defined = try await Program(["virsh", "-q", "-c", host.uri, "secret-define", document]).run()
        try #require(defined.status == 0, "\(defined.said)")
        let (isThere, all) = (try await host.hasSecret(uuid: Self.secret), try await host.secrets())
        let undefined = try await Program(
            ["virsh", "-q", "-c", host.uri, "secret-undefine", Self.secret]
        ).run()
        #expect(undefined.status == 0, "\(undefined.said)")
        #expect(isThere)
        let summary = SecretSummary(uuid: Self.secret, usageType: 2, usageID: "apus-test")
        #expect(all.filter { !before.contains($0) } == [summary])
        #expect(try await host.secrets() == before)
    }

    @Test("a volume and a transient pool come and go on a real host", .lab)
    func storageOfAHost() async throws {
        let host = try await Self.firstHost()
        let before = try await host.storagePools()
        let pool = try #require(before.first { $0.isActive && $0.xml.contains("type='dir'") })
        let name = "apus-test-\(UInt32.random(in: 0 ... .max))"
        let document = "<volume><name>\(name)</name><capacity unit='bytes'>4096</capacity></volume>"

        let volume = try await host.createVolume(document, inPool: pool.name)
        #expect(volume.capacityBytes == 4096)
        let again = await #expect(throws: LibvirtError.self) {
            try await host.createVolume(document, inPool: pool.name)
        }
        #expect(again?.code == .storageVolumeExists)
        try await host.refreshPool(named: pool.name)
        #expect(try await host.volume(named: name, inPool: pool.name)?.path == volume.path)
        #expect(try await host.poolSpace(named: pool.name).availableBytes > 0)

        let folder = try #require(volume.path.split(separator: name).first)
        let twin =
            "<pool type='dir'><name>\(name)</name><target><path>\(folder)</path></target></pool>"
        let conflict = await #expect(throws: LibvirtError.self) { try await host.createTransientPool(twin) }
        #expect(conflict?.code == .operationFailed)

        try await host.deleteVolume(named: name, inPool: pool.name)
        #expect(try await host.volume(named: name, inPool: pool.name) == nil)

        let probe = "<pool type='dir'><name>\(name)</name><target><path>/usr</path></target></pool>"
        try await host.createTransientPool(probe)
        #expect(try await host.storagePools().contains { $0.name == name && !$0.isPersistent })
        try await host.destroyPool(named: name)
        #expect(try await host.storagePools().map(\.name) == before.map(\.name))
    }

    @Test("a running guest tells its disks, its memory and how fast it writes to it", .lab)
    func factsOfAGuest() async throws {
        let lab = try await Lab.up()
        let host = try await Self.firstHost()
        try await LabGuest.with("dirty", on: lab) { guest in
            let reference = DomainReference.name(guest.name)
            func ask<Answer: Sendable>(
                _ question: @Sendable (borrowing DomainHandle) throws(LibvirtError) -> Answer
            ) async throws -> Answer {
                try await host.withDomain(reference, question)
            }

            #expect(try await ask { (domain) throws(LibvirtError) in try domain.snapshotCount() } == 0)
            #expect(try await ask { (domain) throws(LibvirtError) in try domain.checkpointCount() } == 0)
            #expect(
                try await ask { (domain) throws(LibvirtError) in try domain.blockJob(disk: "vda") } == nil)
            let disk = try await ask { (domain) throws(LibvirtError) in
                try domain.blockInformation(disk: "vda")
            }
            #expect(disk.capacityBytes > 0)
            let memory = try await ask { (domain) throws(LibvirtError) in try domain.memoryStatistics() }
            #expect((memory.residentBytes ?? 0) > 0)

            let unmeasured = try await ask { (domain) throws(LibvirtError) in try domain.dirtyRate() }
            #expect(unmeasured.status == .unstarted)
            let tooLong = await #expect(throws: LibvirtError.self) {
                try await ask { (domain) throws(LibvirtError) in
                    try domain.startDirtyRate(period: .seconds(61), mode: .pageSampling)
                }
            }
            #expect(tooLong?.code == .configUnsupported)
            var rate = unmeasured
            let deadline = ContinuousClock.now.advanced(by: .seconds(60))
            // A guest that is still in its BIOS writes nothing: measured until it does.
            while rate.mebibytesPerSecond ?? 0 == 0 {
                try await ask { (domain) throws(LibvirtError) in
                    try domain.startDirtyRate(period: .milliseconds(500), mode: .pageSampling)
                }
                // There is no event for the end of a measurement.
                repeat {
                    try #require(ContinuousClock.now < deadline, "\(rate)")
                    try await Task.sleep(for: .milliseconds(50))
                    rate = try await ask { (domain) throws(LibvirtError) in try domain.dirtyRate() }
                } while rate.status != .measured
            }
            #expect(rate.mode == .pageSampling)
            #expect(rate.period == .seconds(1))

            let notMoving = await #expect(throws: LibvirtError.self) {
                try await ask { (domain) throws(LibvirtError) in try domain.startPostCopy() }
            }
            #expect(notMoving?.code == .operationInvalid)
        }
    }

    private static func firstHost() async throws -> Connection {
        let hosts = try await HostList(try await Lab.up())
        return try await Connection.open(hosts.uri(of: try #require(hosts.names.first)))
    }
}

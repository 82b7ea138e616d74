import DomainXML
package import FleetModel
import Libvirt

extension MoveSession {
    /// Everything that the decision about this move rests on, read from both hosts at once.
    ///
    /// Creates and removes probe files where nothing else can prove that storage is shared; first removes
    /// what a killed process left of its own. Also opens the connection that the migrate call will hold.
    package func facts(run: ProbeRun) async throws(ApusError) -> MoveFacts {
        let reader = FleetReader()
        async let workerOpened = Result(awaiting: { () async throws(ApusError) in try await worker.open() })
        async let sourceFacts = Result(awaiting: { () async throws(ApusError) in
            try await reader.facts(of: source.host, source.open())
        })
        async let destinationFacts = Result(awaiting: { () async throws(ApusError) in
            try await reader.facts(of: destination.host, destination.open())
        })
        async let sameUUID = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.uuid(guest.identity.uuid))
        })
        async let sameName = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.name(guest.identity.name))
        })
        async let path = readPath()
        let sweep = ProbeSweep(undo: run.undo)
        try await sweep.sweep(source)
        try await sweep.sweep(destination)
        let reading = try await readGuest()
        async let cpu = CPUSurvey(guest: reading, source: source, destination: destination).facts()
        async let near = HostSurvey(link: source, guest: reading, script: script(for: reading)).details()
        async let far = HostSurvey(
            link: destination, guest: reading, script: script(for: reading, certificates: true)
        ).details()
        async let users = imageUsers(reading)
        let (here, there) = (await near, await far)
        let disks = await DiskSurvey(
            guest: reading, source: source, destination: destination, here: here.answers,
            there: there.answers, run: run, sizes: await readSizes(reading), usersHere: await users.here,
            usersThere: await users.there
        ).facts()
        _ = try await workerOpened.get()
        var (sourceHost, destinationHost) = (try await sourceFacts.get(), try await destinationFacts.get())
        sourceHost.details = here.details
        destinationHost.details = there.details
        var facts = MoveFacts(
            guest: guest, hardware: reading.hardware, cpu: .known(await cpu), disks: disks,
            interfaces: reading.interfaces, source: sourceHost, destination: destinationHost,
            path: await path, sameName: try await sameName.get(), sameUUID: try await sameUUID.get())
        facts.residentMemory = await readResidentMemory()
        return facts
    }

    private var reference: DomainReference { .uuid(guest.identity.uuid) }

    // MARK: The guest

    private func readGuest() async throws(ApusError) -> GuestReading {
        let reference = reference
        let isPersistent = guest.isPersistent
        let documents = try await source.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                GuestDocuments(
                    live: try domain.xml(.live), migratable: try? domain.xml(.migratable),
                    inactive: isPersistent ? try? domain.xml(.inactive) : nil,
                    snapshots: try domain.snapshotCount(), checkpoints: try domain.checkpointCount())
            }
        }
        do {
            return try GuestReading(
                live: GuestDefinition(parsing: documents.live),
                migratable: documents.migratable.flatMap { try? GuestDefinition(parsing: $0) },
                inactive: documents.inactive.flatMap { try? GuestDefinition(parsing: $0) },
                snapshots: documents.snapshots, checkpoints: documents.checkpoints)
        } catch {
            throw ApusError(
                .guestUnreadable, "read the definition of \(guest.identity)",
                "\(source.host.name) gave a definition that cannot be read: \(error.detail)",
                hint: "virsh -c \(source.host.uri) dumpxml \(guest.identity) shows it; report it as a bug.",
                underlying: error)
        }
    }

    private struct GuestDocuments: Sendable {
        let live: String
        let migratable: String?
        let inactive: String?
        let snapshots: Int
        let checkpoints: Int
    }

    private func readSizes(_ reading: GuestReading) async -> [String: BlockInformation] {
        let targets = reading.disks.filter { $0.source != nil && !$0.isReadOnly }.map(\.target)
        guard !targets.isEmpty else { return [:] }
        let reference = reference
        let sizes = try? await source.use { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                var sizes: [String: BlockInformation] = [:]
                for target in targets { sizes[target] = try? domain.blockInformation(disk: target) }
                return sizes
            }
        }
        return sizes ?? [:]
    }

    private func readResidentMemory() async -> Reading<ByteCount> {
        let reference = reference
        return await source.read { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                try domain.memoryStatistics().residentBytes.map(ByteCount.init)
            }
        }
    }

    // MARK: Both hosts

    private func script(for reading: GuestReading, certificates: Bool = false) -> HostScript {
        var script = HostScript()
        script.paths = reading.neededPaths.map(\.looked)
        DiskSurvey.add(reading.disks, to: &script)
        if reading.hardware.tpm != nil { script.directories.append(HostSurvey.tpmStates) }
        script.paths = script.paths.unique
        script.directories = script.directories.unique
        if certificates, let uri = destination.host.peerURI, PathProbe.usesTLS(uri) {
            // Source: libvirt's "TLS" page.
            script.certificates = ["/etc/pki/libvirt/servercert.pem"]
        }
        return script
    }

    /// Ports and clocks.
    private func readPath() async -> PathFacts {
        let host = destination.host
        let control = host.peerURI.flatMap(PathProbe.control(of:))
        let data = host.migrationAddress.map { (address: $0, port: 49152) }
        async let probes = PathProbe(source: source.host, destination: host)
            .ask([control, data].compactMap(\.self))
        async let offset = ClockProbe(source: source.host, destination: host).offset()
        let answers = await probes
        let clock: Reading<ClockOffset> =
            await offset.map { .known($0) }
            ?? .notKnown("a remote-shell to both hosts is needed to compare their clocks")
        return PathFacts(
            control: control == nil ? nil : answers.first, data: data == nil ? nil : answers.last,
            clockOffset: clock)
    }

    /// Which other running guests have an image of this guest open, on either host.
    private func imageUsers(
        _ reading: GuestReading
    ) async -> (here: [DiskFacts.Location: [String]], there: [DiskFacts.Location: [String]]) {
        guard reading.disks.contains(where: { $0.source != nil && !$0.isReadOnly }) else { return ([:], [:]) }
        async let here = imageUsers(on: source)
        async let there = imageUsers(on: destination)
        return (await here, await there)
    }

    private func imageUsers(on link: HostLink) async -> [DiskFacts.Location: [String]] {
        let own = guest.identity.uuid
        let documents = try? await link.use { (connection) throws(LibvirtError) in
            var documents: [(name: String, xml: String)] = []
            for domain in try await connection.domains() where domain.id != nil && domain.uuid != own {
                // A guest that ends between the two questions uses nothing any more.
                let xml = try? await connection.withDomain(.uuid(domain.uuid)) {
                    (handle) throws(LibvirtError) in try handle.xml(.live)
                }
                if let xml { documents.append((domain.name, xml)) }
            }
            return documents
        }
        var users: [DiskFacts.Location: [String]] = [:]
        for (name, xml) in documents ?? [] {
            let disks = (try? GuestDefinition(parsing: xml).disks) ?? []
            for image in disks.flatMap(\.images) {
                users[DiskFacts.Location(image.location), default: []].append("\(name) on \(link.host.name)")
            }
        }
        return users
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first appearance.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

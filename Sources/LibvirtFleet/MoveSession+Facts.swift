import DomainXML
package import FleetModel
import Libvirt

extension MoveSession {
    /// Everything that the decision about this move rests on, read from both hosts at once.
    ///
    /// Creates and removes probe files where nothing else can prove that storage is shared; first removes
    /// what a killed process left of its own. Also opens the connection that the migrate call will hold.
    ///
    /// - Parameters:
    ///   - run: what is created is noted as this run's.
    ///   - places: where the user wants copies of disks, by target: what is there is a fact too.
    ///   - isEncrypted: whether memory and disks are to be encrypted: then the hosts' certificates matter.
    ///   - isWarm: whether a guest that runs is to be saved for its move.
    ///   - relaysFrom: from how much resident memory on its connections may go through apus; `nil` is never.
    /// - Returns: the facts.
    /// - Throws: `ApusError` when a host does not even tell what it is.
    package func facts(
        run: ProbeRun, places: [String: DiskRequest.Place] = [:], isEncrypted: Bool = false,
        isWarm: Bool = false, relaysFrom: ByteCount? = nil
    ) async throws(ApusError) -> MoveFacts {
        let shells = (near: OpenShell(to: source.host), far: OpenShell(to: destination.host))
        defer {
            shells.near.close()
            shells.far.close()
        }
        async let workerOpened = Result(awaiting: { () async throws(ApusError) in try await worker.open() })
        let sweep = ProbeSweep(undo: run.undo)
        try await sweep.sweep(source)
        try await sweep.sweep(destination)
        // First of all: the longest questions need to know what the guest is made of, and where its disks may go.
        async let poolsThere = readPools()
        var read = try await readGuest()
        let isCold = isWarm || !guest.state.isActive
        let resident = await readResidentMemory()
        let mayRelay = !isCold && relaysFrom.map { $0 <= resident.value ?? guest.memory } ?? false
        let chains = isCold ? await ChainSurvey(host: source.host).chains(of: read.openChains) : [:]
        read.add(chains)
        let reading = read
        let pools = await poolsThere
        let goals = DiskSurvey.goals(reading.disks, places, in: pools.value ?? [])
        async let clock = readClock(reading)
        let written = reading.disks.filter { $0.source != nil && !$0.isReadOnly }.map(\.target)
        let writesBefore = await DiskWrites(of: written, reference, on: source)
        let path = PathProbe(to: destination.host)
        async let near = Result(awaiting: { () async throws(ApusError) in
            try await HostSurvey(
                link: source, shell: shells.near, guest: reading,
                script: script(for: reading, isEncrypted, asksRelay: mayRelay, path: path)
            ).facts()
        })
        async let far = Result(awaiting: { () async throws(ApusError) in
            try await HostSurvey(
                link: destination, shell: shells.far, guest: reading,
                script: script(
                    for: reading, isEncrypted, asksRelay: mayRelay, goals: Array(goals.values))
            ).facts()
        })
        async let files = isCold || mayRelay ? coldFacts(reading) : nil
        async let sameUUID = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.uuid(guest.identity.uuid))
        })
        async let sameName = Result(awaiting: { () async throws(ApusError) in
            try await destination.guest(.name(guest.identity.name))
        })
        async let cpu = CPUSurvey(guest: reading, source: source, destination: destination).facts()
        let asksUsers = reading.disks.contains { $0.source != nil && !$0.isReadOnly }
        async let usersHere = ImageUsers(link: source, except: guest.identity, isAsked: asksUsers)
        async let usersThere = ImageUsers(link: destination, except: guest.identity, isAsked: asksUsers)
        let here = try await near.get()
        var there = try await far.get()
        there.facts.details.pools = pools
        var disks = await DiskSurvey(
            guest: reading, source: source, destination: destination, here: here.answers,
            there: there.answers, run: run, sizes: await readSizes(reading), goals: goals, isCold: isCold,
            wanted: Set(places.keys), usersHere: await usersHere, usersThere: await usersThere
        ).facts()
        let writes = await writes(to: disks, since: writesBefore)
        for index in disks.indices { disks[index].writes = writes[disks[index].target] }
        _ = try await workerOpened.get()
        var facts = MoveFacts(
            guest: guest, hardware: reading.hardware, cpu: .known(await cpu), disks: disks,
            interfaces: reading.interfaces, source: here.facts, destination: there.facts,
            path: await pathFacts(path, here.answers, there),
            sameName: try await sameName.get(), sameUUID: try await sameUUID.get())
        facts.residentMemory = resident
        facts.settings = reading.settings
        facts.clock = await clock
        guard var cold = await files else { return facts }
        guard isCold else {
            facts.relay = cold.carriers
            return facts
        }
        cold.savedPath = ColdPlaces(guest: guest.identity).savedState
        cold.relativeBackings = Set(chains.filter { $0.value.relative.contains(0) }.keys)
        facts.cold = cold
        return facts
    }

    /// What its hosts keep for a guest that does not run, and whether both have apus.
    private func coldFacts(_ reading: GuestReading) async -> ColdFacts {
        await ColdSurvey(
            guest: guest.identity, hardware: reading.hardware, source: source.host,
            destination: destination.host
        ).facts()
    }

    /// How fast the guest writes, by target. Whether a copy ever gets done depends on it: there a look that is too short
    /// for a rate is made longer.
    private func writes(to disks: [DiskFacts], since before: DiskWrites) async -> [String: ByteRate] {
        let left = DiskWrites.shortest - before.at.duration(to: .now)
        if left > .zero, disks.contains(where: \.mayBeCopied) { try? await Task.sleep(for: left) }
        return await DiskWrites(of: Array(before.bytes.keys), reference, on: source).rates(since: before)
    }

    private var reference: DomainReference { .uuid(guest.identity.uuid) }

    // MARK: The guest

    private func readGuest() async throws(ApusError) -> GuestReading {
        let reference = reference
        let isPersistent = guest.isPersistent
        let documents = try await source.ask { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                GuestDocuments(
                    live: try domain.xml(.live), migratable: try? domain.xml(.migratable),
                    inactive: isPersistent ? try? domain.xml(.inactive) : nil,
                    snapshots: try domain.snapshotCount() > 0 ? try SnapshotRecords.survey(domain) : [],
                    checkpoints: try domain.checkpointCount(),
                    isAutostarted: (try? domain.isAutostarted()) ?? false)
            }
        }
        do {
            return try GuestReading(
                live: GuestDefinition(parsing: documents.live),
                migratable: documents.migratable.flatMap { try? GuestDefinition(parsing: $0) },
                inactive: documents.inactive.flatMap { try? GuestDefinition(parsing: $0) },
                snapshots: documents.snapshots, checkpoints: documents.checkpoints,
                isAutostarted: documents.isAutostarted)
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
        let snapshots: [GuestHardware.Snapshot]
        let checkpoints: Int
        let isAutostarted: Bool
    }

    /// Only where libvirt sees the agent connected: any other would be waited for.
    private func readClock(_ reading: GuestReading) async -> GuestClockReading? {
        guard guest.state.kind == .running, reading.hardware.agent == .connected else { return nil }
        return await GuestClock(guest: guest.identity, patience: .milliseconds(500)).read(on: source.host)
    }

    /// The destination's storage pools: where copies of disks may go, and what makes them there.
    private func readPools() async -> Reading<[HostDetails.Pool]> {
        await destination.read { (connection) throws(LibvirtError) in
            try await connection.storagePools().map(HostDetails.Pool.init)
        }
    }

    private func readSizes(_ reading: GuestReading) async -> [String: BlockInformation] {
        let targets = reading.disks.filter { $0.source != nil && !$0.isReadOnly }.map(\.target)
        guard !targets.isEmpty else { return [:] }
        let reference = reference
        let sizes = try? await source.ask { (connection) throws(LibvirtError) in
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

    private func pathFacts(
        _ path: PathProbe, _ near: HostAnswers, _ far: (facts: HostFacts, answers: HostAnswers)
    ) async -> PathFacts {
        let offset = far.answers.clockOffset(from: near)
        guard let first = far.facts.details.ports.value?.first, let asked = path.data?.port, asked != first
        else {
            return path.facts(near, source: source.host, clockOffset: offset)
        }
        let again = PathProbe(to: destination.host, firstPort: first)
        return again.facts(await again.ask(from: source.host), source: source.host, clockOffset: offset)
    }

    /// The source's script has the way to the destination, the destination's its certificates and where copies of
    /// disks would go.
    private func script(
        for reading: GuestReading, _ isEncrypted: Bool, asksRelay: Bool, path: PathProbe? = nil,
        goals: [String] = []
    ) -> HostScript {
        var script = HostScript()
        script.asksRelay = asksRelay
        script.path = path
        if isEncrypted { script.encryption = path == nil ? .destination : .source }
        script.asksHugePage = reading.hardware.hugePages.contains { $0.size == nil }
        script.paths = reading.neededPaths.map(\.looked)
        DiskSurvey.add(reading.disks, to: &script)
        script.paths += goals
        script.directories += goals.map(Path.directory)
        if reading.hardware.tpm != nil { script.directories.append(HostSurvey.tpmStates) }
        script.paths = script.paths.unique
        script.directories = script.directories.unique
        if path == nil, let uri = destination.host.peerURI, PathProbe.usesTLS(uri) {
            // Source: libvirt's "TLS" page.
            script.certificates = ["/etc/pki/libvirt/servercert.pem"]
        }
        return script
    }
}

extension HostDetails.Pool {
    init(_ pool: StoragePool) {
        let definition = try? PoolDefinition(parsing: pool.xml)
        self.init(
            name: pool.name, type: definition?.type ?? "", isActive: pool.isActive,
            directory: definition.flatMap { $0.hasFiles ? $0.targetPath : nil })
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of its first appearance.
    var unique: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension DiskFacts {
    /// Whether the guest writes to it, and it is not proven to be the same on both hosts.
    fileprivate var mayBeCopied: Bool {
        guard !isReadOnly, let image = chain.first else { return false }
        if case .proven = image.sharing { return false }
        return true
    }
}

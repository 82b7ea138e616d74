import FleetModel
import FoundationEssentials
import Journal
import LibvirtFleet
import Policy

/// What check, plan and migrate do before anything moves: read the facts, judge them, forecast.
struct Inquiry: Sendable {
    /// What is measured for the forecast; the rest comes from the journal.
    enum Measuring: Sendable {
        /// A move that has to begin now.
        case nothing
        /// Only the link: half a second.
        case link
        /// The link, and the guest's dirty rate.
        case all
    }

    /// So many seconds long the link's speed, once measured, decides over relays: a day.
    private static let freshness = 86400.0

    let journal: Journal
    let request: MoveRequest
    /// What the guest's owner wants, with what the inventory adds.
    let policy: GuestPolicy
    let inventory: Inventory
    let run: ProbeRun

    init(journal: Journal, request: MoveRequest, policy: GuestPolicy, inventory: Inventory) {
        self.journal = journal
        self.inventory = inventory
        self.request = request
        self.policy = policy
        let digits = String(UInt64.random(in: .min ... .max), radix: 36)
        run = ProbeRun(id: digits, owner: Journal.currentProcess(), undo: journal)
    }

    /// What is to be known of both hosts and the guest, before anything is measured.
    ///
    /// - Parameters:
    ///   - session: the two hosts.
    ///   - measuring: what will be measured: a link that will be counts as unknown.
    /// - Returns: the facts, with other moves' reservations counted.
    /// - Throws: `ApusError` of the hosts, or of the journal.
    func facts(
        of session: MoveSession, _ measuring: Measuring = .nothing
    ) async throws(ApusError) -> MoveFacts {
        let known =
            measuring == .nothing
            ? try freshLink(from: session.guest.host, to: session.destinationName) : nil
        var facts = try await session.facts(
            run: run, places: request.disks.places, isEncrypted: request.tls, isWarm: request.isWarm,
            relaysFrom: session.guest.host == session.destinationName
                ? nil
                : RelayChoice.leastResident(
                    session.guest, request, link: known, willMeasure: measuring != .nothing))
        if !policy.isEmpty {
            facts.policy = PolicyFacts(policy: policy, now: .now, unwelcome: await unwelcome(session))
        }
        facts.isDestinationMarked =
            try journal.marks().contains { $0.host == session.destinationName } ? true : nil
        facts.count(try journal.movesUnderWay().map(\.reservation))
        let left = try leftThere(facts)
        facts.cold?.ours = left
        return facts
    }

    /// Guests of the destination that this one is to be apart from.
    private func unwelcome(_ session: MoveSession) async -> Reading<[PolicyFacts.Neighbour]>? {
        guard let groups = policy.antiAffinity else { return nil }
        do throws(ApusError) {
            let host = try inventory.host(named: session.destinationName)
            guard let report = try await FleetSurvey(watched: .zero).read([host]).first?.value.get() else {
                return nil
            }
            let neighbours = report.guests.filter { resident in
                resident.guest.state.isActive && resident.guest.identity.uuid != session.guest.identity.uuid
            }
            return .known(
                neighbours.flatMap { resident in
                    let own = (try? resident.policy.get()) ?? GuestPolicy()
                    let theirs = inventory.policy(of: resident.guest.identity, own: own).antiAffinity ?? []
                    return groups.intersection(theirs).sorted().prefix(1).map {
                        PolicyFacts.Neighbour(name: resident.guest.identity.name, group: $0)
                    }
                })
        } catch { return .notKnown(error.detail) }
    }

    /// What the link carries, where that was measured lately.
    private func freshLink(from source: String, to destination: String) throws(ApusError) -> ByteRate? {
        try journal.links(source: source, destination: destination, limit: 1)
            .first { Date().timeIntervalSince1970 - $0.measured < Self.freshness }?.rate
    }

    /// Files of the destination that the guest left there when it went away. What had arrived of a move that failed has
    /// names of apus' own.
    private func leftThere(_ facts: MoveFacts) throws(ApusError) -> Set<String> {
        guard let cold = facts.cold else { return [] }
        let host = facts.destination.host.name
        var paths: Set<String> = []
        for move in try journal.moves(guest: facts.guest.identity.uuid, limit: 20)
        where move.outcome == .moved && move.source == host && move.destination != host {
            // Its UEFI variables and its TPM state stayed there, whichever way it went.
            paths.formUnion((cold.there.value ?? []).map(\.path))
            let plan = try? Document.decode(
                CarriedFiles.self, Data(move.plan.utf8), path: journal.path, what: "the plan of a move")
            paths.formUnion((plan?.cold?.files ?? []).filter(\.isTop).map(\.path))
        }
        return paths
    }

    func findings(_ facts: MoveFacts) -> [Finding] {
        Preflight.findings(for: facts, request: request)
    }

    /// What `--ignore` was given for and did not lift, a line each.
    func uselessIgnores(_ findings: [Finding]) -> [String] {
        Preflight.uselessIgnores(of: request, among: findings).map { ignored in
            "--ignore \(ignored.code.rawValue)\(ignored.subject.map { "=\($0)" } ?? "") lifted nothing"
        }
    }

    /// Measures, and forecasts from that and from the journal; with the forecast, what could not be measured
    /// for it. The facts are corrected by what the measurement saw: judge them again.
    func forecast(
        _ facts: inout MoveFacts, _ session: MoveSession, _ measuring: Measuring
    ) async throws(ApusError) -> (forecast: Forecast, notes: [String]) {
        let experience = try experience(facts)
        let known = try freshLink(from: facts.source.host.name, to: facts.destination.host.name)
        guard measuring != .nothing || known == nil && RelayChoice.needsLink(facts, request) else {
            if RelayChoice.needsSample(facts, request, link: known) {
                facts.memorySample = await session.memorySample()
            }
            let input = experience.input(facts, request, measuredDirty: nil, measuredLink: nil)
            return (ForecastModel.forecast(input), [])
        }
        var notes: [String] = []
        var link: ByteRate?
        if facts.source.details.load.isBusy || facts.destination.details.load.isBusy {
            notes.append("the link was not measured: it would take from the moves that are under way")
        } else {
            let measured = await session.linkRate(&facts)
            link = measured.value
            if let reason = measured.reason { notes.append("the link was not measured: \(reason)") }
        }
        if RelayChoice.needsSample(facts, request, link: link ?? known) {
            facts.memorySample = await session.memorySample()
        }
        var dirty: DirtyProfile?
        if measuring == .all {
            let known = experience.input(facts, request, measuredDirty: nil, measuredLink: link)
            do throws(ApusError) {
                dirty = try await sample(session.sampler, SamplingSchedule(known, facts))
            } catch {
                notes.append("the guest's writes were not measured: \(error.detail)")
            }
        }
        try keep(facts, dirty, link)
        let input = experience.input(facts, request, measuredDirty: dirty, measuredLink: link)
        return (ForecastModel.forecast(input), notes)
    }

    /// Takes the samples that the schedule asks for, one after the other.
    private func sample(
        _ sampler: DirtySampler, _ schedule: SamplingSchedule
    ) async throws(ApusError) -> DirtyProfile {
        if let obstacle = sampler.obstacle {
            throw ApusError(.usage, "measure the guest's writes", obstacle, hint: nil)
        }
        var samples: [DirtySample] = []
        while let step = schedule.next(after: samples) {
            switch step {
            case .calculate(let seconds, let mode):
                samples.append(try await sampler.sample(seconds: seconds, mode: mode))
            case .readPages(let blocks, let blockSize, let kept, let window):
                let traces = try await sampler.traces(
                    blocks: blocks, blockSize: blockSize, kept: kept, window: window)
                guard let whole = samples.min(by: { $0.period < $1.period }) else { break }
                let read = DirtySample.reading(traces, within: whole)
                guard !read.isEmpty else { return DirtyProfile(samples) }
                samples += read
            }
        }
        return DirtyProfile(samples)
    }

    /// The facts, judged; and, where nothing blocks, forecast: a move that cannot be is not measured for.
    func verdict(_ session: MoveSession, _ measuring: Measuring) async throws(ApusError) -> Verdict {
        let facts = try await facts(of: session, measuring)
        return try await verdict(facts, session, measuring)
    }

    func verdict(
        _ read: MoveFacts, _ session: MoveSession, _ measuring: Measuring
    ) async throws(ApusError) -> Verdict {
        var facts = read
        let before = findings(facts)
        guard !before.contains(where: \.blocks), facts.guest.state.isActive else {
            return Verdict(facts: facts, findings: before, notes: uselessIgnores(before))
        }
        let (forecast, notes) = try await forecast(&facts, session, measuring)
        let findings = findings(facts)
        return Verdict(
            facts: facts, findings: findings, forecast: forecast, notes: notes + uselessIgnores(findings))
    }

    /// - Throws: `ApusError` with `blocked` and all findings.
    func plan(_ session: MoveSession, _ measuring: Measuring) async throws(ApusError) -> MovePlan {
        let verdict = try await verdict(session, measuring)
        for line in uselessIgnores(verdict.findings) { Console.note("apus: \(line)") }
        return try Planner(
            facts: verdict.facts, request: request, findings: verdict.findings, forecast: verdict.forecast
        ).plan()
    }

    private func keep(_ facts: MoveFacts, _ dirty: DirtyProfile?, _ link: ByteRate?) throws(ApusError) {
        let now = Date().timeIntervalSince1970
        if let dirty {
            try journal.note(
                dirty: DirtyRecord(
                    guest: facts.guest.identity.uuid, profile: JSON.text(dirty), measured: now))
        }
        if let link {
            try journal.note(
                link: LinkRecord(
                    source: facts.source.host.name, destination: facts.destination.host.name, rate: link,
                    method: .probe, measured: now))
        }
    }

    private func experience(_ facts: MoveFacts) throws(ApusError) -> Experience {
        let source = facts.source.host.name
        let destination = facts.destination.host.name
        let profile = try journal.dirty(guest: facts.guest.identity.uuid)
            .flatMap { record in
                try? Document.decode(
                    DirtyProfile.self, Data(record.profile.utf8), path: journal.path, what: "a sample")
            }
        return Experience(
            pairMoves: try journal.moves(from: source, to: destination, limit: 20).compactMap(\.actual),
            guestMoves: try journal.moves(guest: facts.guest.identity.uuid, limit: 20).compactMap(\.actual),
            links: try journal.links(source: source, destination: destination, limit: 5), dirty: profile)
    }
}

/// Of a plan that was carried out, by whatever version, the files that its source had.
private struct CarriedFiles: Decodable {
    struct Cold: Decodable {
        struct File: Decodable {
            struct Part: Decodable {
                struct Disk: Decodable { let isTop: Bool }
                let disk: Disk?
            }
            let path: String
            let part: Part

            /// What lies below it may be another guest's by now.
            var isTop: Bool { part.disk?.isTop == true }
        }
        let files: [File]
    }
    let cold: Cold?
}

import FleetModel
import Libvirt
import Migration
import Transfer

/// What a cold move does on its two hosts, a step each: for the move itself, and for the repair of one.
struct ColdSteps: Sendable {
    let plan: MovePlan
    let cold: ColdPlan
    let source: HostLink
    let destination: HostLink

    var definition: ColdDefinition {
        ColdDefinition(guest: plan.guest, source: source, destination: destination)
    }

    func link(_ side: Side) -> HostLink { side == .source ? source : destination }

    // MARK: Looking

    /// What both hosts know of the guest.
    struct Look: Sendable {
        let source: ColdSettlement.Presence
        let destination: ColdSettlement.Presence
        let sourceState: GuestState?
        let destinationState: GuestState?
        var changed: Set<Side> = []
    }

    func look() async -> Look {
        async let here = presence(on: source)
        async let there = presence(on: destination)
        let (mine, other) = await (here, there)
        return Look(
            source: mine.0, destination: other.0, sourceState: mine.1, destinationState: other.1)
    }

    private func presence(on link: HostLink) async -> (ColdSettlement.Presence, GuestState?) {
        do throws(ApusError) {
            guard let guest = try await definition.guest(on: link) else { return (.absent, nil) }
            return (guest.state.isActive ? .active : .defined, guest.state)
        } catch {
            return (.silent, nil)
        }
    }

    // MARK: Before

    /// Makes the directories of what its source keeps for the guest, sees that nobody has a file that is replaced, and lends
    /// the receiver what is there of an earlier time.
    func prepare() async throws(ApusError) {
        for file in cold.files where file.replaces {
            try await StoredFile(path: file.destination, on: destination)
                .refuseOpen(alsoDefined: true, except: plan.guest, to: "replace")
        }
        let own = cold.files.filter { if case .other = $0.part { true } else { false } }
        let directories = own.map { Path.directory(of: $0.destination) }.unique
        let commands =
            directories.map { "mkdir -p -m 711 -- \(RemoteShell.quote($0))" } + lendingOlderImages
        guard !commands.isEmpty else { return }
        _ = try await run(
            commands.joined(separator: " &&\n") + "\n", on: .destination,
            to: "make the files of \(plan.guest) room")
    }

    /// Gives the files their owners, by the names that these have on the source. Images get theirs from libvirt at the
    /// start; a TPM's emulator has to find its state readable.
    func giveOwners() async throws(ApusError) {
        let own = cold.files.filter { if case .other = $0.part { true } else { false } }
        guard !own.isEmpty else { return }
        var pairs = own.map { ($0.path, ArrivedFile(place: $0.destination).waiting) }
        for file in own where file.part == .other(.tpm) {
            let directory = Path.directory(of: file.path)
            pairs += [(directory, directory), (Path.directory(of: directory), Path.directory(of: directory))]
        }
        let tpm = ColdPlaces(guest: plan.guest).tpm
        let answer = try await run(
            "stat -c '%U:%G %a' -- \(pairs.map { RemoteShell.quote($0.0) }.joined(separator: " "))\n",
            on: .source, to: "see whose the files of \(plan.guest) are")
        let lines = answer.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let commands = zip(pairs, lines).compactMap { pair, words -> String? in
            guard words.count == 2 else { return nil }
            let path = RemoteShell.quote(pair.1)
            // Only the emulator of a TPM needs a user of its own; libvirt gives all others theirs.
            let chown = "chown -- \(RemoteShell.quote(words[0])) \(path)"
            return pair.0.hasPrefix(tpm)
                ? "\(chown) && chmod -- \(words[1]) \(path)" : "{ \(chown) 2>/dev/null || :; }"
        }
        _ = try await run(
            commands.joined(separator: " &&\n") + "\n", on: .destination,
            to: "give the files of \(plan.guest) their owners")
    }

    // MARK: Commitment

    /// Makes the guest the destination's. Everything of it may be done again.
    ///
    /// - Returns: what went differently than planned.
    func complete() async throws(ApusError) -> [String] {
        try await putInPlace()
        let document = try await definition.read()
        let snapshots =
            cold.snapshots > 0 ? try await SnapshotRecords(guest: plan.guest, link: source).read() : []
        try await definition.define(document, relocations: cold.relocations)
        if !snapshots.isEmpty {
            try await SnapshotRecords(guest: plan.guest, link: destination).define(snapshots)
        }
        var remarks: [String] = []
        for conclusion in plan.conclusions {
            switch conclusion {
            case .autostart:
                remarks += await ActivationCare(guest: plan.guest).autostart(
                    on: destination, insteadOf: plan.request.keepDefinition ? source : nil)
            case .compareMetadata(_, let definition):
                remarks += try await ActivationCare(guest: plan.guest).compareMetadata(
                    live: definition, definition: definition, on: destination)
            case .setClock, .removeImage, .takeRoom, .watchAddresses, .endRelay: break
            }
        }
        if let saved = cold.saved { try await takeOver(saved) }
        guard let there = try await definition.guest(on: destination), !there.state.isActive else {
            throw ApusError(
                .stateNotKnown, "hand \(plan.guest) over to \(destination.host.name)",
                "\(destination.host.name) does not have it shut off though it was just defined there",
                hint: nil)
        }
        try await giveUpSource()
        return remarks
    }

    /// A saved guest's memory becomes the destination's own.
    func takeOver(_ saved: ColdPlan.Saved) async throws(ApusError) {
        // From here on the source's must not be gone on from.
        try await refuseGoneOn()
        try await definition.takeOver(saved, relocations: cold.relocations)
        await removeArrivedMemory()
    }

    func removeArrivedMemory() async {
        guard let saved = cold.saved else { return }
        _ = try? await run(
            "rm -f -- \(RemoteShell.quote(saved.path))\n", on: .destination,
            to: "remove what arrived of the saved memory of \(plan.guest)")
    }

    /// Sees that the source's guest is as it was when its move began: it does not run, and what was saved of it is there.
    private func refuseGoneOn() async throws(ApusError) {
        guard let here = try await definition.guest(on: source) else { return }
        guard !here.state.isActive else { throw startedMeanwhile(here) }
        guard cold.saved != nil, here.state.kind != .saved else { return }
        throw ApusError(
            .guestBusy, operation,
            "\(plan.guest) is \(here.state) on \(here.host) and was saved when its move began: it was gone on from there",
            hint: "It stays there. Try again: it moves as it is now.")
    }

    /// The source's definition goes, unless the guest was started there meanwhile.
    func giveUpSource() async throws(ApusError) {
        try await refuseGoneOn()
        guard !plan.request.keepDefinition else {
            if cold.saved != nil { try await definition.removeSavedState(on: source) }
            return
        }
        try await definition.undefine(on: source)
        // A guest that was started since the last look goes on running without a definition.
        if let here = try await definition.guest(on: source), here.state.isActive {
            throw startedMeanwhile(here)
        }
    }

    /// Gives the guest on the source back what went with its definition, where it was started in the instant in which that
    /// went.
    func keepSource() async throws(ApusError) {
        guard try await definition.redefineSource() else { return }
        if cold.snapshots > 0 {
            let snapshots = try await SnapshotRecords(guest: plan.guest, link: destination).read()
            try await SnapshotRecords(guest: plan.guest, link: source).define(snapshots)
        }
        if plan.conclusions.contains(.autostart) {
            _ = await ActivationCare(guest: plan.guest).autostart(on: source, insteadOf: nil)
        }
    }

    func startedMeanwhile(_ guest: Guest) -> ApusError {
        ApusError(
            .guestBusy, operation,
            "\(plan.guest) was started on \(guest.host) in the middle of its move: it is \(guest.state) there",
            hint: "It stays there. Move it live now (the same command), or shut it down and try again.")
    }

    var operation: String { "move \(plan.guest) from \(plan.source.name) to \(plan.destination.name)" }

    func run(
        _ script: String, on side: Side, to operation: String, within limit: Duration = .seconds(10)
    ) async throws(ApusError) -> String {
        let host = link(side).host
        guard let words = host.remoteShell else {
            throw ApusError(
                .remoteShellFailed, operation, "\(host.name) has no remote-shell",
                hint: "Give \(host.name) a remote-shell in the inventory, such as [ssh, \(host.name)].")
        }
        return try await RemoteShell(host: host.name, words: words).run(
            script, to: "\(operation) on \(host.name)", within: limit)
    }
}

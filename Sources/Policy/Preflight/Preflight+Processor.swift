import FleetModel

extension Preflight {
    /// The guest's processor against the hosts'.
    static func processor(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        switch facts.cpu {
        case .notKnown(let reason):
            return [
                unread(
                    "processor", "what processor \(facts.guestName) has on \(facts.sourceName)",
                    of: facts.source.host, because: reason,
                    hint: asking(facts.source.host, "dumpxml \(facts.guestName)"))
            ]
        // Without KVM the processor is QEMU's own invention: it hangs on what QEMU there can play alone.
        case .known(let cpu) where !facts.hardware.needsHostProcessor:
            return verdicts(cpu, facts)
        case .known(let cpu) where cpu.mode == .hostPassthrough || cpu.mode == .maximum:
            // libvirt compares named features, and such a guest names none.
            return passthrough(cpu, facts) + drift(cpu, facts)
        case .known(let cpu):
            return verdicts(cpu, facts) + unchecked(cpu, facts) + drift(cpu, facts)
        }
    }

    private static func verdicts(_ cpu: CPUFacts, _ facts: MoveFacts) -> [Finding] {
        switch cpu.destination {
        case .fits: return []
        case .notKnown(let reason):
            return [
                unread(
                    "processor",
                    "whether \(facts.destinationName) can give \(facts.guestName) the processor that it has",
                    of: facts.destination.host, because: reason,
                    hint: asking(facts.destination.host, "domcapabilities"))
            ]
        case .lacks(let reason, let features):
            let lack = Lack(reason: reason, features: features, onSource: cpu.source)
            return [incompatible(lack, cpu, facts), lackingOnBoth(lack, cpu, facts)].compactMap { $0 }
        }
    }

    /// What the destination lacks, set against what the source lacks as well: the guest runs without that.
    private struct Lack {
        let reason: String
        let blocking: [String]
        let onBoth: [String]
        /// Without names, the same reason on both hosts is the same lack.
        let blocksUnnamed: Bool
        let isUnnamedOnBoth: Bool
        /// Why the source's side is not known.
        let doubt: String?

        init(reason: String, features: [String], onSource source: CPUFacts.Verdict) {
            self.reason = reason
            let named = Set(features)
            var lackedToo: Set<String> = []
            var isSameReason = false
            var doubt: String?
            switch source {
            case .fits: break
            case .notKnown(let why): doubt = why
            case .lacks(let sourceReason, let sourceFeatures):
                lackedToo = named.intersection(sourceFeatures)
                isSameReason = reason == sourceReason && sourceFeatures.isEmpty
            }
            self.doubt = doubt
            blocking = named.subtracting(lackedToo).sorted()
            onBoth = lackedToo.sorted()
            blocksUnnamed = named.isEmpty && !isSameReason
            isUnnamedOnBoth = named.isEmpty && isSameReason
        }
    }

    private static func incompatible(_ lack: Lack, _ cpu: CPUFacts, _ facts: MoveFacts) -> Finding? {
        guard !lack.blocking.isEmpty || lack.blocksUnnamed else { return nil }
        let model = cpu.model.map { " (\($0))" } ?? ""
        let what =
            lack.blocking.isEmpty ? "libvirt says: \(lack.reason)" : "it lacks \(list(lack.blocking))"
        let source =
            lack.doubt.map { "; whether \(facts.sourceName) has that is not known because \($0)" } ?? ""
        return Finding(
            .cpuIncompatible, .blocker, host: facts.destinationName, subject: facts.guestName,
            detail: "\(facts.destinationName) cannot give \(facts.guestName) the processor\(model) that it "
                + "has on \(facts.sourceName): \(what)\(source)",
            hint: "Choose another host, or give the guest a processor that both have (apus cpu baseline "
                + "\(facts.sourceName) \(facts.destinationName)) and restart it once.")
    }

    private static func lackingOnBoth(_ lack: Lack, _ cpu: CPUFacts, _ facts: MoveFacts) -> Finding? {
        guard !lack.onBoth.isEmpty || lack.isUnnamedOnBoth else { return nil }
        let what = lack.onBoth.isEmpty ? "something (\(lack.reason))" : list(lack.onBoth)
        return Finding(
            .cpuLackingOnBoth, .note, host: facts.destinationName, subject: facts.guestName,
            detail: "the definition of \(facts.guestName) asks for \(what), which \(facts.sourceName) lacks "
                + "as well as \(facts.destinationName): the guest runs without it already",
            hint: "Nothing to do for the move. To be rid of this note, take it out of the guest's <cpu>.")
    }

    private static func unchecked(_ cpu: CPUFacts, _ facts: MoveFacts) -> [Finding] {
        let isUnchecked =
            cpu.check == "none"
            || cpu.check == nil && (cpu.mode == .custom || cpu.mode == .unspecified)
        guard isUnchecked else { return [] }
        return [
            Finding(
                .cpuFeaturesNotKnown, .note, host: facts.sourceName, subject: facts.guestName,
                detail: "which features \(facts.guestName) really got on \(facts.sourceName) is not known: "
                    + "libvirt never checked its processor\(cpu.model.map { " (\($0))" } ?? "")",
                hint: "Set check='partial' in the guest's <cpu>; it holds from the next start.")
        ]
    }

    private static func drift(_ cpu: CPUFacts, _ facts: MoveFacts) -> [Finding] {
        guard cpu.mode == .hostModel || cpu.definedMode == .hostModel else { return [] }
        return [
            Finding(
                .cpuModelDrift, .note, host: facts.destinationName, subject: facts.guestName,
                detail: "\(facts.guestName) is defined with host-model: it keeps its processor in the move, "
                    + "but its next start on \(facts.destinationName) takes that host's, and it may not be "
                    + "able to go back to \(facts.sourceName)",
                hint: "To pin it, put the guest's present <cpu> (\(facts.source.host.virsh) dumpxml "
                    + "\(facts.guestName)) into its definition.")
        ]
    }

    // MARK: host-passthrough

    private static func passthrough(_ cpu: CPUFacts, _ facts: MoveFacts) -> [Finding] {
        let unreadable = [facts.source, facts.destination].compactMap { host in
            host.details.cpu.reason.map { hostProcessorUnread(host.host, because: $0) }
        }
        guard let source = facts.source.details.cpu.value,
            let destination = facts.destination.details.cpu.value
        else { return unreadable + [notProvable(cpu, compared: "nothing could be compared", facts)] }
        let compared =
            "only the \(count(Set(source.features).count, "feature")) that libvirt knows of "
            + "\(facts.sourceName), model, microcode and TSC frequency were compared"
        return [
            lost(cpu, source, destination, facts), changed(cpu, source, destination, facts),
            notProvable(cpu, compared: compared, facts),
        ].compactMap { $0 }
    }

    static func hostProcessorUnread(_ host: Host, because reason: String) -> Finding {
        unread(
            "host processor", "what the processor of \(host.name) can do", of: host, because: reason,
            hint: asking(host, "domcapabilities"))
    }

    private static func lost(
        _ cpu: CPUFacts, _ source: HostCPU, _ destination: HostCPU, _ facts: MoveFacts
    ) -> Finding? {
        let missing = Set(source.features).subtracting(destination.features).sorted()
        guard !missing.isEmpty else { return nil }
        return Finding(
            .cpuPassthroughDiffers, .blocker, host: facts.destinationName, subject: facts.guestName,
            detail: "\(facts.guestName) sees the processor of \(facts.sourceName) as it is "
                + "(\(cpu.mode.rawValue)), and \(facts.destinationName) lacks \(list(missing))",
            hint: "Choose a host with the same processor, or give the guest one that both have (apus cpu "
                + "baseline \(facts.sourceName) \(facts.destinationName)) and restart it once.")
    }

    private static func changed(
        _ cpu: CPUFacts, _ source: HostCPU, _ destination: HostCPU, _ facts: MoveFacts
    ) -> Finding? {
        let (here, there) = (facts.sourceName, facts.destinationName)
        var differences: [String] = []
        func compare(_ what: String, _ left: String?, _ right: String?) {
            guard left != right else { return }
            differences.append(
                "\(what) \(left ?? "not told") on \(here), \(right ?? "not told") on \(there)")
        }
        compare("vendor", source.vendor, destination.vendor)
        compare("model", source.model, destination.model)
        compare("microcode", source.microcode, destination.microcode)
        if let left = source.timeStampFrequency, let right = destination.timeStampFrequency,
            isOutside(left, tolerance: right), destination.scalesTimeStamps != true
        {
            differences.append("TSC \(left) Hz on \(here), \(right) Hz on \(there)")
        }
        let extra = Set(destination.features).subtracting(source.features).sorted()
        if !extra.isEmpty { differences.append("\(there) alone has \(list(extra))") }
        guard !differences.isEmpty else { return nil }
        return Finding(
            .cpuPassthroughDiffers, .warning, host: there, subject: facts.guestName,
            detail: "\(facts.guestName) sees the processor of \(here) as it is (\(cpu.mode.rawValue)), and "
                + "that of \(there) differs: \(differences.joined(separator: "; "))",
            hint: "Bring both hosts to the same microcode and kernel, or try the move with a guest that may "
                + "crash.")
    }

    private static func notProvable(_ cpu: CPUFacts, compared: String, _ facts: MoveFacts) -> Finding {
        Finding(
            .cpuPassthroughNotProvable, .note, host: facts.destinationName, subject: facts.guestName,
            detail: "whether \(facts.destinationName) gives \(facts.guestName) the very processor of "
                + "\(facts.sourceName) cannot be proven with \(cpu.mode.rawValue), not by libvirt either: "
                + compared,
            hint: "For guests that move, use host-model or a named model: apus cpu baseline "
                + "\(facts.sourceName) \(facts.destinationName)")
    }
}

extension GuestHardware {
    /// Whether the guest runs on the host's own processor rather than on one that QEMU plays.
    var needsHostProcessor: Bool { virtualization != "qemu" }
}

import FleetModel

extension Preflight {
    /// Room for the guest's memory.
    static func memory(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        ordinaryMemory(need(facts), facts) + hugePages(facts)
    }

    /// What the destination has left beside the guest, for moves that begin at the same time; `nil` where that is not
    /// known.
    static func room(_ facts: MoveFacts) -> MovePlan.Room? {
        guard let available = facts.destination.details.availableMemory.value else { return nil }
        let left = leaves(Double(available.bytes), need(facts), facts.destination)
        return MovePlan.Room(
            left: ByteCount(rounding: max(0, left)), counted: facts.destination.details.load.counted ?? [])
    }

    /// What the guest takes of ordinary memory, with QEMU's own.
    private static func need(_ facts: MoveFacts) -> Double {
        let huge = facts.hardware.hugePages.reduce(0.0) { $0 + Double($1.memory.bytes) }
        return max(0, Double(facts.guest.memory.bytes) - huge) + overhead(of: facts.guest)
    }

    /// What QEMU takes besides the guest's memory, an estimate: 64 MiB for the program, its devices and their
    /// caches; 1 % of the memory for page tables (0.2 %) and dirty bitmaps, with room for display memory;
    /// 8 MiB for each virtual processor's thread. Nobody promises a bound, QEMU neither.
    static func overhead(of guest: Guest) -> Double {
        let mebibyte = 0x1p20
        return 64 * mebibyte + Double(guest.memory.bytes) / 100 + 8 * mebibyte * Double(max(0, guest.vcpus))
    }

    private static func ordinaryMemory(_ need: Double, _ facts: MoveFacts) -> [Finding] {
        let host = facts.destination
        let available: Double
        switch (host.details.availableMemory, host.freeMemory) {
        case (.known(let amount), _): available = Double(amount.bytes)
        // Less than what is available: when the guest fits this, the rest need not be known.
        case (.notKnown, let free?) where leaves(Double(free.bytes), need, host) >= tight(host):
            available = Double(free.bytes)
        case (.notKnown(let reason), _):
            return [
                unread(
                    "memory",
                    "whether \(facts.destinationName) has \(ByteCount(rounding: need)) left for "
                        + facts.guestName, of: host.host, because: reason,
                    hint: asking(host.host, "nodememstats"))
            ]
        }
        let left = leaves(available, need, host)
        guard left < tight(host) else { return [] }
        let reserved = host.details.load.reservedMemory
        let promised = reserved == .zero ? "" : ", \(reserved) of it for guests that are arriving"
        let numbers =
            "\(facts.guestName) needs \(ByteCount(rounding: need)) (estimated, with QEMU's own) and "
            + "\(facts.destinationName) has \(ByteCount(rounding: available)) available\(promised)"
        let hint =
            "Free memory on \(facts.destinationName), move another guest away first, or choose another "
            + "host."
        return [
            left < 0
                ? Finding(
                    .memoryShort, .blocker, host: facts.destinationName, subject: "memory",
                    detail: "\(numbers): \(ByteCount(rounding: -left)) too little", hint: hint)
                : Finding(
                    .memoryTight, .warning, host: facts.destinationName, subject: "memory",
                    detail: "\(numbers): less than 5 % of the host's \(host.memory) would be left",
                    hint: hint)
        ]
    }

    private static func leaves(_ available: Double, _ need: Double, _ host: HostFacts) -> Double {
        available - Double(host.details.load.reservedMemory.bytes) - need
    }

    private static func tight(_ host: HostFacts) -> Double { Double(host.memory.bytes) * 0.05 }

    private static func hugePages(_ facts: MoveFacts) -> [Finding] {
        guard !facts.hardware.hugePages.isEmpty else { return [] }
        let host = facts.destination
        guard !host.details.pages.isEmpty else {
            return [
                unread(
                    "huge pages",
                    "whether \(facts.destinationName) has free huge pages for \(facts.guestName)",
                    of: host.host, because: "its libvirt named no page sizes",
                    hint: asking(host.host, "freepages --all"))
            ]
        }
        // Without the host's word, the smallest huge size: the default unless the host was started with
        // another.
        let standard: ByteCount =
            host.details.defaultHugePage?.value
            ?? host.details.pages.map(\.size).filter { $0.bytes > 64 << 10 }.min() ?? .mebibytes(2)
        var needs: [ByteCount: Double] = [:]
        for pages in facts.hardware.hugePages {
            needs[pages.size ?? standard, default: 0] += Double(pages.memory.bytes)
        }
        return needs.sorted { $0.key < $1.key }.compactMap { size, memory in
            let need = (memory / Double(max(1, size.bytes))).rounded(.up)
            let free = host.details.pages.first { $0.size == size }?.free ?? 0
            guard need > Double(free) else { return nil }
            let pages = ByteCount(rounding: need).bytes
            return Finding(
                .hugePagesShort, .blocker, host: facts.destinationName, subject: "\(size)",
                detail: "\(facts.guestName) needs \(pages) huge pages of \(size), and "
                    + "\(facts.destinationName) has \(free) free",
                hint: "On \(facts.destinationName): \(host.host.virsh) allocpages --pagesize "
                    + "\(size.bytes >> 10) --pagecount \(ByteCount(rounding: need - Double(free)).bytes) "
                    + "--add")
        }
    }

    /// Processors and NUMA nodes.
    static func processors(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let (guest, host) = (facts.guest, facts.destination)
        var findings: [Finding] = []
        if guest.vcpus > host.processors {
            findings.append(
                Finding(
                    .vcpusExceedHost, .warning, host: facts.destinationName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(guest.vcpus) virtual processors and "
                        + "\(facts.destinationName) only \(host.processors): they cannot all run at once",
                    hint:
                        "Choose a larger host, or give the guest fewer: \(facts.source.host.virsh) setvcpus "
                        + "\(facts.guestName) \(max(1, host.processors)) --live"))
        }
        if let most = host.details.hypervisor.value?.maximumProcessors, guest.vcpus > most {
            findings.append(
                Finding(
                    .vcpusExceedMachine, .blocker, host: facts.destinationName, subject: facts.guestName,
                    detail: "\(facts.guestName) has \(guest.vcpus) virtual processors, and "
                        + "\(facts.hardware.machine) on \(facts.destinationName) takes \(most) at most",
                    hint: "Give the guest fewer (\(facts.source.host.virsh) setvcpus \(facts.guestName) "
                        + "\(most) --live), or choose another host."))
        }
        return findings
            + missing(
                facts.hardware.pinnedProcessors, of: host.details.processors, .pinnedProcessorMissing,
                "processor",
                "Pin the guest to processors that both hosts have (\(facts.source.host.virsh) "
                    + "vcpupin \(facts.guestName) shows its pinnings and changes them).", facts)
            + missing(
                facts.hardware.numaNodes, of: host.details.numaNodes, .numaNodeMissing, "NUMA node",
                "Bind the guest's memory to nodes that both hosts have (\(facts.source.host.virsh) numatune "
                    + "\(facts.guestName) shows and changes that).", facts)
    }

    /// Numbered parts of the host that the guest is bound to.
    private static func missing(
        _ wanted: [Int], of there: [Int], _ code: Finding.Code, _ noun: String, _ hint: String,
        _ facts: MoveFacts
    ) -> [Finding] {
        guard !wanted.isEmpty else { return [] }
        guard !there.isEmpty else {
            return [
                unread(
                    "\(noun)s",
                    "whether \(facts.destinationName) has the \(noun)s that \(facts.guestName) is "
                        + "bound to", of: facts.destination.host, because: "its libvirt named none",
                    hint: asking(facts.destination.host, "capabilities"))
            ]
        }
        let lost = Set(wanted).subtracting(there).sorted()
        guard !lost.isEmpty else { return [] }
        return [
            Finding(
                code, .blocker, host: facts.destinationName, subject: facts.guestName,
                detail: "\(facts.guestName) is bound to \(noun)\(lost.count == 1 ? "" : "s") "
                    + "\(list(lost.map(String.init))), which \(facts.destinationName) does not have",
                hint: hint)
        ]
    }

    /// Moves under way against what the inventory allows.
    static func slots(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        let (source, destination) = (facts.source, facts.destination)
        var findings = [source, destination].compactMap { host in
            host.details.load.unread.map { reason in
                unread(
                    "moves under way", "how many moves \(host.host.name) takes part in", of: host.host,
                    because: reason, hint: asking(host.host, "list --all"))
            }
        }
        if source.details.load.outgoing >= source.host.maxOutgoing {
            findings.append(
                Finding(
                    .outgoingLimit, .blocker, host: facts.sourceName, subject: facts.sourceName,
                    detail: "\(facts.sourceName) has \(count(source.details.load.outgoing, "guest")) leaving "
                        + "already\(named(source.details.load.leaving)), and its max-outgoing is "
                        + "\(source.host.maxOutgoing)",
                    hint:
                        "Wait for one of them (--wait, apus status), or raise max-outgoing in the inventory.")
            )
        }
        if destination.details.load.incoming >= destination.host.maxIncoming {
            findings.append(
                Finding(
                    .incomingLimit, .blocker, host: facts.destinationName, subject: facts.destinationName,
                    detail:
                        "\(facts.destinationName) has \(count(destination.details.load.incoming, "guest")) "
                        + "arriving already\(named(destination.details.load.arriving)), and its max-incoming is "
                        + "\(destination.host.maxIncoming)",
                    hint:
                        "Wait for one of them (--wait, apus status), or raise max-incoming in the inventory.")
            )
        }
        return findings
    }

    /// Those that this controller knows by name; others' moves are only counted.
    private static func named(_ moves: [String]) -> String {
        moves.isEmpty ? "" : " (\(moves.joined(separator: "; ")))"
    }
}

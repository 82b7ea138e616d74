import FleetModel

/// Reads from the facts what becomes of one disk.
struct DiskReader: Sendable {
    let facts: MoveFacts
    let request: MoveRequest

    private var pools: [HostDetails.Pool] { facts.destination.details.pools.value ?? [] }

    func verdict(on disk: DiskFacts, leavesBaseOut: Bool) -> DiskPlanner.Verdict {
        let seen = SeenImages(disk)
        let wanted = request.disks.places[disk.target]
        if disk.isOnlyRead {
            guard wanted == nil else {
                return refused(disk, "it is only read, and libvirt copies no such disk")
            }
            return .medium(seen.summary)
        }
        if wanted == nil {
            if seen.elsewhere.isEmpty { return seen.unproven.isEmpty ? .shared(seen.summary) : .notProven }
            guard request.disks.copying == .whereNeeded else {
                return refused(disk, "--copy-disks never", hint: Self.shareIt(facts))
            }
        }
        if let obstacle = obstacle(disk) { return refused(disk, obstacle) }
        return order(disk, seen, leavesBaseOut: leavesBaseOut)
    }

    /// Two disks that would go to one file: the second cannot.
    func withoutTwins(_ decisions: [DiskPlanner.Decision]) -> [DiskPlanner.Decision] {
        var taken: [[Substring]: String] = [:]
        return decisions.map { decision in
            guard let order = decision.copy?.order else { return decision }
            guard let other = taken[order.path.split(separator: "/")] else {
                taken[order.path.split(separator: "/")] = order.disk
                return decision
            }
            return DiskPlanner.Decision(
                disk: decision.disk,
                verdict: refused(decision.disk, "disk \(other) goes to \(order.path) already"))
        }
    }

    // MARK: What is in the way

    /// What keeps libvirt, or us, from copying the disk; `nil` when nothing does.
    private func obstacle(_ disk: DiskFacts) -> String? {
        if disk.isShareable { return "it is shareable: others may write to it meanwhile" }
        if disk.isEncrypted { return "it is encrypted by libvirt: its clear text would be sent and written" }
        if disk.device != .disk && disk.device != .floppy { return "it is a SCSI unit passed through" }
        let format = disk.chain.first?.format ?? "raw"
        if format != "raw", format != "qcow2" { return "images of format \(format) are not made by apus" }
        if disk.capacity == nil { return "the libvirt of \(facts.sourceName) does not tell its size" }
        return nil
    }

    private func refused(_ disk: DiskFacts, _ why: String, hint: String? = nil) -> DiskPlanner.Verdict {
        .refused(
            DiskPlanner.Refusal(
                why: why, hint: hint ?? Self.shareIt(facts), isAsked: request.disks.places[disk.target] != nil
            ))
    }

    private static func shareIt(_ facts: MoveFacts) -> String {
        "Put the disk on storage that both hosts see under the same path (NFS, CephFS, GlusterFS, a network disk), "
            + "or mount that storage on \(facts.destinationName) as well."
    }

    private var placeIt: String {
        let names = pools.filter { $0.isActive && $0.directory != nil }.map(\.name)
        let example = names.first ?? "NAME"
        return "pool:\(example)\(names.count > 1 ? " (there are \(Preflight.list(names)))" : "")"
    }

    // MARK: Where it goes

    private func order(
        _ disk: DiskFacts, _ seen: SeenImages, leavesBaseOut: Bool
    ) -> DiskPlanner.Verdict {
        let wanted = request.disks.places[disk.target]
        if let poolTrouble = poolTrouble(wanted) {
            return refused(disk, poolTrouble.why, hint: poolTrouble.hint)
        }
        guard
            let path = disk.chain.first?.location.copyPath(of: disk.target, to: wanted, in: pools),
            path.hasPrefix("/")
        else {
            return refused(
                disk, "\(disk.image) is no file, so its copy needs a place on \(facts.destinationName)",
                hint: "Name one: --disk \(disk.target)=\(placeIt), or a path.")
        }
        if wanted == nil, case .proven = disk.chain.first?.sharing {
            return refused(
                disk, "\(path) itself is on both hosts, so its copy needs another place",
                hint:
                    "Name one: --disk \(disk.target)=\(placeIt), or a path; or bring the images below it to "
                    + "\(facts.destinationName).")
        }
        if let place = disk.place?.value, place.path != path {
            return refused(
                disk, "the facts were read for a copy in \(place.path)", hint: "Read the facts again.")
        }
        let pool = pool(for: path, wanted: wanted)
        guard pool != nil || facts.destination.host.remoteShell != nil else {
            return refused(
                disk,
                "\(facts.destinationName) has no storage pool on \(parentDirectory(of: path)) and no remote-shell to "
                    + "make an image with",
                hint: "Give \(facts.destinationName) a remote-shell in the inventory, or name a pool: --disk "
                    + "\(disk.target)=\(placeIt)")
        }
        let onlyTop = leavesBaseOut && canLeaveBaseOut(disk)
        let base = onlyTop ? disk.chain.dropFirst().first : nil
        let capacity = disk.capacity ?? .zero
        return .copied(
            DiskCopy(
                order: ImageOrder(
                    disk: disk.target, pool: pool, path: path, format: disk.chain.first?.format ?? "raw",
                    capacity: capacity, preallocation: base == nil ? request.disks.preallocation : .none,
                    backing: base?.location.description, backingFormat: base.map { $0.format ?? "raw" }),
                onlyTop: onlyTop, amount: amount(disk, onlyTop: onlyTop),
                reason: reason(disk, seen, onlyTop: onlyTop)))
    }

    func poolTrouble(_ wanted: DiskRequest.Place?) -> (why: String, hint: String)? {
        guard case .pool(let name)? = wanted else { return nil }
        let destination = facts.destination
        let virsh = destination.host.virsh
        if let reason = destination.details.pools.reason {
            return (
                "which storage pools \(destination.host.name) has is not known because \(reason)",
                "See what its libvirt says to \(virsh) pool-list --all, and check again."
            )
        }
        guard let pool = pools.first(where: { $0.name == name }) else {
            let names = pools.map(\.name)
            return (
                "\(destination.host.name) has no storage pool \(name)",
                Spelling.suggestion(for: name, in: names)
                    ?? (names.isEmpty ? "It has none; name a path." : "It has \(Preflight.list(names)).")
            )
        }
        guard pool.directory != nil else {
            return (
                "the storage pool \(name) on \(destination.host.name) is of type \(pool.type), and apus makes images in "
                    + "directories only",
                "Name a pool of type dir, fs or netfs, or a path."
            )
        }
        return pool.isActive
            ? nil
            : (
                "the storage pool \(name) on \(destination.host.name) is not started",
                "Start it: \(virsh) pool-start \(name)"
            )
    }

    /// The pool that the image will be a volume of: libvirt makes and removes it there by itself.
    private func pool(for path: String, wanted: DiskRequest.Place?) -> String? {
        if case .pool(let name)? = wanted { return name }
        let directory = parentDirectory(of: path)
        return pools.first { pool in
            guard pool.isActive, let own = pool.directory else { return false }
            return own.split(separator: "/") == directory.split(separator: "/")
        }?.name
    }

    // MARK: How much of it

    /// Whether the destination is known to have all that is below the image that the guest writes to.
    private func canLeaveBaseOut(_ disk: DiskFacts) -> Bool {
        guard disk.chain.count > 1, disk.isChainComplete, disk.chain.first?.format == "qcow2" else {
            return false
        }
        return disk.chain.dropFirst().allSatisfy { image in
            guard case .proven = image.sharing else { return false }
            switch image.location {
            case .file, .block: return true
            case .network, .other: return false
            }
        }
    }

    private func amount(_ disk: DiskFacts, onlyTop: Bool) -> ByteCount {
        let capacity = disk.capacity ?? .zero
        guard let top = disk.allocation else { return capacity }
        guard !onlyTop else { return top }
        let below = disk.chain.dropFirst().map(\.size)
        guard below.allSatisfy({ $0 != nil }) else { return capacity }
        let all = below.reduce(Double(top.bytes)) { $0 + Double($1?.bytes ?? 0) }
        return disk.chain.count > 1 ? min(ByteCount(rounding: all), max(capacity, top)) : top
    }

    private func reason(_ disk: DiskFacts, _ seen: SeenImages, onlyTop: Bool) -> String {
        let why =
            request.disks.places[disk.target] != nil
            ? "--disk" : "not the same storage on both hosts: \(seen.elsewhere.joined(separator: "; "))"
        guard disk.chain.count > 1 else { return why }
        return onlyTop
            ? "\(why); only what the guest wrote, because \(facts.destinationName) has the images below it"
            : "\(why); with the \(Preflight.count(disk.chain.count - 1, "image")) below it, in one"
    }
}

/// The images of a chain by what was seen of them, each as `PATH: WHAT WAS SEEN`.
struct SeenImages: Sendable {
    var proven: [String] = []
    var elsewhere: [String] = []
    var unproven: [String] = []
    var unrecognized: [String] = []

    init(_ disk: DiskFacts) {
        for image in disk.chain {
            switch image.sharing {
            case .proven(let how, libvirtAgrees: true): proven.append(how)
            case .proven(let how, libvirtAgrees: false):
                proven.append(how)
                unrecognized.append("\(image.location): \(how)")
            case .different(let how), .absent(let how): elsewhere.append("\(image.location): \(how)")
            case .notProven(let why): unproven.append("\(image.location): \(why)")
            }
        }
    }

    /// All that was seen, in one line.
    var summary: String { (proven + elsewhere + unproven).joined(separator: "; ") }
}

extension DiskFacts {
    /// Whether the guest cannot change it.
    var isOnlyRead: Bool { isReadOnly || device == .cdrom }

    /// Where the image is that the guest writes to.
    var image: String { chain.first?.location.description ?? "no medium" }
}

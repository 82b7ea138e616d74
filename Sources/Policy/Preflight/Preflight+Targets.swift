import FleetModel

extension Preflight {
    /// What a copy of the disks that are not shared would find on the destination.
    static func targets(_ facts: MoveFacts) -> [Finding] {
        // Copies that go to one directory share its space.
        var promised: [String: Double] = [:]
        return facts.disks.flatMap { disk -> [Finding] in
            switch disk.place {
            case nil: return []
            case .notKnown(let reason)?:
                return [
                    unread(
                        disk.target,
                        "whether a copy of disk \(disk.target) of \(facts.guestName) fits "
                            + facts.destinationName, of: facts.destination.host, because: reason)
                ]
            case .known(let place)?:
                let space = (disk.allocation ?? disk.capacity).map { Double($0.bytes) }
                let before = promised[disk.directory, default: 0]
                promised[disk.directory] = before + (space ?? 0)
                return target(disk, place, needs: space, before: before, facts)
            }
        }
    }

    private static func target(
        _ disk: DiskFacts, _ place: DiskFacts.Place, needs space: Double?, before: Double, _ facts: MoveFacts
    ) -> [Finding] {
        let host = facts.destinationName
        func finding(_ code: Finding.Code, _ detail: String, _ hint: String) -> Finding {
            Finding(
                code, .blocker, host: host, subject: disk.target,
                detail: "a copy of disk \(disk.target) of \(facts.guestName) cannot go to \(disk.image) on "
                    + "\(host): \(detail)", hint: hint)
        }
        guard place.directoryExists else {
            return [
                finding(
                    .targetDirectoryMissing, "there is no directory \(disk.directory)",
                    "Create it on \(host), or mount there what \(facts.sourceName) has under that path.")
            ]
        }
        var findings: [Finding] = []
        if place.exists {
            findings.append(
                finding(
                    .targetExists, "a file of that name is there already, and would be overwritten",
                    "See whose it is (on \(host): qemu-img info -U \(disk.image)), then move it aside."))
        }
        if !place.isWritable {
            findings.append(
                finding(
                    .targetNotWritable, "it cannot be written",
                    "See what holds it on \(host): a read-only mount, permissions of \(disk.directory), "
                        + "SELinux or AppArmor."))
        }
        if let space, space + before > Double(place.free.bytes) {
            let others =
                before > 0 ? " besides \(ByteCount(rounding: before)) of this guest's other disks" : ""
            findings.append(
                finding(
                    .targetSpaceShort,
                    "it needs \(ByteCount(rounding: space))\(others), and \(place.free) are free: "
                        + "\(ByteCount(rounding: space + before - Double(place.free.bytes))) too little",
                    "Make room in \(disk.directory) on \(host) (df -h \(disk.directory))."))
        } else if space == nil {
            findings.append(
                unread(
                    disk.target,
                    "how much space a copy of disk \(disk.target) of \(facts.guestName) needs on "
                        + host,
                    of: facts.source.host, because: "its libvirt tells neither its size nor its allocation",
                    hint: asking(facts.source.host, "domblkinfo \(facts.guestName) \(disk.target)")))
        }
        return findings
    }
}

extension DiskFacts {
    /// The directory of the image that the guest writes to.
    fileprivate var directory: String { parentDirectory(of: image) }
}

/// The path without its last component.
func parentDirectory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

extension ByteCount {
    /// The nearest count that can be represented.
    init(rounding bytes: Double) {
        self.init(bytes >= 0x1p64 ? .max : bytes > 0 ? UInt64(bytes) : 0)
    }
}

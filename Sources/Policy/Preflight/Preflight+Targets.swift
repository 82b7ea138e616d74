import FleetModel

extension Preflight {
    /// What the copies would find where they go.
    static func targets(_ planner: DiskPlanner) -> [Finding] {
        let facts = planner.facts
        // Copies that go to one directory share its space.
        var promised: [String: Double] = [:]
        return planner.decisions.flatMap { decision -> [Finding] in
            guard let copy = decision.copy else { return [] }
            switch decision.disk.place ?? .notKnown("it was not looked at") {
            case .notKnown(let reason):
                return [
                    unread(
                        copy.order.disk,
                        "whether a copy of disk \(copy.order.disk) of \(facts.guestName) fits "
                            + facts.destinationName, of: facts.destination.host, because: reason)
                ]
            case .known(let place):
                let directory = parentDirectory(of: copy.order.path)
                let before = promised[directory, default: 0]
                promised[directory] = before + Double(copy.space.bytes)
                let target = Target(disk: copy.order.disk, path: copy.order.path, space: copy.space)
                return self.target(target, place, before: before, facts)
            }
        }
    }

    /// A file that is about to be made.
    struct Target {
        let disk: String
        let path: String
        let space: ByteCount
        /// Whether what is there may be replaced, because it is the guest's own.
        var mayReplace = false
    }

    static func target(
        _ target: Target, _ place: DiskFacts.Place, before: Double, _ facts: MoveFacts
    ) -> [Finding] {
        let host = facts.destinationName
        let path = target.path
        let directory = parentDirectory(of: path)
        func finding(_ code: Finding.Code, _ detail: String, _ hint: String) -> Finding {
            Finding(
                code, .blocker, host: host, subject: target.disk,
                detail: "a copy of disk \(target.disk) of \(facts.guestName) cannot go to \(path) on "
                    + "\(host): \(detail)", hint: hint)
        }
        let elsewhere = "or put it elsewhere: --disk \(target.disk)=PLACE."
        guard place.directoryExists else {
            return [
                finding(
                    .targetDirectoryMissing, "there is no directory \(directory)",
                    "Create it on \(host), \(elsewhere)")
            ]
        }
        var findings: [Finding] = []
        if place.exists, !target.mayReplace {
            findings.append(
                finding(
                    .targetExists, "a file of that name is there already, and is never overwritten",
                    "See whose it is (on \(host): qemu-img info -U \(path)), then move it aside, \(elsewhere)"
                ))
        }
        if !place.isWritable {
            findings.append(
                finding(
                    .targetNotWritable, "it cannot be written",
                    "See what holds it on \(host): a read-only mount, permissions of \(directory), "
                        + "SELinux or AppArmor."))
        }
        let space = Double(target.space.bytes)
        if space + before > Double(place.free.bytes) {
            let others =
                before > 0 ? " besides \(ByteCount(rounding: before)) of this guest's other disks" : ""
            findings.append(
                finding(
                    .targetSpaceShort,
                    "it needs \(target.space)\(others), and \(place.free) are free: "
                        + "\(ByteCount(rounding: space + before - Double(place.free.bytes))) too little",
                    "Make room in \(directory) on \(host) (df -h \(directory)), \(elsewhere)"))
        }
        return findings
    }
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

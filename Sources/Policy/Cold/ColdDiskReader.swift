import FleetModel

/// Reads from the facts what becomes of one disk of a guest that does not run.
struct ColdDiskReader: Sendable {
    let facts: MoveFacts
    let request: MoveRequest

    private var pools: [HostDetails.Pool] { facts.destination.details.pools.value ?? [] }

    func verdict(on disk: DiskFacts) -> ColdPlanner.Verdict {
        let seen = SeenImages(disk)
        let wanted = request.disks.places[disk.target]
        if disk.isOnlyRead {
            guard wanted == nil else {
                return refused(disk, "it is only read: both hosts need it under one path")
            }
            return .medium(seen.summary)
        }
        if wanted == nil {
            if seen.elsewhere.isEmpty { return seen.unproven.isEmpty ? .shared(seen.summary) : .notProven }
            guard request.disks.copying == .whereNeeded else { return refused(disk, "--copy-disks never") }
        }
        if disk.isShareable { return refused(disk, "it is shareable: other guests may have it open") }
        if let trouble = DiskReader(facts: facts, request: request).poolTrouble(wanted) {
            return refused(disk, trouble.why, hint: trouble.hint)
        }
        return sendings(disk, wanted)
    }

    private func sendings(_ disk: DiskFacts, _ wanted: DiskRequest.Place?) -> ColdPlanner.Verdict {
        var sendings: [ColdPlanner.Sending] = []
        for (number, image) in disk.chain.enumerated() {
            let isTop = number == 0
            // What the guest left there when it went away.
            let isOurs = facts.cold?.ours.contains(image.location.description) == true
            switch image.sharing {
            case .proven where !isTop || wanted == nil: continue
            case .notProven where (!isTop || wanted == nil) && !isOurs: return .notProven
            case .proven, .notProven, .absent, .different: break
            }
            guard case .file(let path) = image.location else {
                return refused(
                    disk, "\(image.location) is no file, and apus sends files only",
                    hint: "Make it a network disk, or a device that both hosts see with one WWN or serial.")
            }
            // What lies there under its name is somebody's base.
            if !isTop, !isOurs, case .different(let how) = image.sharing {
                return refused(
                    disk, "the image below it, \(path), is another one on \(facts.destinationName): \(how)",
                    hint:
                        "Put the right one there, or give the disk a base of another name (qemu-img rebase).")
            }
            guard
                let destination = isTop
                    ? image.location.copyPath(of: disk.target, to: wanted, in: pools) : path,
                destination.hasPrefix("/")
            else {
                return refused(
                    disk, "where it is to go on \(facts.destinationName) is not known",
                    hint: "Name a place: --disk \(disk.target)=pool:NAME, or a path.")
            }
            if isTop, destination != path, disk.chain.count > 1,
                facts.cold?.relativeBackings.contains(path) == true
            {
                return refused(
                    disk,
                    "the image below it is named relative to \(path), and would not be found from elsewhere",
                    hint:
                        "Leave --disk \(disk.target) out, or have the base named by its whole path: qemu-img "
                        + "rebase -u.")
            }
            let place = (isTop ? disk.place : image.place) ?? .notKnown("it was not looked at")
            sendings.append(
                ColdPlanner.Sending(
                    file: ColdPlan.File(
                        part: .disk(disk.target, isTop: isTop), path: path, destination: destination,
                        size: image.size, replaces: place.value?.exists == true && (isTop || isOurs)),
                    place: place))
        }
        return sendings.isEmpty ? .shared(SeenImages(disk).summary) : .sent(sendings)
    }

    /// Two files that would go to one place: the second cannot. One image below two disks is one file.
    func withoutTwins(_ decisions: [ColdPlanner.Decision]) -> [ColdPlanner.Decision] {
        var taken: [[Substring]: String] = [:]
        return decisions.map { decision in
            for file in decision.sendings.map(\.file) {
                let place = file.destination.split(separator: "/")
                if let other = taken[place], other != file.path {
                    return ColdPlanner.Decision(
                        disk: decision.disk,
                        verdict: refused(
                            decision.disk, "\(other) goes to \(file.destination) already",
                            hint:
                                "Name another place for one of them: --disk \(decision.disk.target)=/path/to/file."
                        ))
                }
                taken[place] = file.path
            }
            return decision
        }
    }

    private func refused(_ disk: DiskFacts, _ why: String, hint: String? = nil) -> ColdPlanner.Verdict {
        .refused(
            DiskPlanner.Refusal(
                why: why,
                hint: hint ?? "Put the disk on storage that both hosts see under the same path.",
                isAsked: request.disks.places[disk.target] != nil))
    }
}

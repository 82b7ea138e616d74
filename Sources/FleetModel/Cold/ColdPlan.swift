/// What a move of a guest that does not run carries besides its definition.
package struct ColdPlan: Sendable, Hashable, Codable {
    /// What a file is of the guest's.
    package enum Part: Sendable, Hashable, Codable {
        /// An image of the disk with this target; `isTop` is the one that the guest writes to.
        case disk(String, isTop: Bool)
        case other(ColdFacts.Kind)
    }

    /// A file that goes along.
    package struct File: Sendable, Hashable, Codable {
        package let part: Part
        /// On the source.
        package let path: String
        /// On the destination.
        package let destination: String
        /// What it takes up on the source, as far as that is known.
        package let size: ByteCount?
        /// Whether a file of that name is there already, and is replaced; what both have in common is not sent again.
        package let replaces: Bool

        /// Whether it is a disk's.
        package var isImage: Bool {
            if case .disk = part { true } else { false }
        }

        /// Whether it is what the guest's firmware or its TPM keeps: nobody else has it.
        package var isState: Bool { part == .other(.firmware) || part == .other(.tpm) }

        package init(part: Part, path: String, destination: String, size: ByteCount?, replaces: Bool) {
            self.part = part
            self.path = path
            self.destination = destination
            self.size = size
            self.replaces = replaces
        }
    }

    package let files: [File]
    /// Images that nobody may write to while the guest is on its way: those that go along, and those that both hosts see.
    package let held: [String]
    /// Where disks are on the destination that do not keep their path, by target.
    package let relocations: [String: String]
    /// How many snapshots the guest has; their data is in its images.
    package let snapshots: Int
    /// The guest has its memory in a file, and is to go on from there.
    package let saved: Saved?

    /// The memory of a saved guest.
    package struct Saved: Sendable, Hashable, Codable {
        /// Where it arrives; the destination's libvirt makes a file of its own of it.
        package let path: String
        /// Whether the guest runs on at its next start, or stands paused.
        package let runs: Bool

        package init(path: String, runs: Bool) {
            self.path = path
            self.runs = runs
        }
    }

    package init(
        files: [File], held: [String], relocations: [String: String], snapshots: Int, saved: Saved?
    ) {
        self.files = files
        self.held = held
        self.relocations = relocations
        self.snapshots = snapshots
        self.saved = saved
    }

    /// What the files take up on the source, as far as that is known.
    package var size: ByteCount { ByteCount(files.reduce(0) { $0 + ($1.size?.bytes ?? 0) }) }
}

extension ColdPlan.Part {
    /// For people.
    package var text: String {
        switch self {
        case .disk(let target, isTop: true): "disk \(target)"
        case .disk(let target, isTop: false): "image below disk \(target)"
        case .other(.firmware): "UEFI variables"
        case .other(.tpm): "TPM state"
        case .other(.log): "log"
        case .other(.savedState): "saved memory"
        }
    }
}

extension MovePlan {
    /// What a cold move does, a line each, for people.
    func steps(_ cold: ColdPlan) -> [String] {
        var steps: [String] = []
        if request.isWarm {
            steps.append(
                "save \(guest.name) on \(source.name): from here on it stands still, as its memory goes to a file"
            )
        }
        if !cold.held.isEmpty, !cold.files.isEmpty {
            steps.append("keep every QEMU of \(source.name) from writing to the images of \(guest.name)")
        }
        steps += cold.files.map { file in
            let place = file.path == file.destination ? "" : " to \(file.destination)"
            let size = file.size.map { " (\($0))" } ?? ""
            let older =
                file.isImage
                ? ", only what differs from the file that is there"
                : ", in the place of the file that is there"
            return "send the \(file.part.text) \(file.path)\(place)\(size)"
                + (file.replaces && (file.isImage || file.isState) ? older : "")
        }
        steps.append("define \(guest.name) on \(destination.name), when all of that is there and checked")
        if cold.snapshots > 0 { steps.append("make its snapshots known on \(destination.name)") }
        if cold.saved != nil {
            steps.append(
                "have \(destination.name) take its saved memory over, paused, and save it as its own")
        }
        steps.append(
            request.keepDefinition
                ? "keep the definition on \(source.name)"
                : "undefine it on \(source.name), leaving its files where they are")
        steps += conclusions.map { "\($0.operation) (\(host($0.side).name))" }
        if request.isWarm {
            steps.append("let it go on on \(destination.name)")
        } else if request.starts {
            steps.append("start it on \(destination.name)")
        }
        return steps
    }
}

/// What ties a guest to processors and memory of its host. Sets are texts in libvirt's notation; ``CPUSet``
/// reads them.
extension GuestDefinition {
    /// One processor or thread and the host's processors that it may run on.
    package struct Pin: Sendable, Equatable {
        package let number: Int
        package let set: String
    }

    package struct ProcessorPinning: Sendable, Equatable {
        /// Where all of the guest's processors may run unless pinned alone: `<vcpu cpuset='…'>`.
        package let processors: String?
        /// By number of the guest's processor: `<vcpupin>`.
        package let pins: [Pin]
        package let emulator: String?
        /// By number of the I/O thread, from 1.
        package let ioThreads: [Pin]
    }

    /// nil when nothing is pinned.
    package var processorPinning: ProcessorPinning? {
        let pinning = ProcessorPinning(
            processors: root.attribute("cpuset", at: "vcpu"),
            pins: root.all("cputune/vcpupin").compactMap { Pin($0, numberedBy: "vcpu") },
            emulator: root.attribute("cpuset", at: "cputune/emulatorpin"),
            ioThreads: root.all("cputune/iothreadpin").compactMap { Pin($0, numberedBy: "iothread") })
        let isEmpty =
            pinning.processors == nil && pinning.pins.isEmpty && pinning.emulator == nil
            && pinning.ioThreads.isEmpty
        return isEmpty ? nil : pinning
    }

    package struct NUMATuning: Sendable, Equatable {
        /// One cell of the guest: `<memnode>`.
        package struct Cell: Sendable, Equatable {
            package let cell: Int
            package let mode: String?
            package let nodeSet: String?
        }

        /// `strict`, `preferred`, `interleave` or `restrictive`.
        package let mode: String?
        /// Cells of the host.
        package let nodeSet: String?
        package let cells: [Cell]
    }

    /// nil when the host may take memory from wherever it likes.
    package var numaTuning: NUMATuning? {
        guard let tuning = root.first("numatune") else { return nil }
        return NUMATuning(
            mode: tuning.attribute("mode", at: "memory"), nodeSet: tuning.attribute("nodeset", at: "memory"),
            cells: tuning.all("memnode").compactMap { node in
                node.number("cellid").map {
                    NUMATuning.Cell(cell: $0, mode: node["mode"], nodeSet: node["nodeset"])
                }
            })
    }

    /// A NUMA cell that the guest is shown.
    package struct NUMACell: Sendable, Equatable {
        package let id: Int?
        /// The guest's processors in it.
        package let processors: String?
        package let memoryBytes: UInt64?
        /// `shared` or `private`; nil is what ``MemoryBacking`` says.
        package let memoryAccess: String?
    }

    /// Empty for a guest that sees no NUMA.
    package var numaCells: [NUMACell] {
        root.all("cpu/numa/cell").map { cell in
            NUMACell(
                id: cell.number("id"), processors: cell["cpus"],
                memoryBytes: cell["memory"].flatMap { MemoryUnit.bytes($0, in: cell["unit"]) },
                memoryAccess: cell["memAccess"])
        }
    }
}

extension GuestDefinition.Pin {
    fileprivate init?(_ element: Element, numberedBy attribute: String) {
        guard let number: Int = element.number(attribute), let set = element["cpuset"] else { return nil }
        self.number = number
        self.set = set
    }
}

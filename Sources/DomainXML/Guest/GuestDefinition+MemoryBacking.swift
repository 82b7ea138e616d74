/// What the guest's memory is made of on its host.
extension GuestDefinition {
    package struct MemoryBacking: Sendable, Equatable {
        package struct HugePages: Sendable, Equatable {
            /// nil is the host's default size.
            package let sizeBytes: UInt64?
            /// The guest's NUMA cells that have them; nil is all.
            package let nodeSet: String?
        }

        package enum Source: Sendable, Equatable {
            case file
            case memfd
            case anonymous
            case other(String)
        }

        /// Empty for ordinary pages.
        package let hugePages: [HugePages]
        /// Whether the host must keep all of it in memory.
        package let isLocked: Bool
        /// nil is the host's choice.
        package let source: Source?
        /// `shared` or `private`; nil is the host's choice.
        package let access: String?
    }

    /// nil when the definition leaves all of it to the host.
    package var memoryBacking: MemoryBacking? {
        guard let backing = root.first("memoryBacking") else { return nil }
        var hugePages = backing.all("hugepages/page").map { page in
            MemoryBacking.HugePages(
                sizeBytes: page["size"].flatMap { MemoryUnit.bytes($0, in: page["unit"]) },
                nodeSet: page["nodeset"])
        }
        if hugePages.isEmpty, backing.contains("hugepages") {
            hugePages = [MemoryBacking.HugePages(sizeBytes: nil, nodeSet: nil)]
        }
        return MemoryBacking(
            hugePages: hugePages, isLocked: backing.contains("locked"),
            source: backing.attribute("type", at: "source").map(MemoryBacking.Source.init),
            access: backing.attribute("mode", at: "access"))
    }

    /// A memory module: `<memory>` below `<devices>`.
    package struct MemoryDevice: Sendable, Equatable {
        package enum Model: Sendable, Equatable {
            case dimm
            case nvdimm
            case virtioMemory
            case virtioPersistentMemory
            case other(String)
        }

        package let model: Model
        /// nil when the document does not say, or not legibly.
        package let sizeBytes: UInt64?
        /// The file or device that holds it, for nvdimm and virtio-pmem.
        package let path: String?
        /// Whether its place is fixed; without, the destination may plug it in elsewhere and the move fails.
        package let hasSlotAndBase: Bool
    }

    package var memoryDevices: [MemoryDevice] {
        root.all("devices/memory").map { device in
            let address = device.first("address")
            return MemoryDevice(
                model: .init(device["model"] ?? ""), sizeBytes: device.first("target/size")?.memoryBytes,
                path: device.text(at: "source/path"),
                hasSlotAndBase: address?["slot"] != nil && address?["base"] != nil)
        }
    }
}

extension GuestDefinition.MemoryBacking.Source {
    fileprivate init(_ name: String) {
        switch name {
        case "file": self = .file
        case "memfd": self = .memfd
        case "anonymous": self = .anonymous
        default: self = .other(name)
        }
    }
}

extension GuestDefinition.MemoryDevice.Model {
    fileprivate init(_ name: String) {
        switch name {
        case "dimm": self = .dimm
        case "nvdimm": self = .nvdimm
        case "virtio-mem": self = .virtioMemory
        case "virtio-pmem": self = .virtioPersistentMemory
        default: self = .other(name)
        }
    }
}

/// How processors and memory lie in a host.
extension HostCapabilities {
    /// A NUMA cell.
    package struct Cell: Sendable, Equatable {
        package struct Pages: Sendable, Equatable {
            package let sizeBytes: UInt64
            /// How many there are, free or not.
            package let count: UInt64
        }

        package struct Distance: Sendable, Equatable {
            package let cell: Int
            /// 10 for the cell itself, more for one further away.
            package let value: Int
        }

        package let id: Int
        /// nil when the host does not say.
        package let memoryBytes: UInt64?
        /// The numbers of its logical processors.
        package let processors: [Int]
        package let pages: [Pages]
        package let distances: [Distance]
    }
}

extension HostCapabilities.Cell {
    /// nil without a number, which libvirt always writes.
    init?(_ element: Element) {
        guard let id: Int = element.number("id") else { return nil }
        self.id = id
        memoryBytes = element.first("memory")?.memoryBytes
        processors = element.all("cpus/cpu").compactMap { $0.number("id") }
        pages = element.all("pages").compactMap { pages in
            guard let size = pages.pageSizeBytes, let count = UInt64(Element.trim(pages.text)) else {
                return nil
            }
            return Pages(sizeBytes: size, count: count)
        }
        distances = element.all("distances/sibling").compactMap { sibling in
            guard let cell: Int = sibling.number("id"), let value: Int = sibling.number("value") else {
                return nil
            }
            return Distance(cell: cell, value: value)
        }
    }
}

extension Element {
    /// The `size` and `unit` of `<pages>`.
    var pageSizeBytes: UInt64? {
        self["size"].flatMap { MemoryUnit.bytes($0, in: self["unit"]) }
    }
}

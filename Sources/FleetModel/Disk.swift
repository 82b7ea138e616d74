/// One disk of a guest, as far as a plain live move has to know it.
package struct Disk: Sendable, Hashable, Codable {
    /// Where the bytes are.
    package enum Source: Sendable, Hashable, Codable {
        case file(String)
        case block(String)
        case network(String)
        /// An empty drive.
        case none
        /// A kind that this build does not know, by libvirt's name.
        case other(String)
    }

    /// As the guest sees it: `vda`.
    package let target: String
    package let source: Source
    package let isReadOnly: Bool
    package let storage: Storage

    /// Whether both hosts see the same bytes, as far as it was looked at.
    package enum Storage: Sendable, Hashable, Codable {
        /// Nothing that a move would have to share: read-only, empty.
        case notNeeded
        /// On a file system that libvirt counts as shared, by its name; or a network disk.
        case shared(String)
        /// On a file system of this host alone, by its name.
        case local(String)
        /// It could not be read, because.
        case notKnown(String)
    }

    package init(target: String, source: Source, isReadOnly: Bool, storage: Storage) {
        self.target = target
        self.source = source
        self.isReadOnly = isReadOnly
        self.storage = storage
    }
}

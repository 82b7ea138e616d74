/// One disk of a guest, and what is known of its storage on both hosts.
package struct DiskFacts: Sendable, Hashable, Codable {
    package enum Device: String, Sendable, Hashable, Codable {
        case disk, cdrom, floppy, lun, other
    }

    /// As the guest sees it: `vda`.
    package var target: String
    package var device: Device = .disk
    /// The image that the guest writes to first, then its backing images to the end; empty for an empty drive.
    package var chain: [Image] = []
    /// Whether the last image of the chain is known to have no further one.
    package var isChainComplete = true
    package var isReadOnly = false
    package var isShareable = false
    /// Whether libvirt throws the guest's writes away when it stops.
    package var isTransient = false
    /// Whether libvirt opens it with a secret: the guest sees clear text that stands nowhere.
    package var isEncrypted = false
    /// libvirt's cache mode; `nil` is QEMU's default, write-back.
    package var cache: String?
    /// What copies, commits or mirrors this disk now, in libvirt's word; `nil` when nothing does.
    package var job: String?
    /// What the guest sees; `nil` where libvirt does not tell.
    package var capacity: ByteCount?
    /// What it takes on the source's storage.
    package var allocation: ByteCount?
    /// How fast the guest wrote to it just now; `nil` where that was not measured.
    package var writes: ByteRate?
    /// Other guests that are running with the same image, as `guest on host`.
    package var otherUsers: [String] = []
    /// Why that list may lack some; `nil` when it is whole.
    package var otherUsersUnread: String?
    /// What a copy would find on the destination; `nil` when nothing would be copied.
    package var place: Reading<Place>?

    package init(target: String) {
        self.target = target
    }

    /// Where bytes are, by libvirt's kinds of disk source.
    package enum Location: Sendable, Hashable, Codable, CustomStringConvertible {
        case file(String)
        case block(String)
        case network(String)
        /// A kind that this build does not know, by libvirt's name.
        case other(String)

        package var description: String {
            switch self {
            case .file(let path), .block(let path), .network(let path), .other(let path): path
            }
        }
    }

    /// One image of a chain.
    package struct Image: Sendable, Hashable, Codable {
        package let location: Location
        /// `raw`, `qcow2`; `nil` where the definition leaves it open.
        package let format: String?
        package let sharing: Sharing
        /// What it takes up as a file on the source, without holes; `nil` where that is not known.
        package let size: ByteCount?
        /// What a file of the same path would find on the destination; `nil` when nobody needs to know.
        package var place: Reading<Place>?

        package init(location: Location, format: String?, sharing: Sharing, size: ByteCount? = nil) {
            self.location = location
            self.format = format
            self.sharing = sharing
            self.size = size
        }
    }

    /// Whether both hosts have the same bytes under this name.
    package enum Sharing: Sendable, Hashable, Codable {
        /// Yes, and how that was seen; and whether libvirt itself counts such storage as shared.
        case proven(String, libvirtAgrees: Bool)
        /// No, and how that was seen.
        case different(String)
        /// Not there on the destination.
        case absent(String)
        /// Nobody can tell, because.
        case notProven(String)
    }

    /// The destination of a copy.
    package struct Place: Sendable, Hashable, Codable {
        /// Where the copy would be.
        package let path: String
        /// Whether a file of that name is there already.
        package let exists: Bool
        /// Whether the directory is there.
        package let directoryExists: Bool
        package let isWritable: Bool
        package let free: ByteCount

        package init(
            path: String, exists: Bool, directoryExists: Bool, isWritable: Bool, free: ByteCount
        ) {
            self.path = path
            self.exists = exists
            self.directoryExists = directoryExists
            self.isWritable = isWritable
            self.free = free
        }
    }
}

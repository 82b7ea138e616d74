/// Where the content of a disk, or of an image below it, is kept.
package struct DiskSource: Sendable, Equatable {
    package enum Location: Sendable, Equatable {
        case file(path: String)
        case block(device: String)
        case directory(path: String)
        case network(NetworkImage)
        case volume(pool: String, name: String)
        /// An NVMe drive handed to QEMU, by the host's PCI address in libvirt's notation.
        case nvme(address: String)
        case vhostUser(socket: String)
        case vhostVDPA(device: String)
        /// A type that is new here, or one without what its type needs.
        case other(type: String)
    }

    /// An image behind a network protocol.
    package struct NetworkImage: Sendable, Equatable {
        package struct Host: Sendable, Equatable {
            package let name: String?
            package let port: Int?
            /// `tcp`, `rdma` or `unix`; nil is tcp.
            package let transport: String?
            /// The path, for `unix`.
            package let socket: String?

            package init(name: String?, port: Int? = nil, transport: String? = nil, socket: String? = nil) {
                self.name = name
                self.port = port
                self.transport = transport
                self.socket = socket
            }
        }

        /// Such as `rbd`, `nbd`, `iscsi`, `gluster`.
        package let `protocol`: String
        package let name: String?
        package let hosts: [Host]

        package init(protocol: String, name: String?, hosts: [Host]) {
            self.protocol = `protocol`
            self.name = name
            self.hosts = hosts
        }
    }

    package let location: Location
    /// Such as `qcow2` or `raw`; nil when the definition does not say.
    package let format: String?

    package init(location: Location, format: String?) {
        self.location = location
        self.format = format
    }
}

extension DiskSource {
    /// Reads `<disk>`, `<backingStore>` or `<mirror>`, which are alike: a `type` and a `<source>`.
    ///
    /// - Returns: nil without a source, such as for an empty drive.
    init?(in element: Element, format: String?) {
        guard let source = element.first("source"),
            let location = Location(type: element["type"] ?? "file", source: source)
        else { return nil }
        self.init(location: location, format: format)
    }
}

extension DiskSource.Location {
    fileprivate init?(type: String, source: Element) {
        switch type {
        case "file":
            guard let path = source["file"] else { return nil }
            self = .file(path: path)
        case "block":
            guard let device = source["dev"] else { return nil }
            self = .block(device: device)
        case "dir":
            guard let path = source["dir"] else { return nil }
            self = .directory(path: path)
        case "network":
            self = .network(DiskSource.NetworkImage(source))
        case "volume":
            guard let pool = source["pool"], let name = source["volume"] else { return nil }
            self = .volume(pool: pool, name: name)
        case "nvme":
            self = source.first("address").flatMap(Self.nvme) ?? .other(type: type)
        case "vhostuser":
            self = source["path"].map { .vhostUser(socket: $0) } ?? .other(type: type)
        case "vhostvdpa":
            self = source["dev"].map { .vhostVDPA(device: $0) } ?? .other(type: type)
        default:
            self = .other(type: type)
        }
    }

    private static func nvme(_ address: Element) -> Self? {
        guard let bus = address["bus"], let slot = address["slot"], let function = address["function"] else {
            return nil
        }
        return .nvme(address: "\(address["domain"] ?? "0x0000"):\(bus):\(slot).\(function)")
    }
}

extension DiskSource.NetworkImage {
    fileprivate init(_ source: Element) {
        self.init(
            protocol: source["protocol"] ?? "", name: source["name"],
            hosts: source.all("host").map { host in
                Host(
                    name: host["name"], port: host["port"].flatMap { Int($0) }, transport: host["transport"],
                    socket: host["socket"])
            })
    }
}

/// What a move may have to change in a definition before the destination takes it.
extension GuestDefinition {
    /// - Throws: `notFound`, `notWritable`; libvirt itself refuses a `/` in a name.
    package mutating func setName(_ name: String) throws(XMLError) {
        try document.root.setText(name, at: "name")
    }

    /// Points a disk somewhere else. What `<source>` holds besides the location stays (labels, encryption); a
    /// `<backingStore>`, which described the chain below the old image, goes.
    ///
    /// - Throws: `notFound`; `notWritable` for NVMe, vhost-user and types unknown here.
    package mutating func setSource(ofDisk target: String, to location: DiskSource.Location) throws(XMLError)
    {
        let (type, attributes) = try location.written
        let count = try document.root.update(
            "devices/disk", where: { $0.attribute("dev", at: "target") == target }
        ) { (disk) throws(XMLError) in
            try disk.setAttribute("type", to: type)
            disk.removeChildren { $0.isNamed("backingStore") }
            if !disk.contains("source") { disk.append(try Element("source")) }
            try disk.updateFirst("source") { (source) throws(XMLError) in
                try source.replaceAttributes(DiskSource.Location.attributeNames, with: attributes)
                source.removeChildren { $0.isNamed("host") || $0.isNamed("address") }
                guard case .network(let image) = location else {
                    source.removeChildren { DiskSource.Location.networkOnly.contains($0.name) }
                    return
                }
                for host in image.hosts { source.append(try host.element) }
            }
            if case .network = location { return }
            disk.removeChildren { $0.isNamed("auth") }
        }
        guard count > 0 else {
            throw XMLError(.notFound, during: "set disk source", "the guest has no disk '\(target)'")
        }
    }

    /// Plugs an interface into another bridge, network or device. Ports of the old connection go with it.
    ///
    /// - Throws: `notFound`; `notWritable` for a connection that has no single name.
    package mutating func setConnection(
        ofInterface mac: String, to connection: InterfaceDefinition.Connection
    ) throws(XMLError) {
        let (type, attributes) = try connection.written
        let count = try document.root.update(
            "devices/interface",
            where: { $0.attribute("address", at: "mac")?.lowercased() == mac.lowercased() }
        ) { (interface) throws(XMLError) in
            try interface.setAttribute("type", to: type)
            if !interface.contains("source") { interface.append(try Element("source")) }
            try interface.updateFirst("source") { (source) throws(XMLError) in
                let isSame = attributes.allSatisfy { source[$0.name] == $0.value }
                guard !isSame else { return }
                try source.replaceAttributes(InterfaceDefinition.Connection.attributeNames, with: attributes)
            }
        }
        guard count > 0 else {
            throw XMLError(
                .notFound, during: "set interface connection", "the guest has no interface '\(mac)'")
        }
    }
}

extension Element {
    /// Takes away the attributes of one choice and sets those of another; an attribute of both keeps its
    /// place.
    fileprivate mutating func replaceAttributes(
        _ names: [String], with attributes: [(name: String, value: String)]
    ) throws(XMLError) {
        for name in names where !attributes.contains(where: { $0.name == name }) {
            try setAttribute(name, to: nil)
        }
        for attribute in attributes {
            try setAttribute(attribute.name, to: attribute.value)
        }
    }
}

extension DiskSource.Location {
    /// What tells one location from another in `<source>`; `index` numbers the old image of a running guest.
    fileprivate static let attributeNames = [
        "file", "dev", "dir", "protocol", "name", "pool", "volume", "mode", "path", "type", "index",
    ]

    /// What says how a server is reached, and means nothing for an image of the host.
    fileprivate static let networkOnly: Set<String> = [
        "snapshot", "config", "auth", "ssl", "cookies", "reconnect", "readahead", "timeout", "identity",
        "initiator",
    ]

    /// The `type` of the disk and the attributes of its `<source>`.
    fileprivate var written: (type: String, attributes: [(name: String, value: String)]) {
        get throws(XMLError) {
            switch self {
            case .file(let path): return ("file", [("file", path)])
            case .block(let device): return ("block", [("dev", device)])
            case .directory(let path): return ("dir", [("dir", path)])
            case .volume(let pool, let name): return ("volume", [("pool", pool), ("volume", name)])
            case .network(let image):
                return ("network", [("protocol", image.protocol)] + (image.name.map { [("name", $0)] } ?? []))
            case .nvme, .vhostUser, .vhostVDPA, .other:
                throw XMLError(
                    .notWritable, during: "set disk source", "this kind of source belongs to one host alone")
            }
        }
    }
}

extension DiskSource.NetworkImage.Host {
    fileprivate var element: Element {
        get throws(XMLError) {
            var element = try Element("host")
            try element.setAttribute("name", to: name)
            try element.setAttribute("port", to: port.map { String($0) })
            try element.setAttribute("transport", to: transport)
            try element.setAttribute("socket", to: socket)
            return element
        }
    }
}

extension InterfaceDefinition.Connection {
    fileprivate static let attributeNames = ["bridge", "network", "portgroup", "portid", "dev", "mode"]

    /// The `type` of the interface and the attributes of its `<source>`.
    fileprivate var written: (type: String, attributes: [(name: String, value: String)]) {
        get throws(XMLError) {
            switch self {
            case .bridge(let name): return ("bridge", [("bridge", name)])
            case .network(let name): return ("network", [("network", name)])
            case .direct(let device, let mode):
                return ("direct", [("dev", device)] + (mode.map { [("mode", $0)] } ?? []))
            case .user, .ethernet, .hostDevice, .vdpa, .vhostUser, .other:
                throw XMLError(
                    .notWritable, during: "set interface connection",
                    "there is nothing to plug this type into")
            }
        }
    }
}

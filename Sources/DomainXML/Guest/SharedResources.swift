/// A directory of the host that the guest sees: `<filesystem>`.
package struct FileSystemDefinition: Sendable, Equatable {
    package enum Driver: Sendable, Equatable {
        /// 9p, by QEMU itself.
        case path
        case virtiofs
        case other(String)
    }

    package let driver: Driver
    /// `mount`, `template`, `file`, `block`, `ram`, `bind` or `volume`.
    package let type: String
    /// The directory, file, device or socket on the host.
    package let source: String?
    /// The tag that the guest mounts it by.
    package let target: String?
    package let isReadOnly: Bool
}

/// Memory that several guests, or a guest and its host, share: `<shmem>`.
package struct SharedMemoryDefinition: Sendable, Equatable {
    package enum Role: Sendable, Equatable {
        /// The one whose content a move takes along.
        case master
        /// The content stays behind; such a guest can only be moved when it is unplugged.
        case peer
        case other(String)
    }

    package let name: String?
    /// nil where the definition does not say; QEMU then takes `peer` for ivshmem-plain.
    package let role: Role?
    /// Such as `ivshmem-plain`.
    package let model: String?
    /// The socket of the server, for ivshmem-doorbell.
    package let serverPath: String?
}

extension GuestDefinition {
    package var fileSystems: [FileSystemDefinition] {
        root.all("devices/filesystem").map(FileSystemDefinition.init)
    }

    package var sharedMemory: [SharedMemoryDefinition] {
        root.all("devices/shmem").map(SharedMemoryDefinition.init)
    }
}

extension FileSystemDefinition {
    init(_ element: Element) {
        driver =
            switch element.attribute("type", at: "driver") {
            case nil, "path": .path
            case "virtiofs": .virtiofs
            case let type?: .other(type)
            }
        type = element["type"] ?? "mount"
        let source = element.first("source")
        self.source =
            ["dir", "file", "dev", "name", "socket", "volume"].lazy.compactMap { source?[$0] }.first
        target = element.attribute("dir", at: "target")
        isReadOnly = element.contains("readonly")
    }
}

extension SharedMemoryDefinition {
    init(_ element: Element) {
        name = element["name"]
        role =
            switch element["role"] {
            case nil: nil
            case "master": .master
            case "peer": .peer
            case let role?: .other(role)
            }
        model = element.attribute("type", at: "model")
        serverPath = element.attribute("path", at: "server")
    }
}

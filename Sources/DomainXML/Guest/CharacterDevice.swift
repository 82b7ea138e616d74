/// A stream of bytes between a guest and its host: serial and parallel ports, consoles, channels, random
/// numbers, redirected USB, smart cards.
package struct CharacterDevice: Sendable, Equatable {
    /// The name of the element.
    package enum Kind: String, Sendable, CaseIterable {
        case serial, parallel, console, channel, rng, redirdev, smartcard
    }

    package let kind: Kind
    /// What is at the host's end: `pty`, `file`, `dev`, `pipe`, `unix`, `tcp`, `udp`, `spicevmc`, …; for a
    /// random number generator its backend (`random`, `egd`, `builtin`).
    package let type: String
    /// The file, device or socket on the host; a path that libvirt made up itself is made up again elsewhere.
    package let path: String?
    /// For sockets: `bind` where QEMU listens, `connect` where it calls somebody.
    package let sourceMode: String?
    package let host: String?
    package let service: String?
    /// What the guest knows a channel by, such as `org.qemu.guest_agent.0`.
    package let targetName: String?
    /// A file on the host that takes a copy of everything.
    package let logPath: String?
}

extension GuestDefinition {
    /// Every one, in document order. libvirt writes the first serial port as a console too.
    package var characterDevices: [CharacterDevice] {
        root.first("devices")?.elements.compactMap(CharacterDevice.init) ?? []
    }
}

extension CharacterDevice {
    init?(_ element: Element) {
        guard element.namespace == nil, let kind = Kind(rawValue: element.name) else { return nil }
        self.kind = kind
        let end = kind == .rng ? element.first("backend") : element
        type = (kind == .rng ? end?["model"] : end?["type"]) ?? ""
        let source = end?.first("source")
        path = kind == .rng && type == "random" ? element.text(at: "backend") : source?["path"]
        sourceMode = source?["mode"]
        host = source?["host"]
        service = source?["service"]
        targetName = element.attribute("name", at: "target")
        logPath = end?.attribute("file", at: "log")
    }
}

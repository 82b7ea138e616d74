/// A screen that somebody may look at over the network: `<graphics>`.
package struct GraphicsDefinition: Sendable, Equatable {
    package struct Listener: Sendable, Equatable {
        /// `address`, `network`, `socket` or `none`.
        package let type: String
        /// The host's address; a destination that does not have it cannot start the guest.
        package let address: String?
        package let network: String?
        package let socket: String?
    }

    /// `vnc`, `spice`, `rdp`, …
    package let type: String
    /// nil when libvirt is to choose; a running guest has the chosen one.
    package let port: Int?
    package let isAutomaticPort: Bool
    package let listeners: [Listener]
}

extension GuestDefinition {
    package var graphics: [GraphicsDefinition] { root.all("devices/graphics").map(GraphicsDefinition.init) }
}

extension GraphicsDefinition {
    init(_ element: Element) {
        type = element["type"] ?? ""
        port = element.number("port", as: Int.self).flatMap { $0 < 0 ? nil : $0 }
        isAutomaticPort = element.flag("autoport") == true
        let written = element.all("listen").map { listen in
            Listener(
                type: listen["type"] ?? "", address: listen["address"], network: listen["network"],
                socket: listen["socket"])
        }
        // Older documents have the address in the element itself.
        let older = element["listen"].map {
            Listener(type: "address", address: $0, network: nil, socket: nil)
        }
        listeners = written.isEmpty ? [older].compactMap(\.self) : written
    }
}

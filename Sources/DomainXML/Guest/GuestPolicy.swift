/// What a guest's owner lets Apus do with it, kept in the definition itself:
/// `<metadata><apus:policy xmlns:apus='https://apus.example/policy/1'>…`.
package struct GuestPolicy: Sendable {
    package static let namespace = "https://apus.example/policy/1"

    /// `<apus:detach device='…'>`: a device that may leave the guest for a move.
    package struct Detachment: Sendable {
        /// Which one: an alias, an address on the host or in the guest, a MAC address, or `*` for everything that
        /// the guest was handed of its host.
        package let device: String
        /// `<apus:attach host='…'>`: what is plugged in on that host instead; an empty element is nothing.
        package let attachments: [String: Element?]
    }

    package let detachments: [Detachment]

    init(_ element: Element) {
        func own(_ name: String, in element: Element) -> [Element] {
            element.elements.filter { $0.namespace == Self.namespace && $0.localName == name }
        }
        detachments = own("detach", in: element).compactMap { detach in
            guard let device = detach["device"], !device.isEmpty else { return nil }
            let attachments = own("attach", in: detach).compactMap { attach in
                attach["host"].map { ($0, attach.elements.first?.leaving(namespace: Self.namespace)) }
            }
            return Detachment(
                device: device, attachments: Dictionary(attachments, uniquingKeysWith: { first, _ in first }))
        }
    }
}

extension GuestDefinition {
    /// `nil` for a guest without any.
    package var policy: GuestPolicy? { metadata(namespace: GuestPolicy.namespace).map(GuestPolicy.init) }
}

extension Element {
    /// As libvirt's own: `virsh metadata` puts everything that it is given into the policy's namespace.
    fileprivate func leaving(namespace left: String) -> Element {
        Element(
            name: namespace == left ? localName : name, namespace: namespace == left ? nil : namespace,
            attributes: attributes.filter { !($0.name.hasPrefix("xmlns") && $0.value == left) },
            nodes: nodes.map { node in
                guard case .element(let child) = node else { return node }
                return .element(child.leaving(namespace: left))
            })
    }
}

/// What a guest's owner wants of Apus, as it stands in the definition:
/// `<metadata><apus:policy xmlns:apus='https://apus.example/policy/1' priority='10'>…`.
///
/// Values are text here: what they mean is not a matter of XML.
package struct PolicyElement: Sendable {
    package static let namespace = "https://apus.example/policy/1"
    /// What libvirt writes in front of its names.
    package static let prefix = "apus"

    /// What stands once, by the name of its attribute.
    package enum Setting: String, Sendable, CaseIterable {
        case profile, downtime, priority
        case neverMove = "never-move"
    }

    /// What may stand several times: elements with one attribute each.
    package enum List: String, Sendable, CaseIterable {
        case allow, prefer, affinity, window
        case antiAffinity = "anti-affinity"

        /// The attribute that has the value.
        package var attribute: String {
            switch self {
            case .allow, .prefer: "host"
            case .affinity, .antiAffinity: "group"
            case .window: "when"
            }
        }
    }

    /// `<apus:detach device='…'>`: a device that may leave the guest for a move.
    package struct Detachment: Sendable {
        /// Which one: an alias, an address on the host or in the guest, a MAC address, or `*` for everything that
        /// the guest was handed of its host.
        package let device: String
        /// `<apus:attach host='…'>`: what is plugged in on that host instead; an empty element is nothing.
        package let attachments: [String: Element?]
    }

    /// Something that no Apus understands: a typo, most likely.
    package struct Mistake: Sendable, Hashable {
        /// As written.
        package let name: String
        /// What is known in its place.
        package let known: [String]
    }

    package let settings: [Setting: String]
    package let lists: [List: [String]]
    package let detachments: [Detachment]
    package let mistakes: [Mistake]

    /// Reads the element as `virDomainGetMetadata` gives it, alone.
    package static func element(parsing text: String) throws(XMLError) -> Element {
        try Document(parsing: text).root
    }

    package init(_ element: Element) {
        var settings: [Setting: String] = [:]
        var lists: [List: [String]] = [:]
        var detachments: [Detachment] = []
        var mistakes: [Mistake] = []
        for attribute in element.attributes where !attribute.name.hasPrefix("xmlns") {
            guard let setting = Setting(rawValue: attribute.name) else {
                mistakes.append(
                    Mistake(name: attribute.name, known: Setting.allCases.map(\.rawValue)))
                continue
            }
            settings[setting] = attribute.value
        }
        let known = List.allCases.map(\.rawValue) + ["detach"]
        // What is of another namespace is not ours to judge. libvirt tells the element alone without any.
        for child in element.elements where child.namespace == element.namespace {
            if child.localName == "detach" {
                guard let detachment = Detachment(child) else {
                    mistakes.append(Mistake(name: "<detach> without a device", known: ["device"]))
                    continue
                }
                detachments.append(detachment)
            } else if let list = List(rawValue: child.localName) {
                guard let value = child[list.attribute] else {
                    mistakes.append(
                        Mistake(
                            name: "<\(child.localName)> without \(list.attribute)", known: [list.attribute]))
                    continue
                }
                lists[list, default: []].append(value)
            } else {
                mistakes.append(Mistake(name: "<\(child.localName)>", known: known))
            }
        }
        (self.settings, self.lists) = (settings, lists)
        (self.detachments, self.mistakes) = (detachments, mistakes)
    }

    /// The element as libvirt is given it, without a namespace: other settings and lists, and of what is there now the
    /// devices that may leave.
    ///
    /// - Returns: `nil` where nothing is left in it.
    /// - Throws: `notWritable` for a value that XML cannot carry.
    package static func text(
        _ settings: [Setting: String], _ lists: [List: [String]], over current: Element?
    ) throws(XMLError) -> String? {
        var element = try Element("policy")
        for setting in Setting.allCases {
            try element.setAttribute(setting.rawValue, to: settings[setting])
        }
        for list in List.allCases {
            for value in lists[list] ?? [] {
                element.append(try Element(list.rawValue, attributes: [list.attribute: value]))
            }
        }
        for child in current?.elements ?? [] where child.isNamed("detach", likeA: current) {
            element.append(child.leaving(namespace: namespace))
        }
        return element.attributes.isEmpty && element.elements.isEmpty ? nil : element.serialized()
    }
}

extension PolicyElement.Detachment {
    fileprivate init?(_ element: Element) {
        guard let device = element["device"], !device.isEmpty else { return nil }
        let attachments = element.elements.filter { $0.isNamed("attach", likeA: element) }.compactMap {
            attach in
            attach["host"].map { ($0, attach.elements.first?.leaving(namespace: PolicyElement.namespace)) }
        }
        self.init(
            device: device, attachments: Dictionary(attachments, uniquingKeysWith: { first, _ in first }))
    }
}

extension GuestDefinition {
    /// `nil` for a guest without any.
    package var policy: PolicyElement? { policyElement.map(PolicyElement.init) }

    package var policyElement: Element? { metadata(namespace: PolicyElement.namespace) }
}

extension Element {
    /// Whether it bears the name in the namespace of another.
    fileprivate func isNamed(_ name: String, likeA other: Element?) -> Bool {
        namespace == other?.namespace && localName == name
    }

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

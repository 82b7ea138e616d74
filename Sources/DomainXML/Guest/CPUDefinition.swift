/// What a guest is shown as its processor: `<cpu>`.
package struct CPUDefinition: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        case custom
        case hostModel
        case hostPassthrough
        case maximum
        case other(String)
    }

    package struct Feature: Sendable, Hashable {
        /// libvirt's name, such as `avx2`.
        package let name: String
        /// `force`, `require`, `optional`, `disable` or `forbid`; libvirt takes none for `require`.
        package let policy: String

        package init(name: String, policy: String) {
            self.name = name
            self.policy = policy
        }

        /// Whether the guest counts on it.
        package var isRequired: Bool { policy == "require" || policy == "force" }
    }

    package let mode: Mode
    /// `none`: nobody compared what the guest sees with this definition; `partial`; `full`: libvirt did, and
    /// the features of a running guest are what it sees.
    package let check: String?
    /// `exact`, `minimum` or `strict`.
    package let match: String?
    /// Such as `Skylake-Server`; absent for host-passthrough.
    package let model: String?
    /// `allow` or `forbid` another model where this one cannot be had.
    package let fallback: String?
    package let vendor: String?
    /// What is listed besides the model's own.
    package let features: [Feature]
    /// For host-passthrough and maximum: whether features that forbid a move are left out.
    package let migratable: Bool?
    /// The element alone, as libvirt's comparison takes it.
    package let xml: String
}

extension GuestDefinition {
    /// nil when the definition leaves the processor to QEMU's default.
    package var cpu: CPUDefinition? { root.first("cpu").map(CPUDefinition.init) }

    /// Whether the guest counts on a time stamp counter of constant rate, which ties it to hosts of its own
    /// frequency or with scaling.
    package var hasInvariantTSC: Bool {
        cpu?.features.contains { $0.name == "invtsc" && $0.isRequired } == true
    }
}

extension CPUDefinition {
    init(_ element: Element) {
        mode =
            switch element["mode"] {
            case nil, "custom": .custom
            case "host-model": .hostModel
            case "host-passthrough": .hostPassthrough
            case "maximum": .maximum
            case let mode?: .other(mode)
            }
        check = element["check"]
        match = element["match"]
        model = element.text(at: "model")
        fallback = element.attribute("fallback", at: "model")
        vendor = element.text(at: "vendor")
        features = Feature.all(in: element)
        migratable = element.flag("migratable")
        xml = element.serialized()
    }
}

extension CPUDefinition.Feature {
    /// The `<feature>` elements of a processor; one without a name, which libvirt refuses, is left out.
    static func all(in element: Element) -> [Self] {
        element.all("feature").compactMap { feature in
            feature["name"].map { Self(name: $0, policy: feature["policy"] ?? "require") }
        }
    }
}

extension CPUDefinition {
    /// A `<cpu>` that stands alone, as libvirt's baseline gives it.
    ///
    /// - Throws: `wrongDocument`, and what ``Document`` throws.
    package init(parsing text: String) throws(XMLError) {
        let root = try Document(parsing: text).root
        guard root.name == "cpu", root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: "read processor", "the document is a <\(root.name)>, not a <cpu>")
        }
        self.init(root)
    }
}

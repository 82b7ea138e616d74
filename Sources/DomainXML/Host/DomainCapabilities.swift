/// What one kind of guest can be given on a host: `virsh domcapabilities`, `virConnectGetDomainCapabilities`
/// in C.
///
/// A list is nil where the daemon does not speak of the matter, because it is too old, and empty where it
/// says that there is none.
package struct DomainCapabilities: Sendable, Equatable {
    /// The path of the program that runs the guest.
    package let emulator: String?
    package let accelerator: GuestDefinition.Accelerator
    /// The machine's full name, such as `pc-q35-7.2`, also where an alias was asked for.
    package let machine: String?
    package let architecture: String?
    package let maximumVirtualProcessors: Int?
    package let processors: Processors

    /// Such as `efi`: what libvirt finds an image for by itself.
    package let firmware: [String]?
    /// Images that the daemon found.
    package let loaderPaths: [String]?
    package let tpmModels: [String]?
    package let tpmBackends: [String]?
    package let tpmVersions: [String]?
    /// Such as `usb`, `pci`, `mdev`.
    package let hostDeviceTypes: [String]?
    /// Such as `path`, `virtiofs`.
    package let fileSystemDrivers: [String]?
    /// Such as `file`, `memfd`, `anonymous`.
    package let memoryBackingSources: [String]?
    /// Such as `sev`, `sev-snp`, `tdx`.
    package let launchSecurityTypes: [String]?

    /// - Throws: `wrongDocument` unless the root is `<domainCapabilities>`.
    package init(_ document: Document) throws(XMLError) {
        let root = document.root
        guard root.name == "domainCapabilities", root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: "read domain capabilities",
                "the document is a <\(root.name)>, not <domainCapabilities>")
        }
        emulator = root.text(at: "path")
        accelerator = GuestDefinition.Accelerator(root.text(at: "domain"))
        machine = root.text(at: "machine")
        architecture = root.text(at: "arch")
        maximumVirtualProcessors = root.first("vcpu")?.number("max")
        processors = Processors(root.first("cpu"))
        firmware = root.first("os")?.choices("firmware")
        loaderPaths = root.first("os/loader")?.values
        let tpm = root.first("devices/tpm")
        tpmModels = tpm?.choices("model")
        tpmBackends = tpm?.choices("backendModel")
        tpmVersions = tpm?.choices("backendVersion")
        hostDeviceTypes = root.first("devices/hostdev")?.choices("subsysType")
        fileSystemDrivers = root.first("devices/filesystem")?.choices("driverType")
        memoryBackingSources = root.first("memoryBacking")?.choices("sourceType")
        launchSecurityTypes = Self.launchSecurity(in: root.first("features"))
    }

    /// - Throws: `wrongDocument`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
    }

    /// Newer daemons list the types, older ones have an element for SEV alone.
    private static func launchSecurity(in features: Element?) -> [String]? {
        if let types = features?.first("launchSecurity")?.choices("sectype") { return types }
        return features?.first("sev").map { $0.flag("supported") == true ? ["sev"] : [] }
    }
}

extension DomainCapabilities {
    /// Which processors can be shown to the guest.
    package struct Processors: Sendable, Equatable {
        /// What `host-model` would become.
        package struct HostModel: Sendable, Equatable {
            package let model: String?
            package let fallback: String?
            package let vendor: String?
            package let features: [CPUDefinition.Feature]
            /// As a `<cpu>` element, as `virConnectBaselineHypervisorCPU` takes it.
            package let xml: String
        }

        /// A model that libvirt knows by name.
        package struct CustomModel: Sendable, Equatable {
            package enum Usability: Sendable, Equatable {
                case yes
                case no
                case unknown
            }

            package let name: String
            /// Whether this host can run it as it is, without taking features away.
            package let usability: Usability
            package let isDeprecated: Bool
            /// The features that the host lacks for it, where the daemon names them; older ones do not.
            package let blockers: [String]
        }

        package let supportsHostPassthrough: Bool
        /// Whether `migratable='on'` can be had with it; nil when the daemon does not say.
        package let hostPassthroughCanMigrate: Bool?
        /// nil when it is not supported.
        package let hostModel: HostModel?
        package let customModels: [CustomModel]
    }
}

extension DomainCapabilities.Processors {
    fileprivate init(_ element: Element?) {
        func mode(_ name: String) -> Element? {
            element?.all("mode").first { $0["name"] == name && $0.flag("supported") == true }
        }
        let passthrough = mode("host-passthrough")
        supportsHostPassthrough = passthrough != nil
        hostPassthroughCanMigrate = passthrough?.choices("hostPassthroughMigratable").map {
            $0.contains("on")
        }
        hostModel = mode("host-model").map(HostModel.init)
        let custom = mode("custom")
        var blockers: [String: [String]] = [:]
        for blocked in custom?.all("blockers") ?? [] {
            guard let model = blocked["model"] else { continue }
            blockers[model, default: []] += blocked.all("feature").compactMap { $0["name"] }
        }
        customModels = (custom?.all("model") ?? []).compactMap { model in
            let name = Element.trim(model.text)
            guard !name.isEmpty else { return nil }
            return CustomModel(
                name: name,
                usability: model.flag("usable").map { $0 ? .yes : .no } ?? .unknown,
                isDeprecated: model.flag("deprecated") == true, blockers: blockers[name] ?? [])
        }
    }
}

extension DomainCapabilities.Processors.HostModel {
    fileprivate init(_ mode: Element) {
        model = mode.text(at: "model")
        fallback = mode.attribute("fallback", at: "model")
        vendor = mode.text(at: "vendor")
        features = CPUDefinition.Feature.all(in: mode)
        xml = Element(name: "cpu", namespace: nil, attributes: [], nodes: mode.nodes).serialized()
    }
}

extension Element {
    /// The texts of the `<value>` elements.
    fileprivate var values: [String] {
        all("value").map { Self.trim($0.text) }
    }

    /// What an element of the capabilities document allows for one of its attributes: its `<enum>` of that
    /// name. Empty for an element that is not supported, nil where there is no such list.
    fileprivate func choices(_ name: String) -> [String]? {
        if flag("supported") == false { return [] }
        return all("enum").first { $0["name"] == name }?.values
    }
}

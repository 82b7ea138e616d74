/// What a host is and which guests it can run: `virsh capabilities`, `virConnectGetCapabilities` in C.
package struct HostCapabilities: Sendable, Equatable {
    package struct Processor: Sendable, Equatable {
        /// Such as `x86_64`.
        package let architecture: String
        /// The nearest of libvirt's models, such as `Skylake-Server-IBRS`.
        package let model: String?
        package let vendor: String?
        /// What the host has beyond the model.
        package let features: [String]
        /// What the processor's own program is at; it decides over features too.
        package let microcodeVersion: UInt64?
        /// The rate of the time stamp counter; nil where the host could not tell.
        package let tscFrequencyHertz: UInt64?
        /// Whether guests can be given another rate than the host's.
        package let scalesTSC: Bool?
        /// The `<cpu>` element, as `virConnectCompareCPU` wants it.
        package let xml: String
    }

    /// One architecture and way of running guests.
    package struct GuestKind: Sendable, Equatable {
        package struct Machine: Sendable, Equatable {
            /// Such as `pc`, or `pc-i440fx-7.2`.
            package let name: String
            /// What the name stands for on this host, where it is an alias.
            package let canonical: String?
        }

        /// `hvm` for full virtualisation.
        package let kind: String
        package let architecture: String
        package let accelerators: [GuestDefinition.Accelerator]
        package let emulator: String?
        package let machines: [Machine]
    }

    /// nil on a host that has none; libvirt then makes up another at each start.
    package let uuid: String?
    package let processor: Processor
    /// Such as `tcp`, `rdma`: what migration URIs may start with.
    package let migrationTransports: [String]
    package let guests: [GuestKind]
    /// Sizes of pages that the host can have, in bytes.
    package let pageSizesBytes: [UInt64]
    /// NUMA cells, one on a host without NUMA.
    package let cells: [Cell]
    /// Whether devices can be passed through; nil when the host does not say.
    package let hasIOMMU: Bool?
    /// Such as `apparmor`, `selinux`, `dac`.
    package let securityModels: [String]

    /// - Throws: `wrongDocument` unless the root is `<capabilities>`, `missing` without a processor.
    package init(_ document: Document) throws(XMLError) {
        let root = document.root
        guard root.name == "capabilities", root.namespace == nil else {
            throw XMLError(
                .wrongDocument, during: "read host capabilities",
                "the document is a <\(root.name)>, not <capabilities>")
        }
        guard let cpu = root.first("host/cpu"), let architecture = cpu.text(at: "arch") else {
            throw XMLError(.missing, during: "read host capabilities", "there is no <host/cpu/arch>")
        }
        uuid = root.text(at: "host/uuid")?.lowercased()
        processor = Processor(cpu, architecture: architecture)
        migrationTransports = root.all("host/migration_features/uri_transports/uri_transport")
            .map { Element.trim($0.text) }
        guests = root.all("guest").compactMap(GuestKind.init)
        pageSizesBytes = cpu.all("pages").compactMap(\.pageSizeBytes)
        cells = root.all("host/topology/cells/cell").compactMap(Cell.init)
        hasIOMMU = root.first("host/iommu")?.flag("support")
        securityModels = root.all("host/secmodel").compactMap { $0.text(at: "model") }
    }

    /// - Throws: `wrongDocument`, `missing`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
    }
}

extension HostCapabilities.Processor {
    fileprivate init(_ cpu: Element, architecture: String) {
        self.architecture = architecture
        model = cpu.text(at: "model")
        vendor = cpu.text(at: "vendor")
        features = cpu.all("feature").compactMap { $0["name"] }
        microcodeVersion = cpu.first("microcode")?.number("version")
        let counter = cpu.all("counter").first { $0["name"] == "tsc" }
        tscFrequencyHertz = counter?.number("frequency")
        scalesTSC = counter?.flag("scaling")
        xml = cpu.serialized()
    }
}

extension HostCapabilities.GuestKind {
    fileprivate init?(_ element: Element) {
        guard let kind = element.text(at: "os_type"), let arch = element.first("arch"),
            let name = arch["name"]
        else {
            return nil
        }
        self.kind = kind
        architecture = name
        accelerators = arch.all("domain").map { .init($0["type"]) }
        emulator = arch.text(at: "emulator")
        machines = arch.all("machine").map {
            Machine(name: Element.trim($0.text), canonical: $0["canonical"])
        }
    }
}

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
        processor = Processor(
            architecture: architecture, model: cpu.text(at: "model"), vendor: cpu.text(at: "vendor"),
            features: cpu.all("feature").compactMap { $0["name"] }, xml: cpu.serialized())
        migrationTransports = root.all("host/migration_features/uri_transports/uri_transport")
            .map { Element.trim($0.text) }
        guests = root.all("guest").compactMap(GuestKind.init)
    }

    /// - Throws: `wrongDocument`, `missing`, and what ``Document`` throws.
    package init(parsing text: String, limits: Limits = .standard) throws(XMLError) {
        try self.init(Document(parsing: text, limits: limits))
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

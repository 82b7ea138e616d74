/// The processor that the guest has, and what both hosts say to it.
package struct CPUFacts: Sendable, Hashable, Codable {
    /// How the guest's definition names its processor.
    package enum Mode: String, Sendable, Hashable, Codable {
        case custom, maximum, other
        case hostModel = "host-model"
        case hostPassthrough = "host-passthrough"
        /// No `<cpu>` at all: QEMU's default model.
        case unspecified
    }

    /// What libvirt answers when it compares the guest's live processor with a host's.
    package enum Verdict: Sendable, Hashable, Codable {
        /// The host gives all that the guest has.
        case fits
        /// libvirt's own reason, and the features that it names.
        case lacks(reason: String, features: [String])
        case notKnown(String)
    }

    /// As the guest runs now.
    package let mode: Mode
    /// As the next start would have it.
    package let definedMode: Mode
    package let model: String?
    /// libvirt's `check`: with `none`, libvirt never looked at which features the guest really got.
    package let check: String?
    /// Features that the definition demands by name.
    package let required: [String]
    package let source: Verdict
    package let destination: Verdict

    package init(
        mode: Mode, definedMode: Mode, model: String?, check: String?, required: [String], source: Verdict,
        destination: Verdict
    ) {
        self.mode = mode
        self.definedMode = definedMode
        self.model = model
        self.check = check
        self.required = required
        self.source = source
        self.destination = destination
    }
}

/// A host's processor. Source: libvirt's capabilities document and the host model of its domain capabilities.
package struct HostCPU: Sendable, Hashable, Codable {
    package let architecture: String
    /// The nearest of libvirt's models.
    package let model: String?
    package let vendor: String?
    /// All features that the hypervisor can give a guest, the model's own included where libvirt expands them.
    package let features: [String]
    package let microcode: String?
    /// In Hz; `nil` where libvirt does not tell.
    package let timeStampFrequency: UInt64?
    /// Whether the processor can show guests another frequency than its own.
    package let scalesTimeStamps: Bool?

    package init(
        architecture: String, model: String?, vendor: String?, features: [String], microcode: String?,
        timeStampFrequency: UInt64?, scalesTimeStamps: Bool?
    ) {
        self.architecture = architecture
        self.model = model
        self.vendor = vendor
        self.features = features
        self.microcode = microcode
        self.timeStampFrequency = timeStampFrequency
        self.scalesTimeStamps = scalesTimeStamps
    }
}

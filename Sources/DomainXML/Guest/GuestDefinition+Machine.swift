/// Who the guest is and what machine it runs on.
extension GuestDefinition {
    /// What executes the guest's instructions: the `type` of `<domain>`.
    package enum Accelerator: Sendable, Equatable {
        case kvm
        /// QEMU translates them (TCG).
        case qemu
        case other(String)
    }

    /// - Throws: `missing`.
    package var name: String {
        get throws(XMLError) { try required("name") }
    }

    /// In lower case with hyphens, as libvirt writes it.
    ///
    /// - Throws: `missing`.
    package var uuid: String {
        get throws(XMLError) { try required("uuid").lowercased() }
    }

    package var accelerator: Accelerator { Accelerator(root["type"]) }

    /// Such as `x86_64`.
    package var architecture: String? { root.attribute("arch", at: "os/type") }

    /// Such as `pc-q35-7.2`.
    package var machine: String? { root.attribute("machine", at: "os/type") }

    /// The path of the program that runs the guest, such as `/usr/bin/qemu-system-x86_64`.
    package var emulator: String? { root.text(at: "devices/emulator") }
}

extension GuestDefinition.Accelerator {
    init(_ type: String?) {
        switch type {
        case "kvm": self = .kvm
        case "qemu": self = .qemu
        case let type: self = .other(type ?? "")
        }
    }
}

/// Processors.
extension GuestDefinition {
    /// Virtual processors at most.
    ///
    /// - Throws: `missing`, `invalidValue`.
    package var virtualProcessors: Int {
        get throws(XMLError) { try Self.count(required("vcpu"), "vcpu") }
    }

    /// Virtual processors plugged in now.
    ///
    /// - Throws: `missing`, `invalidValue`.
    package var onlineVirtualProcessors: Int {
        get throws(XMLError) {
            guard let current = root.attribute("current", at: "vcpu") else { return try virtualProcessors }
            return try Self.count(current, "vcpu")
        }
    }

    private static func count(_ text: String, _ path: String) throws(XMLError) -> Int {
        guard let count = Int(text), count > 0 else { throw invalid(path, text) }
        return count
    }
}

/// Memory, in bytes whatever unit the document uses.
extension GuestDefinition {
    /// What the guest has when it starts, memory devices included: `<memory>`.
    ///
    /// - Throws: `missing`, `invalidValue`.
    package var memoryBytes: UInt64 {
        get throws(XMLError) {
            guard let element = root.first("memory") else {
                throw XMLError(.missing, during: "read guest definition", "there is no <memory>")
            }
            return try Self.bytes(element)
        }
    }

    /// What the balloon leaves it now: `<currentMemory>`; without one, all of it.
    ///
    /// - Throws: `missing`, `invalidValue`.
    package var currentMemoryBytes: UInt64 {
        get throws(XMLError) {
            guard let element = root.first("currentMemory") else { return try memoryBytes }
            return try Self.bytes(element)
        }
    }

    /// Sets what the guest has at its next start; the balloon's target comes down with it, never up. Written
    /// in KiB, rounded up. Where the definition has NUMA cells, libvirt takes the sum of the cells instead.
    ///
    /// - Throws: `missing`, `invalidValue`.
    package mutating func setMemory(bytes: UInt64) throws(XMLError) {
        let current = try currentMemoryBytes
        try Self.set(bytes, at: "memory", in: &document.root)
        if root.contains("currentMemory"), current > bytes {
            try Self.set(bytes, at: "currentMemory", in: &document.root)
        }
    }

    private static func set(_ bytes: UInt64, at path: String, in root: inout Element) throws(XMLError) {
        let kibibytes = bytes / 1024 + (bytes.isMultiple(of: 1024) ? 0 : 1)
        try root.updateFirst(path) { (element) throws(XMLError) in
            try element.setAttribute("unit", to: "KiB")
            try element.setText(String(kibibytes))
        }
    }

    private static func bytes(_ element: Element) throws(XMLError) -> UInt64 {
        guard let bytes = element.memoryBytes else {
            let amount = Element.trim(element.text)
            throw invalid(element.name, [amount, element["unit"] ?? ""].joined(separator: " "))
        }
        return bytes
    }
}

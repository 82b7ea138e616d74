/// Values as libvirt spells them; what is not spelled that way is `nil`, never a guess.
extension Element {
    /// `yes` or `on`, `no` or `off`.
    func flag(_ attribute: String) -> Bool? {
        switch self[attribute] {
        case "yes", "on": true
        case "no", "off": false
        default: nil
        }
    }

    /// The text of this element as an amount of memory in the unit of its attribute; KiB without one.
    var memoryBytes: UInt64? {
        MemoryUnit.bytes(Self.trim(text), in: self["unit"])
    }

    /// The attribute as a number, in hexadecimal behind `0x`, else in decimal.
    func number<Number: FixedWidthInteger>(_ attribute: String, as type: Number.Type = Number.self) -> Number?
    {
        guard let text = self[attribute] else { return nil }
        return text.hasPrefix("0x") ? Number(text.dropFirst(2), radix: 16) : Number(text)
    }

    /// A PCI `<address>` the way that lspci writes it, such as `0000:03:00.0`.
    var pciAddress: String? {
        guard let bus = number("bus", as: UInt8.self), let slot = number("slot", as: UInt8.self),
            let function = number("function", as: UInt8.self)
        else { return nil }
        let domain = number("domain", as: UInt32.self) ?? 0
        return "\(Self.hexadecimal(domain, digits: 4)):\(Self.hexadecimal(bus, digits: 2))"
            + ":\(Self.hexadecimal(slot, digits: 2)).\(Self.hexadecimal(function, digits: 1))"
    }

    static func hexadecimal(_ number: some FixedWidthInteger, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

/// libvirt's units of memory, as `virScaleInteger` in its src/util/virutil.c reads them: letters of either
/// case, `k` and `KiB` are 1024, `KB` is 1000.
package enum MemoryUnit {
    /// The bytes in one unit; nil for a unit that libvirt does not know. No unit means KiB, as in libvirt.
    package static func bytes(in unit: String?) -> UInt64? {
        guard let unit = unit?.lowercased(), !unit.isEmpty else { return 1024 }
        guard !["b", "byte", "bytes"].contains(unit) else { return 1 }
        let base: UInt64
        switch unit.dropFirst() {
        case "", "ib": base = 1024
        case "b": base = 1000
        default: return nil
        }
        guard let power = unit.first.flatMap({ Array("kmgtpe").firstIndex(of: $0) }) else { return nil }
        return (0...power).reduce(1) { product, _ in product * base }
    }

    /// An amount in bytes; nil when it is not a number, the unit is unknown, or the product is 16 EiB or
    /// more.
    package static func bytes(_ amount: String, in unit: String?) -> UInt64? {
        guard let number = UInt64(amount), let scale = bytes(in: unit) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        return overflow ? nil : product
    }
}

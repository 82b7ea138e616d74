/// An amount of memory, disk or traffic.
package struct ByteCount: Sendable, Hashable, Comparable, Codable {
    /// 0…2⁶⁴−1.
    package let bytes: UInt64

    package init(_ bytes: UInt64) { self.bytes = bytes }

    package static func mebibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 20) }

    package static let zero = ByteCount(0)

    package static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }

    package init(from decoder: any Decoder) throws { bytes = try UInt64(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try bytes.encode(to: encoder) }
}

/// A rate of traffic.
package struct ByteRate: Sendable, Hashable, Comparable, Codable {
    package let bytesPerSecond: UInt64

    package init(bytesPerSecond: UInt64) { self.bytesPerSecond = bytesPerSecond }

    package static func < (left: Self, right: Self) -> Bool { left.bytesPerSecond < right.bytesPerSecond }

    /// In libvirt's unit, rounded up so that a small limit never becomes 0, which libvirt reads as "none".
    package var wholeMebibytesPerSecond: UInt64 {
        bytesPerSecond / (1 << 20) + (bytesPerSecond % (1 << 20) == 0 ? 0 : 1)
    }

    package init(from decoder: any Decoder) throws { bytesPerSecond = try UInt64(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try bytesPerSecond.encode(to: encoder) }
}

extension ByteCount: CustomStringConvertible {
    /// In the largest binary unit that keeps the number at 1 or more: `1.5 GiB`, `384 MiB`, `12 B`.
    package var description: String {
        let units: [(String, Double)] = [
            ("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10),
        ]
        for (unit, size) in units where Double(bytes) >= size {
            return "\((Double(bytes) / size).rounded(toDigits: 1)) \(unit)"
        }
        return "\(bytes) B"
    }
}

extension ByteRate: CustomStringConvertible {
    package var description: String { "\(ByteCount(bytesPerSecond))/s" }
}

extension Double {
    /// With at most `digits` digits behind the point and no trailing zero: `1.5`, `384`.
    package func rounded(toDigits digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let value = (self * scale).rounded() / scale
        guard value == value.rounded(), abs(value) < 1e15 else { return "\(value)" }
        return "\(Int64(value))"
    }
}

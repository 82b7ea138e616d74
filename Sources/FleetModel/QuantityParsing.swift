/// A quantity as people write it: a number directly followed by its unit.
///
/// There is no default unit: `--bandwidth 100` could mean three things, and an admin at three in the morning
/// should not have to remember which.
package struct QuantityParseError: Error, Sendable, Equatable {
    package let text: String
    /// What would have been understood, with an example.
    package let expected: String
}

extension Duration {
    /// Reads `300ms`, `2s`, `1.5m`, `2h`, `1d`.
    ///
    /// - Throws: `QuantityParseError` for anything else, negative and zero spans included.
    package init(parsing text: String) throws(QuantityParseError) {
        let expected = "a time with its unit (us, ms, s, m, h, d), such as 300ms or 2m"
        let units: [String: Double] = [
            "us": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400,
        ]
        let seconds = try Quantity.read(text, units: units, expected: expected)
        guard seconds > 0, seconds < 1e9 else { throw QuantityParseError(text: text, expected: expected) }
        self = .nanoseconds(Int64((seconds * 1e9).rounded()))
    }
}

extension ByteRate {
    /// Reads `100MiB/s`, `1GiB/s`, `10MB/s`, `1Gbit/s`.
    ///
    /// - Throws: `QuantityParseError` for anything else, 0 included.
    package init(parsing text: String) throws(QuantityParseError) {
        let expected = "a rate with its unit (KiB/s, MiB/s, GiB/s, MB/s, Mbit/s, Gbit/s), such as 100MiB/s"
        let units: [String: Double] = [
            "KiB/s": 0x1p10, "MiB/s": 0x1p20, "GiB/s": 0x1p30, "kB/s": 1e3, "MB/s": 1e6, "GB/s": 1e9,
            "kbit/s": 1e3 / 8, "Mbit/s": 1e6 / 8, "Gbit/s": 1e9 / 8,
        ]
        let rate = try Quantity.read(text, units: units, expected: expected)
        guard rate >= 1, rate < 0x1p60 else { throw QuantityParseError(text: text, expected: expected) }
        bytesPerSecond = UInt64(rate)
    }
}

extension ByteCount {
    /// Reads `4MiB`, `512KiB`, `1GiB`.
    ///
    /// - Throws: `QuantityParseError` for anything else, 0 included.
    package init(parsing text: String) throws(QuantityParseError) {
        let expected = "a size with its unit (KiB, MiB, GiB, TiB), such as 4MiB"
        let units: [String: Double] = ["KiB": 0x1p10, "MiB": 0x1p20, "GiB": 0x1p30, "TiB": 0x1p40]
        let size = try Quantity.read(text, units: units, expected: expected)
        guard size >= 1, size < 0x1p60 else { throw QuantityParseError(text: text, expected: expected) }
        self.init(UInt64(size))
    }
}

private enum Quantity {
    static func read(
        _ text: String, units: [String: Double], expected: String
    ) throws(QuantityParseError) -> Double {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = String(text.dropFirst(number.count).drop { $0 == " " })
        let factor = units[unit] ?? units.first { $0.key.lowercased() == unit.lowercased() }?.value
        guard let value = Double(String(number)), let factor, value.isFinite else {
            throw QuantityParseError(text: text, expected: expected)
        }
        return value * factor
    }
}

/// SplitMix64: the same seed gives the same run everywhere. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom
/// Number Generators" (OOPSLA 2014).
///
/// The standard library's `random(in:using:)` may draw differently in another version of Swift, so a seed that was
/// reported yesterday would be another run tomorrow: what a schedule needs is drawn here.
package struct SeededGenerator: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 ..< 1.
    package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

    /// 0 ..< count; `count` is at least 1.
    package mutating func index(below count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    package mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        range.lowerBound + (range.upperBound - range.lowerBound) * fraction()
    }

    /// Every order of magnitude of the range is as likely as every other.
    package mutating func spread(_ low: Double, _ high: Double) -> Double {
        low * power(high / low, fraction())
    }

    package mutating func element<Element>(of elements: [Element]) -> Element {
        elements[index(below: elements.count)]
    }

    /// A generator of its own, so that what is drawn here does not change what is drawn there.
    package mutating func fork() -> SeededGenerator { SeededGenerator(seed: next()) }

    /// Without a mathematics library, whose last digits differ between platforms: by halving the exponent.
    private func power(_ base: Double, _ exponent: Double) -> Double {
        var (result, root, left) = (1.0, base, exponent)
        for _ in 0..<40 where left > 0 {
            root = root.squareRoot()
            left *= 2
            if left >= 1 {
                result *= root
                left -= 1
            }
        }
        return result
    }
}

extension Duration {
    static func * (duration: Duration, factor: Double) -> Duration { .seconds(duration.inSeconds * factor) }

    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}

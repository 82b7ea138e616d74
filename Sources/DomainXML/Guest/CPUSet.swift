/// A set of processors or NUMA cells in libvirt's notation: `0-3,^2,8`.
///
/// Source: `virBitmapParse` in libvirt's src/util/virbitmap.c. Numbers are below 16,384, as in libvirt.
package struct CPUSet: Sendable, Equatable {
    package let members: Set<Int>

    private static let limit = 16_384
    /// libvirt names each number once; a text that names some far more often is not worth the time.
    private static let mostMentions = 1 << 20

    package init(_ members: Set<Int>) { self.members = members }

    /// nil for what libvirt would refuse, the empty text too.
    package init?(parsing text: String) {
        var members: Set<Int> = []
        var mentions = 0
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let term = Element.trim(String(part))
            guard let range = Self.range(term.hasPrefix("^") ? term.dropFirst() : term[...]) else {
                return nil
            }
            mentions += range.count
            guard mentions <= Self.mostMentions else { return nil }
            if term.hasPrefix("^") {
                guard range.count == 1 else { return nil }
                members.subtract(range)
            } else {
                members.formUnion(range)
            }
        }
        self.members = members
    }

    private static func range(_ term: Substring) -> ClosedRange<Int>? {
        let bounds = term.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = bounds.first.flatMap(number) else { return nil }
        guard bounds.count == 2 else { return first...first }
        guard let last = number(bounds[1]), first <= last else { return nil }
        return first...last
    }

    private static func number(_ text: Substring) -> Int? {
        let digits = Element.trim(String(text))
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(digits), number < limit
        else { return nil }
        return number
    }
}

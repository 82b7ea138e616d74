import TestSupport
import Testing

@testable import LZ4

@Suite("The checksum of a content")
struct ContentChecksumTests {
    static let content = (0..<100_000).map { UInt8(truncatingIfNeeded: (UInt32($0) &* 2_654_435_761) >> 13) }

    /// Of the first so many bytes, as libxxhash 0.8.1 has it.
    static let known: [(Int, UInt32)] = [
        (0, 0x02CC_5D05), (1, 0xCF65_B03E), (3, 0xC3A1_C35C), (4, 0xB7BE_83E5),
        (5, 0x094B_4100), (15, 0xC0E3_2965), (16, 0x0789_A02A), (17, 0xD16E_7800),
        (31, 0x535B_3CBB), (32, 0x81BA_5047), (33, 0xD6BC_9BC8), (1000, 0xD095_211A),
        (65_536, 0xFF93_D6BA), (99_999, 0xA894_9F9F),
    ]

    static func checksum(_ bytes: ArraySlice<UInt8>, pieces: () -> Int) -> UInt32 {
        var checksum = ContentChecksum()
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(pieces())
            piece.withUnsafeBytes { checksum.add($0) }
            rest = rest.dropFirst(piece.count)
        }
        return checksum.value
    }

    @Test("is XXH32, whole and in pieces of any length", arguments: known)
    func matches(length: Int, value: UInt32) {
        let bytes = Self.content.prefix(length)
        #expect(Self.checksum(bytes) { length } == value)
        var generator = SeededGenerator(seed: UInt64(length))
        for longest in [1, 7, 16, 50, 5000] {
            #expect(Self.checksum(bytes) { Int.random(in: 1...longest, using: &generator) } == value)
        }
    }
}

/// XXH32 of a content that comes in pieces: the checksum at the end of a frame.
///
/// liblz4 has it too, as fast as it was compiled: Debian's takes 2.4 times as long, since gcc makes vectors of it, for
/// which SSE2 has no multiplication. That was half of the time of decompressing.
///
/// Source: xxHash, `doc/xxhash_spec.md`.
struct ContentChecksum: Sendable {
    private static let stripe = 16
    private static let prime1: UInt32 = 0x9E37_79B1
    private static let prime2: UInt32 = 0x85EB_CA77
    private static let prime3: UInt32 = 0xC2B2_AE3D
    private static let prime4: UInt32 = 0x27D4_EB2F
    private static let prime5: UInt32 = 0x1656_67B1

    private var lanes = (prime1 &+ prime2, prime2, UInt32(0), 0 &- prime1)
    private var length: UInt64 = 0
    /// What was added last and makes no stripe yet: so many bytes of it.
    private var rest = InlineArray<16, UInt8>(repeating: 0)
    private var restCount = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        length += UInt64(bytes.count)
        let completing = restCount == 0 ? 0 : min(Self.stripe - restCount, bytes.count)
        unsafe bytes.prefix(completing).forEach { keep($0) }
        if restCount == Self.stripe {
            let stripe = rest
            unsafe withUnsafeBytes(of: stripe) { unsafe take($0) }
            restCount = 0
        }
        let bytes = unsafe bytes.from(completing)
        let whole = bytes.count - bytes.count % Self.stripe
        unsafe take(UnsafeRawBufferPointer(rebasing: bytes.prefix(whole)))
        unsafe bytes.dropFirst(whole).forEach { keep($0) }
    }

    /// The checksum of all that was added.
    var value: UInt32 {
        var sum =
            if length < Self.stripe {
                Self.prime5
            } else {
                Self.rotate(lanes.0, 1) &+ Self.rotate(lanes.1, 7) &+ Self.rotate(lanes.2, 12)
                    &+ Self.rotate(lanes.3, 18)
            }
        sum &+= UInt32(truncatingIfNeeded: length)
        var place = 0
        while place + 4 <= restCount {
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(rest[place + $1]) << (8 * UInt32($1)) }
            sum = Self.rotate(sum &+ word &* Self.prime3, 17) &* Self.prime4
            place += 4
        }
        for place in place..<restCount {
            sum = Self.rotate(sum &+ UInt32(rest[place]) &* Self.prime5, 11) &* Self.prime1
        }
        sum = (sum ^ sum >> 15) &* Self.prime2
        sum = (sum ^ sum >> 13) &* Self.prime3
        return sum ^ sum >> 16
    }

    private mutating func keep(_ byte: UInt8) {
        rest[restCount] = byte
        restCount += 1
    }

    /// Whole stripes.
    private mutating func take(_ bytes: UnsafeRawBufferPointer) {
        // In registers, and four chains of multiplications that do not wait for each other.
        var (first, second, third, fourth) = lanes
        var place = 0
        while place < bytes.count {
            first = unsafe Self.round(first, bytes, place)
            second = unsafe Self.round(second, bytes, place &+ 4)
            third = unsafe Self.round(third, bytes, place &+ 8)
            fourth = unsafe Self.round(fourth, bytes, place &+ 12)
            place &+= Self.stripe
        }
        lanes = (first, second, third, fourth)
    }

    @inline(__always)
    private static func round(_ lane: UInt32, _ bytes: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
        let word = UInt32(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
        return rotate(lane &+ word &* prime2, 13) &* prime1
    }

    @inline(__always)
    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word &<< count | word &>> (32 &- count)
    }
}

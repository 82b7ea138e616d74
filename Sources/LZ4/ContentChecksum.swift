internal import CLZ4

/// XXH32 with seed 0: the checksum of a frame's content, and of its header.
///
/// liblz4 computes it too, but Debian's so slowly that reading a frame took twice the time
/// (Benchmarks/micro/lz4 shows what it costs now).
///
/// Source: xxHash `doc/xxhash_spec.md`.
struct ContentChecksum: Sendable {
    private var lanes = Self.start
    /// Fewer than 16 bytes, which wait for more.
    private var pending: [UInt8] = []
    private var total: UInt64 = 0

    init() { pending.reserveCapacity(Self.stripe) }

    mutating func reset() {
        lanes = Self.start
        pending.removeAll(keepingCapacity: true)
        total = 0
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        total += UInt64(bytes.count)
        var rest = unsafe bytes
        if !pending.isEmpty {
            let missing = min(Self.stripe - pending.count, rest.count)
            unsafe pending.append(contentsOf: rest[..<missing])
            unsafe rest = rest.from(missing)
            guard pending.count == Self.stripe else { return }
            unsafe pending.withUnsafeBytes { unsafe clz4_mix_stripes(&lanes, $0.baseAddress, 1) }
            pending.removeAll(keepingCapacity: true)
        }
        let stripes = rest.count / Self.stripe
        if stripes > 0 { unsafe clz4_mix_stripes(&lanes, rest.baseAddress, stripes) }
        unsafe pending.append(contentsOf: rest[(stripes * Self.stripe)...])
    }

    /// Of all bytes so far.
    var value: UInt32 {
        var hash =
            total < Self.stripe
            ? Self.prime5
            : Self.rotated(lanes.a, 1) &+ Self.rotated(lanes.b, 7) &+ Self.rotated(lanes.c, 12)
                &+ Self.rotated(lanes.d, 18)
        hash &+= UInt32(truncatingIfNeeded: total)
        let words = pending.count / 4
        for index in 0..<words {
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(pending[index * 4 + $1]) << (8 * $1) }
            hash = Self.rotated(hash &+ word &* Self.prime3, 17) &* Self.prime4
        }
        for byte in pending[(words * 4)...] {
            hash = Self.rotated(hash &+ UInt32(byte) &* Self.prime5, 11) &* Self.prime1
        }
        hash = (hash ^ hash >> 15) &* Self.prime2
        hash = (hash ^ hash >> 13) &* Self.prime3
        return hash ^ hash >> 16
    }

    private static let stripe = 16
    private static let prime1: UInt32 = 0x9E37_79B1
    private static let prime2: UInt32 = 0x85EB_CA77
    private static let prime3: UInt32 = 0xC2B2_AE3D
    private static let prime4: UInt32 = 0x27D4_EB2F
    private static let prime5: UInt32 = 0x1656_67B1
    private static let start = clz4_lanes(a: prime1 &+ prime2, b: prime2, c: 0, d: 0 &- prime1)

    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word << bits | word >> (32 - bits)
    }
}

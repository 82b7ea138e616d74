import Crypto

/// The SHA-256 of a block, as four little-endian words.
struct BlockDigest: Sendable, Hashable {
    static let length = 32

    let first, second, third, fourth: UInt64

    /// Of these bytes.
    init(of bytes: ArraySlice<UInt8>) {
        var hash = SHA256()
        hash.add(bytes)
        self.init(hash.finalize())
    }

    init(_ digest: SHA256.Digest) {
        var iterator = digest.makeIterator()
        func word() -> UInt64 {
            (0..<8).reduce(0) { word, place in word | UInt64(iterator.next() ?? 0) << (8 * UInt64(place)) }
        }
        first = word()
        second = word()
        third = word()
        fourth = word()
    }

    init(_ reader: inout BodyReader) throws(TransferError) {
        first = try reader.integer()
        second = try reader.integer()
        third = try reader.integer()
        fourth = try reader.integer()
    }
}

/// The digest over a whole file: its size, then index and digest of each block that is not zero, in order.
///
/// So neither a hole nor a long run of zeros costs time, and both ends get it from digests that they have anyway.
struct ContentDigest: Sendable {
    private var hash = SHA256()

    init(size: UInt64) {
        var writer = BodyWriter()
        writer.append(size)
        hash.add(writer.bytes[...])
    }

    mutating func add(_ digest: BlockDigest, at index: UInt64) {
        var writer = BodyWriter()
        writer.append(index)
        writer.append(digest)
        hash.add(writer.bytes[...])
    }

    func finalize() -> BlockDigest { BlockDigest(hash.finalize()) }
}

extension SHA256 {
    mutating func add(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe update(bufferPointer: $0) }
    }
}

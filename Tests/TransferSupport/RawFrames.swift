import Crypto

/// A stream taken apart and put together by the words of docs/wire.md, without the code under test.
package struct RawFrames {
    package struct Frame: Sendable {
        package var type: UInt8
        package var body: [UInt8]

        package init(_ type: UInt8, _ body: [UInt8]) {
            self.type = type
            self.body = body
        }
    }

    package private(set) var frames: [Frame] = []

    package init(_ stream: [UInt8]) {
        var place = 0
        while place + 16 <= stream.count {
            let length = (4..<8).reduce(0) { $0 | Int(stream[place + $1]) << (8 * ($1 - 4)) }
            let end = min(place + 16 + length, stream.count)
            frames.append(Frame(stream[place], Array(stream[place + 16..<end])))
            place += 16 + length
        }
    }

    package init(_ frames: [Frame]) {
        self.frames = frames
    }

    /// With right checks: what a peer can say that means harm and knows how to count.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for (sequence, frame) in frames.enumerated() {
            let start: [UInt8] = [frame.type, 0, 0, 0] + Self.littleEndian(UInt64(frame.body.count), 4)
            let seed = Self.littleEndian(UInt64(sequence), 8) + start
            let checked =
                switch frame.type {
                case 0x13: frame.body.prefix(16)
                case 0x21: frame.body.prefix(12)
                default: frame.body[...]
                }
            bytes += start + SHA256.first(4, of: seed) + SHA256.first(4, of: seed + checked) + frame.body
        }
        return bytes
    }

    private static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
}

extension SHA256 {
    fileprivate static func first(_ count: Int, of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize().prefix(count))
    }
}

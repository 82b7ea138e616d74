import LZ4
import TestSupport
import Testing

@Suite("Bytes that chance has changed")
struct FuzzTests {
    static let content = Content.mixed.bytes(40_000, seed: 21)
    static let limits = Limits(contentBytes: 50_000, blockSize: .kibibytes256)

    static func frames() throws -> [[UInt8]] {
        let small = Content.text.bytes(300)
        let blocks = FrameOptions(blockSize: .kibibytes64, checksumsBlocks: true)
        let compressed = try Frames.compress(small)
        return [
            try Frames.compress(content),
            try Frames.compress(content, as: .stored),
            try Frames.write(content, options: blocks, pieces: [5000]),
            compressed,
            compressed + [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3] + compressed,
            // No checksum, so that changed blocks get all the way through.
            DamageTests.withoutChecksum + compressed.dropFirst(7).dropLast(4),
        ]
    }

    static func changed(_ frame: [UInt8], by generator: inout SeededGenerator) -> [UInt8] {
        var frame = frame
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !frame.isEmpty {
            let position = Int.random(in: 0..<frame.count, using: &generator)
            let length = Int.random(in: 1...32, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: frame[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: frame[position] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &generator) ?? 0
            case 2: frame.removeSubrange(position...)
            case 3: frame.removeSubrange(position..<min(position + length, frame.count))
            case 4:
                frame.insert(contentsOf: frame[position..<min(position + length, frame.count)], at: position)
            // Near the front, where sizes and flags are.
            default: frame[position % min(frame.count, 24)] = UInt8.random(in: 0...255, using: &generator)
            }
        }
        return frame
    }

    @Test(
        "never crash, never give more than allowed, never write beyond the output", arguments: UInt64(1)...8)
    func bounded(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let frames = try Self.frames()
        var reader = try FrameReader(limits: Self.limits)
        var refused = 0
        for round in 0..<600 {
            let bytes = Self.changed(frames[round % frames.count], by: &generator)
            let room = Int.random(in: 1...60_000, using: &generator)
            var output = [UInt8](repeating: 0xA5, count: room + 64)
            var produced = 0
            do throws(LZ4Error) {
                produced = try Self.read(bytes, by: &reader, into: &output, room: room, &generator)
            } catch {
                refused += 1
            }
            #expect(produced <= room)
            let contentBytes = reader.contentBytes
            #expect(contentBytes <= Self.limits.contentBytes)
            #expect(output[room...].allSatisfy { $0 == 0xA5 }, "seed \(seed), round \(round)")
        }
        // Some changes undo themselves or hit a skippable frame; most must be noticed.
        #expect(refused > 400 && refused < 600)
        let whole = try Frames.decompress(frames[0], by: &reader, room: Self.content.count)
        #expect(whole == Self.content)
    }

    /// Whole or in pieces, as the generator has it, into the front of the output.
    private static func read(
        _ bytes: [UInt8], by reader: inout FrameReader, into output: inout [UInt8], room: Int,
        _ generator: inout SeededGenerator
    ) throws(LZ4Error) -> Int {
        var span = output.mutableSpan
        var all = span.mutableBytes
        return try all.withUnsafeMutableBytes { (output) throws(LZ4Error) in
            var front = UnsafeMutableRawBufferPointer(rebasing: output[..<room]).mutableBytes
            guard Bool.random(using: &generator) else {
                return try reader.decompress(bytes.span.bytes, into: &front)
            }
            reader.reset()
            var (start, longest) = (0, 0)
            while true {
                let end = min(start + Int.random(in: 1...9000, using: &generator), bytes.count)
                let progress = try reader.read(bytes.span.bytes.extracting(start..<end), into: &front)
                start += progress.consumed
                longest = max(longest, progress.produced)
                if start == bytes.count, progress.produced < room { break }
            }
            try reader.finish()
            return longest
        }
    }
}

import LZ4
import TestSupport

/// What the tests compress: kinds of content that behave differently, from a seed.
enum Content: String, CaseIterable, Sendable {
    case zeros, random, text, mixed

    func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        switch self {
        case .zeros: return Array(repeating: 0, count: count)
        case .random: return Self.random(count, &generator)
        case .text: return Self.text(count, &generator)
        case .mixed:
            var bytes: [UInt8] = []
            while bytes.count < count {
                let length = Int.random(in: 1...50_000, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes += Array(repeating: UInt8.random(in: 0...255, using: &generator), count: length)
                case 1: bytes += Self.random(length, &generator)
                default: bytes += Self.text(length, &generator)
                }
            }
            return Array(bytes.prefix(count))
        }
    }

    private static func random(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes += $0 }
        }
        return Array(bytes.prefix(count))
    }

    private static func text(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let words = ["guest ", "host ", "round ", "downtime ", "migrates ", "without ", "landing ", "42 "]
            .map { Array($0.utf8) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 16)
        while bytes.count < count { bytes += words[Int.random(in: 0..<words.count, using: &generator)] }
        return Array(bytes.prefix(count))
    }
}

/// Shorthands over arrays, as the modules' callers have their own.
enum Frames {
    static func compress(
        _ content: [UInt8], options: FrameOptions = FrameOptions(blockSize: .mebibyte1),
        as storage: FrameCompressor.Storage = .compressed
    ) throws -> [UInt8] {
        var compressor = try FrameCompressor(options: options)
        return try compress(content, by: &compressor, as: storage)
    }

    static func compress(
        _ content: [UInt8], by compressor: inout FrameCompressor,
        as storage: FrameCompressor.Storage = .compressed
    ) throws -> [UInt8] {
        var output = [UInt8](repeating: 0xEE, count: compressor.bound(content.count))
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        let length = try compressor.compress(content.span.bytes, into: &bytes, as: storage)
        return Array(output[..<length])
    }

    /// All at once, with as much room as is allowed.
    static func decompress(_ frames: [UInt8], limits: Limits) throws -> [UInt8] {
        var reader = try FrameReader(limits: limits)
        return try decompress(frames, by: &reader, room: Int(limits.contentBytes))
    }

    static func decompress(_ frames: [UInt8], by reader: inout FrameReader, room: Int) throws -> [UInt8] {
        var output = [UInt8](repeating: 0xEE, count: room)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        let length = try reader.decompress(frames.span.bytes, into: &bytes)
        return Array(output[..<length])
    }

    /// Piece by piece, through a writer whose output is as short as it may be or a little longer.
    static func write(
        _ content: [UInt8], options: FrameOptions, pieces: [Int], extraRoom: Int = 0
    ) throws -> [UInt8] {
        var writer = try FrameWriter(options: options)
        var output = [UInt8](repeating: 0xEE, count: writer.leastOutput + extraRoom)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var frame: [UInt8] = []
        var start = 0
        var turn = 0
        while start < content.count {
            let end = min(start + pieces[turn % pieces.count], content.count)
            let progress = try writer.write(content.span.bytes.extracting(start..<end), into: &bytes)
            frame.append(bytes, progress.produced)
            start += progress.consumed
            turn += 1
        }
        let last = try writer.finish(into: &bytes)
        frame.append(bytes, last)
        return frame
    }

    /// Piece by piece, through a reader into an output of that length.
    static func read(_ frames: [UInt8], limits: Limits, pieces: [Int], room: Int) throws -> [UInt8] {
        var reader = try FrameReader(limits: limits)
        var output = [UInt8](repeating: 0xEE, count: room)
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var content: [UInt8] = []
        var start = 0
        var turn = 0
        while true {
            let end = min(start + pieces[turn % pieces.count], frames.count)
            let progress = try reader.read(frames.span.bytes.extracting(start..<end), into: &bytes)
            content.append(bytes, progress.produced)
            start += progress.consumed
            turn += 1
            if start == frames.count, progress.produced < room { break }
        }
        try reader.finish()
        return content
    }
}

extension [UInt8] {
    mutating func append(_ bytes: borrowing MutableRawSpan, _ count: Int) {
        bytes.bytes.withUnsafeBytes { self += $0[..<count] }
    }
}

extension Limits {
    static let test = Limits(contentBytes: 16 << 20)
}

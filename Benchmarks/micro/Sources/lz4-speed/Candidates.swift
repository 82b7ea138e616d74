import LZ4

/// Buffers of 1 MiB, each a frame, with one context and one buffer for all of them, as the data plane does.
func wholeFrames(_ content: [UInt8], _ options: FrameOptions) throws -> Speeds {
    let chunk = 1 << 20
    var compressor = try FrameCompressor(options: options)
    var reader = try FrameReader(limits: Limits(contentBytes: UInt64(chunk)))
    var frames = [UInt8](repeating: 0, count: (content.count / chunk + 1) * compressor.bound(chunk))
    var ends: [Int] = []
    let compression = try fastest(content.count) {
        ends.removeAll(keepingCapacity: true)
        var span = frames.mutableSpan
        var bytes = span.mutableBytes
        var end = 0
        for start in stride(from: 0, to: content.count, by: chunk) {
            let piece = content.span.bytes.extracting(start..<min(start + chunk, content.count))
            var room = bytes.extracting(end...)
            end += try compressor.compress(piece, into: &room)
            ends.append(end)
        }
    }
    var output = [UInt8](repeating: 0, count: chunk)
    var total = 0
    let decompression = try fastest(content.count) {
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var start = 0
        total = 0
        for end in ends {
            total += try reader.decompress(frames.span.bytes.extracting(start..<end), into: &bytes)
            start = end
        }
    }
    guard total == content.count else { throw Failure(detail: "\(total) bytes came back") }
    return Speeds(
        compression: compression, decompression: decompression,
        shrinkage: Double(content.count) / Double(ends.last ?? 1))
}

/// One frame, in pieces of 1 MiB through buffers of about 1 MiB.
func stream(_ content: [UInt8], _ options: FrameOptions) throws -> Speeds {
    let piece = 1 << 20
    var writer = try FrameWriter(options: options)
    var reader = try FrameReader(limits: Limits(contentBytes: UInt64(content.count)))
    var frame = [UInt8](repeating: 0, count: content.count + content.count / 100 + writer.leastOutput * 2)
    var length = 0
    let compression = try fastest(content.count) {
        var span = frame.mutableSpan
        var bytes = span.mutableBytes
        length = 0
        var start = 0
        while start < content.count {
            let input = content.span.bytes.extracting(start..<min(start + piece, content.count))
            var room = bytes.extracting(length...)
            let progress = try writer.write(input, into: &room)
            start += progress.consumed
            length += progress.produced
        }
        var room = bytes.extracting(length...)
        length += try writer.finish(into: &room)
    }
    var output = [UInt8](repeating: 0, count: piece)
    let decompression = try fastest(content.count) {
        reader.reset()
        var span = output.mutableSpan
        var bytes = span.mutableBytes
        var start = 0
        while true {
            let input = frame.span.bytes.extracting(start..<min(start + piece, length))
            let progress = try reader.read(input, into: &bytes)
            start += progress.consumed
            if start == length, progress.produced < piece { break }
        }
        try reader.finish()
    }
    guard reader.contentBytes == content.count else {
        throw Failure(detail: "\(reader.contentBytes) bytes came back")
    }
    return Speeds(
        compression: compression, decompression: decompression,
        shrinkage: Double(content.count) / Double(length))
}

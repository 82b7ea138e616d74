import LZ4
import Testing

/// A parallel compression of an array, which counts the chunks that are on their way.
struct ParallelRun {
    let compressor: ParallelCompressor

    init(cores: Int, chunkBytes: Int) {
        compressor = ParallelCompressor(cores: cores, chunkBytes: chunkBytes)
    }

    func frames(of content: [UInt8]) async throws -> [[UInt8]] {
        var start = 0
        var (filled, frames) = (0, [[UInt8]]())
        try await compressor.compress { chunk, atMost in
            let end = min(start + atMost, content.count)
            chunk += content[start..<end]
            start = end
            filled += chunk.isEmpty ? 0 : 1
            #expect(filled - frames.count <= compressor.chunksInFlight)
        } to: { frame in
            frames.append(Array(frame))
        }
        return frames
    }
}

@Suite("Compression on several cores")
struct ParallelTests {
    struct Broken: Error, Equatable { let chunk: Int }

    @Test(
        "gives the frames in order, each of one chunk",
        arguments: [1, 2, 3, 8], [0, 1, 65_535, 65_536, 65_537, 1_000_000])
    func order(cores: Int, size: Int) async throws {
        let content = Content.mixed.bytes(size, seed: UInt64(cores))
        let frames = try await ParallelRun(cores: cores, chunkBytes: 65_536).frames(of: content)
        #expect(frames.count == max((size + 65_535) / 65_536, 1))
        #expect(try Frames.decompress(frames.reduce(into: []) { $0 += $1 }, limits: .test) == content)
        let first = try Frames.decompress(frames[0], limits: .test)
        #expect(first == Array(content.prefix(65_536)))
    }

    @Test("does not depend on how many cores there are")
    func same() async throws {
        let content = Content.mixed.bytes(2_000_000)
        let one = try await ParallelRun(cores: 1, chunkBytes: 100_000).frames(of: content)
        let four = try await ParallelRun(cores: 4, chunkBytes: 100_000).frames(of: content)
        #expect(one == four)
    }

    @Test("ends with the error of the side that failed")
    func errors() async throws {
        let compressor = ParallelCompressor(cores: 2, chunkBytes: 1000)
        var chunks = 0
        await #expect(throws: Broken(chunk: 5)) {
            try await compressor.compress { chunk, atMost in
                guard chunks < 5 else { throw Broken(chunk: chunks) }
                chunks += 1
                chunk += Array(repeating: 1, count: atMost)
            } to: { _ in
            }
        }
        var frames = 0
        await #expect(throws: Broken(chunk: 3)) {
            try await compressor.compress { chunk, atMost in
                chunk += Array(repeating: 1, count: atMost)
            } to: { _ in
                frames += 1
                guard frames < 3 else { throw Broken(chunk: frames) }
            }
        }
    }

    @Test("ends when it is cancelled, however much content there is")
    func cancelled() async throws {
        let (started, signal) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await ParallelCompressor(cores: 2, chunkBytes: 1000).compress { chunk, atMost in
                chunk += Array(repeating: 1, count: atMost)
            } to: { _ in
                signal.yield()
            }
        }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("A relay", .serialized, .timeLimit(.minutes(3)))
struct RelayRoundTripTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var streams = 1
        var channels: UInt16 = 1
        var length = 3 << 20
        var compression = RelayCompression.adaptive
        var limits = RelayLimits()
    }

    private static func window(_ bytes: Int) -> RelayLimits {
        var limits = RelayLimits()
        limits.window = bytes
        return limits
    }

    @Test(
        "carries what is written both ways, in whatever pieces, and each end as an end",
        arguments: [
            Row(testDescription: "one stream, passed through", compression: .never),
            Row(testDescription: "one stream, compressed", compression: .always),
            Row(testDescription: "one stream, adaptive"),
            Row(testDescription: "nothing", length: 0),
            Row(testDescription: "a byte", length: 1),
            Row(
                testDescription: "sixteen streams in two channels, compressed", streams: 16, channels: 2,
                length: 1 << 20, compression: .always),
            Row(testDescription: "two hundred streams", streams: 200, channels: 2, length: 40_000),
            Row(testDescription: "a window of 4 MiB", compression: .always, limits: window(4 << 20)),
        ])
    func roundTrips(row: Row) async throws {
        let scene = try RelayScene(
            channels: row.channels, limits: row.limits, compression: row.compression)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for stream in 0..<row.streams {
                let (near, far) = try await scene.connect(UInt16(stream) % row.channels)
                let seed = UInt64(stream) + 100
                let (forth, back) = (Self.content(row.length, seed), Self.content(row.length, seed + 1000))
                for (talker, said, heard) in [(near, forth, back), (far, back, forth)] {
                    group.addTask {
                        try await onThread {
                            #expect(talker.say(said, seed: seed))
                            talker.shut()
                        }
                    }
                    group.addTask {
                        let (bytes, ending) = try await onThread { talker.hear() }
                        #expect(bytes == heard)
                        #expect(ending == .end)
                    }
                }
            }
            try await group.waitForAll()
        }
        scene.source.finish()
        let (source, destination) = await scene.outcomes
        let (near, far) = (try source.get(), try destination.get())
        let total = UInt64(row.streams * row.length)
        #expect(near.sent.content == total && near.received.content == total)
        #expect(far.sent.content == total && far.received.content == total)
        #expect(near.sent.wire == far.received.wire && near.received.wire == far.sent.wire)
        #expect(near.opened == row.streams && near.open == 0 && far.opened == row.streams && far.open == 0)
        if row.compression == .always, total > 0 { #expect(near.sent.wire < total * 3 / 4) }
    }

    /// Text and noise by turns, another piece of it for each seed.
    static func content(_ length: Int, _ seed: UInt64) -> [UInt8] {
        let start = Int(seed * 7919) % (base.count - length)
        return Array(base[start..<start + length])
    }

    private static let base: [UInt8] = {
        let noise = Scene.random(1 << 20, seed: 3)
        let text = Array(repeatElement(Array("Apus apus".utf8), count: 12_000).joined())
        return (0..<80).flatMap { noise[$0 * 10_000..<$0 * 10_000 + 100_000] + text }
    }()

    @Test("carries one direction on when the other has ended", arguments: [true, false])
    func halfClose(nearFirst: Bool) async throws {
        let scene = try RelayScene()
        let (near, far) = try await scene.connect()
        let (first, last) = nearFirst ? (near, far) : (far, near)
        try await onThread {
            first.say([1, 2, 3])
            first.shut()
            #expect(last.hear() == ([1, 2, 3], .end))
            for count in 1...50 {
                last.say([UInt8](repeating: 7, count: count * 100))
                #expect(first.hear(count * 100).bytes.count == count * 100)
            }
            last.shut()
            #expect(first.hear() == ([], .end))
        }
        scene.source.finish()
        let (source, destination) = await scene.outcomes
        #expect(source.error == nil && destination.error == nil)
    }

    @Test("passes a connection that broke on as one that broke", arguments: [true, false])
    func reset(nearFirst: Bool) async throws {
        let scene = try RelayScene()
        let (near, far) = try await scene.connect()
        let (leaving, staying) = nearFirst ? (near, far) : (far, near)
        try await onThread {
            leaving.say([1])
            #expect(staying.hear(1) == ([1], nil))
            staying.say([2, 3])
            #expect(leaving.hear(1) == ([2], nil))
            // With a byte that it has not read: a reset, as Linux sees it.
            leaving.leave()
            #expect(staying.hear() == ([], .reset))
            #expect(!staying.say([4]))
        }
        // Others go on.
        let other = try await scene.connect()
        try await onThread {
            other.near.say([5])
            #expect(other.far.hear(1) == ([5], nil))
            other.near.shut()
            other.far.shut()
        }
        scene.source.finish()
        let (source, destination) = await scene.outcomes
        #expect(source.error == nil && destination.error == nil)
    }

    @Test("resets a connection that nobody takes on the destination")
    func nobody() async throws {
        let scene = try RelayScene(listens: false)
        let near = Talker(try LocalSockets.connect(to: "\(scene.folder)/near0"))
        try await onThread {
            near.say([1, 2, 3])
            #expect(near.hear() == ([], .reset))
        }
        scene.source.finish()
        let (source, destination) = await scene.outcomes
        #expect(source.error == nil && destination.error == nil)
    }

    @Test("ends when it was told to and its last stream has ended, not before")
    func finish() async throws {
        let scene = try RelayScene()
        let (near, far) = try await scene.connect()
        scene.source.finish()
        #expect(throws: Errno.self) { try LocalSockets.connect(to: "\(scene.folder)/near0") }
        try await onThread {
            for _ in 1...100 {
                near.say([1])
                #expect(far.hear(1) == ([1], nil))
                far.say([2])
                #expect(near.hear(1) == ([2], nil))
            }
        }
        #expect(scene.source.counters.open == 1 && scene.destination.counters.open == 1)
        near.shut()
        far.shut()
        let (source, destination) = await scene.outcomes
        #expect(source.error == nil && destination.error == nil)
    }

    @Test("treats what it sends as it is told, from then on")
    func switched() async throws {
        let scene = try RelayScene(compression: .never)
        let (near, far) = try await scene.connect()
        let text = Array(repeatElement(Array("Apus apus ".utf8), count: 200_000).joined())
        for (compression, isSmaller) in [
            (RelayCompression.never, false), (.always, true), (.never, false), (.always, true),
        ] {
            scene.source.setCompression(compression)
            let before = scene.source.counters.sent
            try await onThread {
                sayMeanwhile(near, text)
                #expect(far.hear(text.count).bytes == text)
            }
            let after = scene.source.counters.sent
            #expect(after.content - before.content == UInt64(text.count))
            #expect((after.wire - before.wire < UInt64(text.count) / 2) == isSmaller)
        }
    }
}

/// Says it on a thread of its own.
func sayMeanwhile(_ talker: Talker, _ bytes: [UInt8]) {
    SessionThreads().start { talker.say(bytes) }
}

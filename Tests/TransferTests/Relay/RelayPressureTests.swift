import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("A relay under pressure", .serialized, .timeLimit(.minutes(2)))
struct RelayPressureTests {
    @Test("holds no more of a stream that nobody reads than its window, and carries the others")
    func slowReader() async throws {
        let scene = try RelayScene(channels: 2, compression: .never)
        let slow = try await scene.connect(0)
        let other = try await scene.connect(1)
        let content = Scene.random(8 << 20, seed: 1)
        sayMeanwhile(slow.near, content)
        try await onThread {
            // Until its credit is used up, of which a quarter may be on its way back; and then some more.
            while Self.underway(scene) < StreamCredit.initial / 2 {
                Self.exchange(other, 1)
                #expect(Self.underway(scene) <= StreamCredit.initial + 2)
            }
            Self.exchange(other, 200)
            #expect(Self.underway(scene) <= StreamCredit.initial + 2)
            #expect(slow.far.hear(content.count).bytes == content)
        }
        slow.near.leave()
        other.near.leave()
    }

    @Test("answers a byte while bulk flows in both directions", arguments: RelayCompression.allCases)
    func pingPong(compression: RelayCompression) async throws {
        let scene = try RelayScene(channels: 2, compression: compression)
        let bulk = try await scene.connect(0)
        let other = try await scene.connect(1)
        let content = RelayRoundTripTests.content(12 << 20, 2)
        sayMeanwhile(bulk.near, content)
        sayMeanwhile(bulk.far, content)
        async let near = onThread { bulk.near.hear(content.count).bytes }
        async let far = onThread { bulk.far.hear(content.count).bytes }
        try await onThread { Self.exchange(other, 300) }
        #expect(try await near == content)
        #expect(try await far == content)
    }

    /// Bytes that were read on the source and not delivered on the destination.
    private static func underway(_ scene: RelayScene) -> Int {
        // In this order the difference is never too large by what flows meanwhile.
        let sent = scene.source.counters.sent.content
        let delivered = scene.destination.counters.received.content
        return Int(sent) - Int(delivered)
    }

    private static func exchange(_ talkers: (near: Talker, far: Talker), _ times: Int) {
        for _ in 0..<times {
            talkers.near.say([1])
            #expect(talkers.far.hear(1) == ([1], nil))
            talkers.far.say([2])
            #expect(talkers.near.hear(1) == ([2], nil))
        }
    }
}

@Suite("What waits for a relay's link")
struct SendQueueTests {
    private static func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 1, count: count) }

    /// Streams as they were opened, without what says so.
    private static func queue(_ streams: UInt32) -> SendQueue {
        var queue = SendQueue()
        for stream in 0..<streams { queue.open(StreamOpen(stream: stream, channel: 0), tells: false) }
        return queue
    }

    private static func order(_ queue: inout SendQueue) -> [String] {
        var order: [String] = []
        while let frame = queue.next() {
            switch frame {
            case .streamOpen(let open): order.append("open \(open.stream)")
            case .streamBytes(let bytes): order.append("\(bytes.stream): \(bytes.contentLength)")
            case .streamShut(let shut): order.append("\(shut.stream): \(shut.ending)")
            case .streamCredit(let credit): order.append("credit \(credit.stream): \(credit.bytes)")
            default: order.append("\(frame.type)")
            }
        }
        return order
    }

    @Test("goes small before bulk, bulk by turns, and of a stream in order")
    func turns() {
        var queue = Self.queue(3)
        for count in [100_000, 100_001] {
            for stream: UInt32 in 0..<2 { _ = queue.push(Self.bytes(count), of: stream, compressing: false) }
        }
        _ = queue.push([1], of: 0, compressing: false)
        queue.shut(0, .end)
        _ = queue.push([1, 2], of: 2, compressing: false)
        queue.grant(5, for: 1)
        queue.grant(6, for: 1)
        queue.open(StreamOpen(stream: 3, channel: 1), tells: true)
        #expect(
            Self.order(&queue) == [
                "open 3", "credit 1: 11", "2: 2", "0: 100000", "1: 100000", "0: 100001", "0: 1", "0: end",
                "1: 100001",
            ])
    }

    @Test("lets bulk pass now and then, however many small ones there are")
    func fairness() {
        var queue = Self.queue(2)
        for _ in 0..<3 { _ = queue.push(Self.bytes(100_000), of: 0, compressing: false) }
        var bulk: [Int] = []
        for place in 0..<60 {
            _ = queue.push([1], of: 1, compressing: false)
            if case .streamBytes(let bytes)? = queue.next(), bytes.stream == 0 { bulk.append(place) }
        }
        #expect(bulk == [16, 33, 50])
    }

    @Test("keeps its order while some of it is still being compressed, and others go on")
    func compressing() throws {
        var queue = Self.queue(2)
        let jobs = [50_000, 50_001].compactMap { queue.push(Self.bytes($0), of: 0, compressing: true) }
        try #require(jobs.count == 2)
        queue.shut(0, .reset)
        #expect(queue.next() == nil)
        _ = queue.push(Self.bytes(60_000), of: 1, compressing: false)
        queue.finish(jobs[1], as: StreamBytes(stream: 0, 50_001, lz4: [1, 2]))
        #expect(Self.order(&queue) == ["1: 60000"])
        queue.finish(jobs[0], as: StreamBytes(stream: 0, 50_000, lz4: [1]))
        #expect(Self.order(&queue) == ["0: 50000", "0: 50001", "0: reset"])
    }

    @Test("is stored where it is short, or where the stream has not shrunk for a while")
    func choice() {
        var queue = Self.queue(1)
        #expect(queue.push(Self.bytes(511), of: 0, compressing: true) == nil)
        var jobs = 0
        for _ in 0..<20 {
            guard let job = queue.push(Self.bytes(10_000), of: 0, compressing: true) else { continue }
            jobs += 1
            queue.finish(job, as: StreamBytes(stream: 0, stored: job.bytes))
        }
        // Four in a row did not shrink: then one is stored and one is tried, two and one, four and one, four and one.
        #expect(jobs == 8)
    }

    @Test("puts what is short together, and forgets a stream with its last frame")
    func together() {
        var queue = Self.queue(1)
        for _ in 0..<200_000 { _ = queue.push([1], of: 0, compressing: false) }
        queue.close(0)
        #expect(queue.count == 1)
        #expect(Self.order(&queue) == ["0: 65536", "0: 65536", "0: 65536", "0: 3392"])
        #expect(queue.count == 0)
        queue.shut(0, .end)
        queue.grant(1, for: 0)
        #expect(queue.push([1], of: 0, compressing: false) == nil)
        #expect(queue.next() == nil)
    }
}

@Suite("What waits for a relay's socket")
struct IncomingBytesTests {
    @Test("is bounded by the credit, which comes back as it is taken")
    func credit() throws {
        var incoming = IncomingBytes(window: StreamCredit.initial)
        #expect(incoming.greet() == 0)
        let piece = StreamBytes(stream: 0, stored: [UInt8](repeating: 1, count: 128 << 10))
        for _ in 0..<4 { try incoming.add(piece) }
        let error = #expect(throws: TransferError.self) {
            try incoming.add(StreamBytes(stream: 0, stored: [1]))
        }
        #expect(error?.code == .protocolBroken)
        #expect(incoming.next() == .bytes(piece))
        #expect(incoming.delivered(1000) == 0)
        #expect(incoming.delivered((128 << 10) - 1000) == 128 << 10)
        try incoming.add(piece)
    }

    @Test("may be more where the window is wider")
    func window() throws {
        var incoming = IncomingBytes(window: 4 << 20)
        #expect(incoming.greet() == (4 << 20) - StreamCredit.initial)
        let piece = StreamBytes(stream: 0, stored: [UInt8](repeating: 1, count: 256 << 10))
        for _ in 0..<16 { try incoming.add(piece) }
        #expect(throws: TransferError.self) { try incoming.add(piece) }
    }

    @Test("takes no more memory than its bytes, however short the frames are")
    func short() throws {
        var incoming = IncomingBytes(window: StreamCredit.initial)
        for number in 0..<200_000 {
            try incoming.add(StreamBytes(stream: 0, stored: [UInt8(truncatingIfNeeded: number)]))
        }
        #expect(incoming.count == 4)
        var all: [UInt8] = []
        while case .bytes(let bytes)? = incoming.next() { all += bytes.payload }
        #expect(all == (0..<200_000).map { UInt8(truncatingIfNeeded: $0) })
    }
}

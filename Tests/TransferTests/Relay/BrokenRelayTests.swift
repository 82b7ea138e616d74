import Glibc
import SystemPackage
import TestSupport
import Testing

import TransferSupport

@testable import Transfer

@Suite("A relay that breaks", .serialized, .timeLimit(.minutes(2)))
struct BrokenRelayTests {
    private static let content = Scene.random(4 << 20, seed: 71)

    @Test("at any byte resets both connections: no end that looks clean", arguments: [true, false])
    func cut(forth: Bool) async throws {
        var generator = SeededGenerator(seed: 70)
        // Behind the first words of both, of which neither is longer than that.
        for place in [400, 401] + (0..<14).map({ _ in Int.random(in: 402...3_000_000, using: &generator) }) {
            let scene = try RelayScene(compression: .never, harm: .cut(at: place), harmsBack: !forth)
            let (near, far) = try await scene.connect()
            let content = Self.content
            try await onThread {
                near.say([1])
                #expect(far.hear(1) == ([1], nil))
                far.say([2])
                #expect(near.hear(1) == ([2], nil))
            }
            let (speaker, listener) = forth ? (near, far) : (far, near)
            async let said = onThread { speaker.say(content) }
            let (bytes, ending) = try await onThread { listener.hear() }
            #expect(ending == .reset, "cut at \(place)")
            #expect(bytes.count < content.count && content.starts(with: bytes), "cut at \(place)")
            // Linux tells of a reset once, and not at all where a write was half done: then the next one fails.
            let isTaken = try await said
            #expect(!isTaken, "cut at \(place)")
            #expect(!speaker.say([1]), "cut at \(place)")
            let (source, destination) = await scene.outcomes
            #expect(source.error != nil && destination.error != nil, "cut at \(place)")
        }
    }

    @Test("resets what waits for a slow peer, and what waits for credit", arguments: [true, false])
    func stuck(ends source: Bool) async throws {
        let scene = try RelayScene(compression: .never)
        let (near, far) = try await scene.connect()
        try await onThread {
            near.say([1])
            #expect(far.hear(1) == ([1], nil))
            far.say([2])
            #expect(near.hear(1) == ([2], nil))
            sayMeanwhile(near, Self.content)
            // Nobody reads it: all the credit is used up at last.
            while scene.source.counters.sent.content < StreamCredit.initial { sched_yield() }
        }
        if source { scene.source.end() } else { scene.destination.end() }
        let (one, other) = await scene.outcomes
        #expect(one.error?.code == .streamBroken && other.error?.code == .streamBroken)
        #expect(!near.say([1]))
        #expect(try await onThread { far.hear().ending } == .reset)
    }

    @Test(
        "by a bit that flips in a header ends with that error at both ends",
        arguments: [16 + 40 + 3, 16 + 40 + 30])
    func flipped(place: Int) async throws {
        let scene = try RelayScene(harm: .flip(at: place, bit: 3))
        let near = Talker(try LocalSockets.connect(to: "\(scene.folder)/near0"))
        near.say([1, 2, 3])
        let (source, destination) = await scene.outcomes
        #expect(destination.error?.code == .frameDamaged && destination.error?.side == .here)
        #expect(source.error?.code == .frameDamaged && source.error?.side == .peer)
        #expect(try await onThread { near.hear().ending } == .reset)
    }

    @Test("ends when its task is cancelled, and leaves no socket behind")
    func cancelled() async throws {
        let (one, other) = try SocketPair.open()
        let path = "\(try Scene().folder)-socket"
        let relay = try Relay(
            listeningOn: [RelayChannel(0, at: FilePath(path))], over: Link(adopting: one, one),
            session: .random())
        let running = Task { try await relay.run() }
        running.cancel()
        await #expect(throws: TransferError.self) { try await running.value }
        #expect(throws: Errno.noSuchFileOrDirectory) { try LocalSockets.connect(to: path) }
        try other.close()
    }

    @Test("does not begin where the path is taken, and lets in whom it is told to")
    func path() throws {
        let scene = try RelayScene()
        let (one, other) = try SocketPair.open()
        defer { try? other.close() }
        let link = Link(adopting: one, one)
        let taken = RelayChannel(0, at: FilePath("\(scene.folder)/near0"))
        let error = #expect(throws: TransferError.self) {
            try Relay(listeningOn: [taken], over: link, session: .random())
        }
        #expect(error?.code == .fileExists)
        let free = RelayChannel(0, at: FilePath("\(scene.folder)/free"), mode: .ownerReadWrite)
        let relay = try Relay(listeningOn: [free], over: link, session: .random())
        var status = stat()
        #expect(stat("\(scene.folder)/free", &status) == 0 && status.st_mode & 0o7777 == 0o600)
        relay.end()
        #expect(stat("\(scene.folder)/free", &status) != 0)
    }
}

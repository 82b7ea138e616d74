import SystemPackage
import TestSupport
import Testing

import TransferSupport

@testable import Transfer

@Suite("A stream that breaks", .timeLimit(.minutes(5)))
struct BrokenStreamTests {
    /// Blocks of every kind, and little in all: random, zero, text, random, a hole, a short last one.
    private static let content: [UInt8] = {
        var bytes = Scene.random(3 * 65536, seed: 10)
        bytes += [UInt8](repeating: 0, count: 65536)
        bytes += Array(repeatElement(Array("Apus apus".utf8), count: 7282).joined().prefix(65536))
        bytes += Scene.random(5 * 65536, seed: 11)
        bytes += [UInt8](repeating: 0, count: 2 * 65536)
        bytes += Scene.random(65536 + 100, seed: 12)
        return bytes
    }()

    private struct Fixture {
        let scene: Scene
        let content: [UInt8]
        let exchange: Exchange

        /// With an older copy, if there is one, that differs in every other block.
        init(olderCopy: Bool) throws {
            scene = try Scene()
            content = BrokenStreamTests.content
            let disk = try scene.write("\(scene.source)/disk", [(0, content)])
            let note = try scene.write("\(scene.source)/note", [(0, Array("a note".utf8))])
            var policy = scene.policy
            if olderCopy {
                var old = content
                for block in stride(from: 0, to: content.count, by: 2 * 65536) { old[block] ^= 1 }
                let path = try scene.write("\(scene.folder)/old", [(0, old)])
                policy.olderCopies[FilePlace(root: 0, path: try RelativePath("disk"))] = FilePath(path)
            }
            exchange = Exchange(
                [try scene.outgoing("disk", from: disk), try scene.outgoing("note", from: note)], policy)
        }

        /// Whatever has a final name is what was sent.
        func expectNothingWrong(_ comment: Comment) throws {
            for name in try scene.received {
                switch name {
                case "disk": #expect(try scene.read(name) == content, comment)
                case "note": #expect(try scene.read(name) == Array("a note".utf8), comment)
                default: #expect(PartialName.matches(name), comment)
                }
            }
        }
    }

    /// What both say when nothing breaks.
    private static func unbroken(olderCopy: Bool) async throws -> Exchange.Outcome {
        let fixture = try Fixture(olderCopy: olderCopy)
        let outcome = try await fixture.exchange.run()
        #expect(try fixture.scene.received == ["disk", "note"])
        return outcome
    }

    @Test("at any frame, or in one, leaves nothing behind that is not whole", arguments: [false, true])
    func cut(olderCopy: Bool) async throws {
        let clean = try await Self.unbroken(olderCopy: olderCopy)
        var generator = SeededGenerator(seed: 20)
        var places = try FrameBoundaries.of(clean.forth)
        for _ in 0..<16 { places.append(.random(in: 0..<clean.forth.count, using: &generator)) }
        for place in places {
            let fixture = try Fixture(olderCopy: olderCopy)
            var exchange = fixture.exchange
            exchange.forth = .cut(at: place)
            let outcome = try await exchange.run()
            #expect(outcome.sendError != nil, "cut at \(place)")
            #expect(outcome.receiveError != nil, "cut at \(place)")
            try fixture.expectNothingWrong("cut at \(place)")
            #expect(try fixture.scene.received.allSatisfy { !PartialName.matches($0) }, "cut at \(place)")
        }
    }

    @Test("is gone on with where it broke, when the receiver keeps what it had", arguments: [false, true])
    func resumed(olderCopy: Bool) async throws {
        let clean = try await Self.unbroken(olderCopy: olderCopy)
        let boundaries = try FrameBoundaries.of(clean.forth)
        var generator = SeededGenerator(seed: 21)
        let random = (0..<16).map { _ in Int.random(in: 0..<clean.forth.count, using: &generator) }
        for place in boundaries + random {
            let fixture = try Fixture(olderCopy: olderCopy)
            var exchange = fixture.exchange
            exchange.policy.resumes = true
            exchange.forth = .cut(at: place)
            _ = try await exchange.run()
            try fixture.expectNothingWrong("cut at \(place)")
            let done = try fixture.scene.received
            exchange.forth = .none
            exchange.policy.replaces = true
            exchange.files = try [("disk", "disk"), ("note", "note")].filter { !done.contains($0.0) }.map {
                try fixture.scene.outgoing($0.0, from: "\(fixture.scene.source)/\($0.1)")
            }
            let second = try await exchange.run()
            #expect(second.receiveError == nil, "cut at \(place)")
            #expect(try fixture.scene.received == ["disk", "note"], "cut at \(place)")
            try fixture.expectNothingWrong("cut at \(place)")
            // What had arrived in whole frames does not cross again; the frame that was cut does.
            let arrived = boundaries.last { $0 <= place } ?? 0
            #expect(second.forth.count <= clean.forth.count - arrived + 2000, "cut at \(place)")
        }
    }

    @Test("by a bit that flips at any frame is noticed by who reads it", arguments: [false, true])
    func flipped(forth: Bool) async throws {
        let clean = try await Self.unbroken(olderCopy: true)
        let stream = forth ? clean.forth : clean.back
        var generator = SeededGenerator(seed: 22)
        var places: [Int] = []
        for (start, end) in zip(
            try FrameBoundaries.of(stream), try FrameBoundaries.of(stream).dropFirst() + [stream.count])
        {
            // Type, flags, reserved, length, check, the body's first byte, its last one and one in between.
            places += [start, start + 1, start + 3, start + 5, start + 9, start + 16, end - 1].filter {
                $0 < end
            }
            places.append(.random(in: start..<end, using: &generator))
        }
        for place in places {
            let fixture = try Fixture(olderCopy: true)
            var exchange = fixture.exchange
            let bit = Int.random(in: 0..<8, using: &generator)
            let harm = Exchange.Harm.flip(at: place, bit: bit)
            if forth { exchange.forth = harm } else { exchange.back = harm }
            let outcome = try await exchange.run()
            let error = forth ? outcome.receiveError : outcome.sendError
            #expect(error != nil, "bit \(bit) of byte \(place)")
            try fixture.expectNothingWrong("bit \(bit) of byte \(place)")
            #expect(
                try fixture.scene.received.allSatisfy { !PartialName.matches($0) },
                "bit \(bit) of byte \(place)")
        }
    }
}

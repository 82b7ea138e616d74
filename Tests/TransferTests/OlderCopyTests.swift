import Glibc
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("An older copy", .timeLimit(.minutes(2)))
struct OlderCopyTests {
    private static let block = 65536
    private static let count = 160

    private static func changed(_ content: [UInt8], blocks: some Sequence<Int>) -> [UInt8] {
        var content = content
        for index in blocks {
            content.replaceSubrange(
                index * block..<(index + 1) * block, with: Scene.random(block, seed: UInt64(1000 + index)))
        }
        return content
    }

    @Test("saves what has not changed: 5 % changed blocks cost at most 8 % of the first transfer")
    func changedBlocks() async throws {
        let scene = try Scene()
        let old = Scene.random(Self.block * Self.count, seed: 50)
        let first = try await Exchange(
            [scene.outgoing("old", from: try scene.write("\(scene.source)/old", [(0, old)]))], scene.policy
        ).run()
        let content = Self.changed(old, blocks: stride(from: 3, to: Self.count, by: 20))
        let path = try scene.write("\(scene.source)/disk", [(0, content)])
        var exchange = Exchange([try scene.outgoing("disk", from: path)], scene.policy)
        exchange.policy.olderCopies = [
            FilePlace(root: 0, path: try RelativePath("disk")): FilePath("\(scene.root)/old")
        ]
        let second = try await exchange.run()
        #expect(second.receiveError == nil)
        #expect(try scene.read("disk") == content)
        #expect(try scene.read("old") == old)
        let costs = (first.forth.count + first.back.count, second.forth.count + second.back.count)
        #expect(costs.1 * 100 <= costs.0 * 8, "\(costs)")
    }

    @Test(
        "may be shorter or longer, may have data where there is none now, and may be replaced itself",
        arguments: [-30, 0, 30])
    func replaced(longer: Int) async throws {
        let scene = try Scene()
        let old = Scene.random(Self.block * (Self.count + longer) - 99, seed: 51)
        try scene.write("\(scene.root)/disk", [(0, old)])
        // The new one has two holes and ends in the middle of a block.
        var content = Array(Scene.random(Self.block * Self.count, seed: 51).dropLast(1234))
        for hole in [10..<14, 100..<101] {
            content.replaceSubrange(
                hole.lowerBound * Self.block..<hole.upperBound * Self.block,
                with: [UInt8](repeating: 0, count: hole.count * Self.block))
        }
        let path = try scene.write("\(scene.source)/disk", [(0, content)])
        var exchange = Exchange([try scene.outgoing("disk", from: path, replaces: true)], scene.policy)
        exchange.policy.replaces = true
        let outcome = try await exchange.run()
        #expect(outcome.sendError == nil)
        #expect(outcome.receiveError == nil)
        #expect(try scene.read("disk") == content)
        #expect(try scene.received == ["disk"])
        let unknown = max(-longer, 0) + 2
        #expect(outcome.forth.count <= unknown * (Self.block + 100) + 2000)
    }

    @Test("is read no faster than it is answered, and told of in bounded memory")
    func window() async throws {
        let scene = try Scene()
        // More than a window of blocks that are all alike but for one.
        let blocks = Window.blocks + 1000
        let path = "\(scene.root)/disk"
        let mark: [UInt8] = [1, 2, 3]
        let pieces = (0..<blocks).map { (offset: $0 * Self.block + 77, bytes: mark) }
        try scene.write(path, pieces, size: blocks * Self.block)
        var changed = pieces
        changed[blocks - 2].bytes = [9]
        let source = try scene.write("\(scene.source)/disk", changed, size: blocks * Self.block)
        var exchange = Exchange([try scene.outgoing("disk", from: source, replaces: true)], scene.policy)
        exchange.policy.replaces = true
        let outcome = try await exchange.run()
        #expect(outcome.sendError == nil)
        #expect(outcome.receiveError == nil)
        #expect(outcome.forth.count < 20_000)
        let (before, after) = (
            try OpenFile(source, below: nil, flags: O_RDONLY), try OpenFile(path, below: nil, flags: O_RDONLY)
        )
        #expect(try Scene.sameContent(before, after, UInt64(blocks * Self.block)))
    }

    @Test("that is only zeros in the new one is cleared")
    func cleared() async throws {
        let scene = try Scene()
        let old = Scene.random(Self.block * Self.count, seed: 52)
        // An unfinished file with all of it, as an earlier attempt would leave it.
        try scene.write("\(scene.root)/\(PartialName.of("disk"))", [(0, old)])
        let source = try scene.write("\(scene.source)/disk", [(5, [1])], size: old.count)
        var exchange = Exchange([try scene.outgoing("disk", from: source)], scene.policy)
        exchange.policy.resumes = true
        let outcome = try await exchange.run()
        #expect(outcome.receiveError == nil)
        #expect(try scene.read("disk") == [0, 0, 0, 0, 0, 1] + [UInt8](repeating: 0, count: old.count - 6))
    }
}

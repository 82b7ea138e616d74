import FoundationEssentials
import Glibc
import SystemPackage
import Testing

import TransferSupport

@testable import Transfer

@Suite("A hostile peer", .timeLimit(.minutes(2)))
struct HostilePeerTests {
    @Test(
        "gets no path that leaves the directory",
        arguments: [
            "", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "a/", "./a", "a/.", "a\0b",
            String(repeating: "x", count: 256), String(repeating: "x/", count: 512) + "y",
            ".apus-00000000000000000000000000000000.partial",
        ])
    func paths(text: String) {
        let error = #expect(throws: TransferError.self) { try RelativePath(text) }
        #expect(error?.code == .pathRefused)
    }

    @Test("gets no path that is not UTF-8")
    func encoding() {
        #expect(throws: TransferError.self) { try RelativePath(bytes: [0x61, 0xff, 0xfe]) }
    }

    struct Plant: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What lies in the directory to receive in; `OUTSIDE` is another one.
        let script: @Sendable (_ root: String, _ outside: String) -> Void
        var path = "disk"
        var replaces = false
        let code: TransferError.Code
    }

    static let partial = PartialName.of("disk")
    static let plants = [
        Plant(
            testDescription: "a symbolic link for a directory",
            script: { symlink($1, "\($0)/sub") }, path: "sub/disk", code: .pathRefused),
        Plant(
            testDescription: "a symbolic link for the unfinished file",
            script: { symlink("\($1)/victim", "\($0)/\(partial)") }, code: .pathRefused),
        Plant(
            testDescription: "a symbolic link for the file itself",
            script: { symlink("\($1)/victim", "\($0)/disk") },
            replaces: true, code: .fileUnsuitable),
        Plant(
            testDescription: "a hard link for the unfinished file",
            script: { link("\($1)/victim", "\($0)/\(partial)") }, code: .fileUnsuitable),
        Plant(
            testDescription: "a pipe for the unfinished file",
            script: { root, _ in mkfifo("\(root)/\(partial)", 0o600) },
            code: .fileUnsuitable),
        Plant(
            testDescription: "a directory for the unfinished file",
            script: { root, _ in mkdir("\(root)/\(partial)", 0o700) }, code: .diskFailed),
        Plant(
            testDescription: "a directory for the file", script: { root, _ in mkdir("\(root)/disk", 0o700) },
            replaces: true, code: .fileUnsuitable),
        Plant(
            testDescription: "a file for a directory",
            script: { root, _ in close(creat("\(root)/sub", 0o600)) },
            path: "sub/disk", code: .pathRefused),
        Plant(testDescription: "no directory", script: { _, _ in }, path: "sub/disk", code: .diskFailed),
        Plant(
            testDescription: "the file already", script: { root, _ in close(creat("\(root)/disk", 0o600)) },
            code: .fileExists),
    ]

    @Test("does not get around what somebody planted in the directory", arguments: plants)
    func planted(plant: Plant) async throws {
        let scene = try Scene()
        let outside = "\(scene.folder)/outside"
        try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: false)
        try scene.write("\(outside)/victim", [(0, Array("untouched".utf8))])
        plant.script(scene.root, outside)
        let before = try scene.received
        let source = try scene.write("\(scene.source)/disk", [(0, Scene.random(100_000, seed: 60))])
        var exchange = Exchange(
            [try scene.outgoing(plant.path, from: source, replaces: plant.replaces)], scene.policy)
        exchange.policy.replaces = true
        exchange.policy.resumes = true
        let outcome = try await exchange.run()
        #expect(outcome.receiveError?.code == plant.code)
        #expect(outcome.sendError?.code == plant.code)
        #expect(outcome.sendError?.side == .peer)
        #expect(try scene.received == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside) == ["victim"])
        #expect(try Data(contentsOf: URL(filePath: "\(outside)/victim")) == Data("untouched".utf8))
    }

    @Test("does not replace a file unless both ends want it", arguments: [(false, true), (true, false)])
    func replacing(sender: Bool, receiver: Bool) async throws {
        let scene = try Scene()
        try scene.write("\(scene.root)/disk", [(0, [1])])
        let source = try scene.write("\(scene.source)/disk", [(0, [2])])
        var exchange = Exchange([try scene.outgoing("disk", from: source, replaces: sender)], scene.policy)
        exchange.policy.replaces = receiver
        let outcome = try await exchange.run()
        #expect(outcome.receiveError?.code == .fileExists)
        #expect(try scene.read("disk") == [1])
    }

    @Test("is one at a time: a second transfer of the same file is told so")
    func busy() async throws {
        let scene = try Scene()
        let directory = try OpenFile(scene.root, below: nil, flags: O_RDONLY | O_DIRECTORY)
        let first = try PartialFile("disk", in: directory, at: "disk", size: 10, resumes: true)
        let source = try scene.write("\(scene.source)/disk", [(0, [2])])
        let outcome = try await Exchange([scene.outgoing("disk", from: source)], scene.policy).run()
        #expect(outcome.receiveError?.code == .fileBusy)
        #expect(try scene.received == [Self.partial])
        first.discard()
    }

    @Test("gets nothing larger than allowed")
    func size() async throws {
        let scene = try Scene()
        let source = try scene.write("\(scene.source)/disk", [], size: 1 << 30)
        var exchange = Exchange([try scene.outgoing("disk", from: source)], scene.policy)
        exchange.policy.largestFile = 1 << 20
        let outcome = try await exchange.run()
        #expect(outcome.receiveError?.code == .refused)
        #expect(try scene.received.isEmpty)
    }

    private static let noMount = Comment("a full disk needs root, for a small tmpfs")

    @Test(
        "that fills the disk is told so, and the space is free again", .enabled(if: geteuid() == 0, noMount))
    func fullDisk() async throws {
        let scene = try Scene()
        try #require(mount("tmpfs", scene.root, "tmpfs", 0, "size=1m") == 0)
        defer { umount(scene.root) }
        let source = try scene.write("\(scene.source)/disk", [(0, Scene.random(4 << 20, seed: 61))])
        let outcome = try await Exchange([scene.outgoing("disk", from: source)], scene.policy).run()
        #expect(outcome.receiveError?.code == .noSpace)
        #expect(outcome.sendError?.code == .noSpace)
        #expect(outcome.sendError?.side == .peer)
        #expect(try scene.received.isEmpty)
    }
}

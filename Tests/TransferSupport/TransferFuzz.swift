import FleetModel
import FoundationEssentials
import SystemPackage
import TestSupport
import Transfer

/// Both ends of a transfer against mutated streams. What is checked: no trap and no hang, nothing outside of the
/// directory, nothing under a final name that is not what the sender has, nothing unfinished left behind.
///
/// `@unchecked`: one thread at a time uses it.
package final class TransferFuzz: @unchecked Sendable {
    /// What is wrong, with the seed that shows it again.
    package struct Finding: Error, CustomStringConvertible {
        package let description: String
    }

    /// How the runs ended: the code of the error, or `ok`.
    package private(set) var endings: [String: Int] = [:]

    private let folder: String
    private let contents: [String: [UInt8]]
    private var forth: [UInt8] = []
    private var back: [UInt8] = []

    /// Prepares files below a directory, and records an honest session.
    package init(below directory: String) async throws {
        folder = "\(directory)/apus-fuzz-\(UUID().uuidString)"
        var disk = Self.noise(65536, seed: 1)
        disk += [UInt8](repeating: 0, count: 65536) + [UInt8](repeating: 7, count: 65536)
        disk += Self.noise(2 * 65536, seed: 2) + [1, 2, 3]
        contents = ["disk": disk, "sub/note": Array("a note".utf8)]
        for path in ["source/sub", "root/sub", "old"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(path)", withIntermediateDirectories: true)
        }
        for (name, bytes) in contents { try Self.write(bytes, "\(folder)/source/\(name)") }
        disk[3] ^= 1
        disk.replaceSubrange(65536..<65540, with: [1, 2, 3, 4])
        try Self.write(disk, "\(folder)/old/disk")
        let honest = try await Exchange(try files(), try policy()).run()
        _ = (try honest.sent.get(), try honest.received.get())
        (forth, back) = (honest.forth, honest.back)
        try clean(0)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// One run against the receiver, one against the sender.
    package func run(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        try runReceiver(mutator.next(forth), seed)
        try runSender(mutator.next(back), seed)
    }

    private func runReceiver(_ stream: [UInt8], _ seed: UInt64) throws {
        let link = try link(reading: stream)
        do {
            _ = try Receiver(over: link, session: nil, policy: try policy()).receiveBlocking()
            endings["receiver: ok", default: 0] += 1
        } catch let error as TransferError {
            endings["receiver: \(error.code.rawValue)", default: 0] += 1
        }
        try clean(seed)
    }

    private func runSender(_ stream: [UInt8], _ seed: UInt64) throws {
        do {
            _ = try Sender(
                over: try link(reading: stream), session: SessionID(high: 1, low: 2), compressors: 1
            )
            .sendBlocking(try files())
            endings["sender: ok", default: 0] += 1
        } catch let error as TransferError {
            endings["sender: \(error.code.rawValue)", default: 0] += 1
        }
    }

    /// Looks at what the receiver has made, and removes it.
    private func clean(_ seed: UInt64) throws {
        let there = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        guard there == ["old", "root", "source"] else {
            throw Finding(description: "seed \(seed): outside of the directory lies \(there)")
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/root") where name != "sub"
        {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/root/\(name)")))
            guard !name.contains(".apus-"), contents.values.contains(bytes) else {
                throw Finding(description: "seed \(seed): \(name) was left, \(bytes.count) bytes")
            }
            try FileManager.default.removeItem(atPath: "\(folder)/root/\(name)")
        }
    }

    private func policy() throws -> ReceivingPolicy {
        var policy = ReceivingPolicy(roots: [FilePath("\(folder)/root")])
        policy.largestFile = 16 << 20
        policy.olderCopies = [
            FilePlace(root: 0, path: try RelativePath("disk")): FilePath("\(folder)/old/disk")
        ]
        return policy
    }

    private func files() throws -> [OutgoingFile] {
        try contents.keys.sorted().map { name in
            OutgoingFile(
                FilePath("\(folder)/source/\(name)"), to: FilePlace(root: 0, path: try RelativePath(name)))
        }
    }

    /// A peer that says all of it at once and listens to nothing.
    private func link(reading stream: [UInt8]) throws -> Link {
        let path = FilePath("\(folder)/old/stream")
        let input = try FileDescriptor.open(
            path, .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        _ = try input.writeAll(stream)
        _ = try input.seek(offset: 0, from: .start)
        return Link(adopting: input, try FileDescriptor.open("/dev/null", .writeOnly))
    }

    private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }
}

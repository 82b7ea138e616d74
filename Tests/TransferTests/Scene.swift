import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

@testable import Transfer

/// Directories to send from and to receive in; they go when the test ends.
final class Scene: Sendable {
    let folder: String
    var source: String { "\(folder)/source" }
    var root: String { "\(folder)/root" }

    init() throws {
        folder = "\(FileManager.default.temporaryDirectory.path)/apus-wire-\(UUID().uuidString)"
        for path in [source, root] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes a sparse file: pieces at their offsets, and so long in all.
    @discardableResult
    func write(_ path: String, _ pieces: [(offset: Int, bytes: [UInt8])], size: Int? = nil) throws -> String {
        let file = try OpenFile(path, below: nil, flags: O_RDWR | O_CREAT | O_TRUNC, mode: 0o644)
        for (offset, bytes) in pieces { try file.write(bytes[...], at: UInt64(offset)) }
        if let size { try file.resize(to: UInt64(size)) }
        return path
    }

    func read(_ name: String) throws -> [UInt8] {
        let file = try OpenFile("\(root)/\(name)", below: nil, flags: O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: Int(try file.status().st_size))
        _ = try file.read(into: &bytes, count: bytes.count, at: 0)
        return bytes
    }

    /// All names in the directory to receive in.
    var received: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: root).sorted() }
    }

    var policy: ReceivingPolicy { ReceivingPolicy(roots: [FilePath(root)]) }

    func outgoing(_ name: String, from path: String, replaces: Bool = false) throws -> OutgoingFile {
        OutgoingFile(
            FilePath(path), to: FilePlace(root: 0, path: try RelativePath(name)), replaces: replaces)
    }

    static func random(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let words = (0...count / 8).map { _ in generator.next() }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    /// Whether two sparse files of one size are the same; holes take no time.
    static func sameContent(_ left: OpenFile, _ right: OpenFile, _ size: UInt64) throws -> Bool {
        let blocks = Blocks(fileSize: size)
        var (inLeft, inRight) = (Extents(left, blocks), Extents(right, blocks))
        var index: UInt64 = 0
        while let next = [
            try inLeft.next(from: index)?.lowerBound, try inRight.next(from: index)?.lowerBound,
        ]
        .compactMap(\.self).min() {
            let range = blocks.bytes(next..<next + 1)
            var (one, other) = (
                [UInt8](repeating: 0, count: range.count), [UInt8](repeating: 0, count: range.count)
            )
            _ = try left.read(into: &one, count: range.count, at: range.lowerBound)
            _ = try right.read(into: &other, count: range.count, at: range.lowerBound)
            guard one == other else { return false }
            index = next + 1
        }
        return true
    }
}

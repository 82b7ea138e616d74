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
        [UInt8](try Data(contentsOf: URL(filePath: "\(root)/\(name)")))
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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            let word = generator.next()
            for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(place)))) }
        }
        return Array(bytes.prefix(count))
    }
}

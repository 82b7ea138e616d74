import Glibc
import SystemPackage

/// A file that has much in common with one that arrives.
final class OlderCopy: Sendable {
    let name: String
    let file: OpenFile
    /// As far as both files go.
    let blocks: Blocks

    /// - Throws: `file-unsuitable`, `disk-failed`.
    init(_ name: String, _ file: OpenFile, for arriving: Blocks) throws(TransferError) {
        self.name = name
        self.file = file
        let status: stat
        do { status = try file.status() } catch { throw .file(name, "read the older copy", error) }
        guard status.isRegularFile else {
            throw TransferError(
                .fileUnsuitable, "read the older copy", "\(name) is not a regular file",
                hint: "Name a file as the older copy, or none.")
        }
        blocks = Blocks(fileSize: min(UInt64(status.st_size), arriving.fileSize))
    }

    /// A block as it would be in the file that arrives: behind its own end this one reads as zeros.
    func read(_ index: UInt64, of arriving: Blocks) throws(TransferError) -> [UInt8] {
        let range = arriving.bytes(index..<index + 1)
        var bytes = [UInt8](repeating: 0, count: range.count)
        do {
            _ = try file.read(into: &bytes, count: bytes.count, at: range.lowerBound)
        } catch {
            throw .file(name, "read the older copy", error)
        }
        return bytes
    }
}

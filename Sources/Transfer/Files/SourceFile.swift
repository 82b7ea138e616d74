import Glibc
import SystemPackage

/// A file that is sent, and proof that nobody wrote to it meanwhile.
struct SourceFile {
    let name: String
    let file: OpenFile
    let mode: UInt16
    let blocks: Blocks
    private let start: stat

    /// - Throws: `file-unsuitable`, `disk-failed`.
    init(_ path: FilePath) throws(TransferError) {
        name = path.string
        do {
            file = try OpenFile(path.string, below: nil, flags: O_RDONLY)
            start = try file.status()
        } catch {
            throw .file(path.string, "open the file to send", error)
        }
        guard start.isRegularFile, start.st_size >= 0, UInt64(start.st_size) <= Blocks.largestFile else {
            throw TransferError(
                .fileUnsuitable, "open the file to send", "\(path.string) is not a regular file",
                hint: "Name a file; devices, pipes and directories are not sent.")
        }
        mode = UInt16(start.st_mode & 0o777)
        blocks = Blocks(fileSize: UInt64(start.st_size))
    }

    /// Reads some consecutive blocks.
    ///
    /// - Throws: `file-changed` when the file is shorter now, `disk-failed`.
    func read(_ blocks: Range<UInt64>) throws(TransferError) -> [UInt8] {
        let range = self.blocks.bytes(blocks)
        var buffer = [UInt8](repeating: 0, count: range.count)
        let got: Int
        do {
            got = try file.read(into: &buffer, count: range.count, at: range.lowerBound)
        } catch {
            throw .file(name, "read the file to send", error)
        }
        guard got == range.count else { throw changed("it became shorter") }
        return buffer
    }

    /// - Throws: `file-changed` when it was written to since it was opened.
    func checkUnchanged() throws(TransferError) {
        let now: stat
        do { now = try file.status() } catch { throw .file(name, "read the file to send", error) }
        guard now.st_size == start.st_size else {
            throw changed("its size went from \(start.st_size) to \(now.st_size) bytes")
        }
        guard now.st_mtim.tv_sec == start.st_mtim.tv_sec, now.st_mtim.tv_nsec == start.st_mtim.tv_nsec else {
            throw changed("it was written to")
        }
    }

    private func changed(_ what: String) -> TransferError {
        TransferError(
            .fileChanged, "send \(name)", "\(what) while it was read",
            hint: "See what writes to it (fuser -v \(name)), stop that, then run the same command again.")
    }
}

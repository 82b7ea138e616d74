import Crypto
import Glibc
import SystemPackage

/// What a file is called while it is incomplete: `.apus-<32 hex digits>.partial`, from its own name, so that a
/// second attempt finds it.
enum PartialName {
    static func of(_ name: String) -> String {
        var hash = SHA256()
        hash.add(Array(name.utf8)[...])
        let digits = hash.finalize().prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        return ".apus-\(digits.joined()).partial"
    }

    /// The whole path, beside where the file will be.
    static func path(besides path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return (parts.dropLast() + [of(parts.last ?? "")]).joined(separator: "/")
    }

    static func matches(_ name: String) -> Bool {
        name.hasPrefix(".apus-") && name.hasSuffix(".partial")
    }
}

/// A file that arrives: under a name of its own until all of it was checked.
///
/// It is locked while this process writes to it, and belongs to nobody but its owner until it has its final name.
final class PartialFile: Sendable {
    let blocks: Blocks
    let file: OpenFile
    /// The whole path, for errors.
    let place: String
    private let directory: OpenFile
    private let name: String
    private let target: String

    /// Opens it, or goes on with the one that an earlier attempt left.
    ///
    /// - Parameters:
    ///   - target: the name that it will have in the directory.
    ///   - directory: the one to store in.
    ///   - place: the whole path, for errors.
    ///   - size: that it will have.
    ///   - resumes: whether what an earlier attempt left is of use.
    /// - Throws: `file-busy`, `path-refused`, `file-unsuitable`, `no-space`, `disk-failed`.
    init(
        _ target: String, in directory: OpenFile, at place: String, size: UInt64, resumes: Bool
    ) throws(TransferError) {
        self.place = place
        self.directory = directory
        self.target = target
        name = PartialName.of(target)
        blocks = Blocks(fileSize: size)
        do {
            file = try OpenFile(name, below: directory, flags: O_RDWR | O_CREAT)
        } catch {
            throw .file(place, "create the file", error)
        }
        try claim()
        do {
            if !resumes { try file.resize(to: 0) }
            try file.resize(to: size)
        } catch {
            discard()
            throw .file(place, "create the file", error)
        }
    }

    private func claim() throws(TransferError) {
        let status: stat
        let isOurs: Bool
        do {
            status = try file.status()
            let isLocked = try file.lock()
            let there = try directory.status(of: name)
            isOurs = isLocked && there?.st_ino == status.st_ino
        } catch {
            throw .file(place, "create the file", error)
        }
        // A second link or another owner: somebody put it there so that we write into a file of his choice.
        guard status.isRegularFile, status.st_nlink == 1, status.st_uid == geteuid() else {
            throw TransferError(
                .fileUnsuitable, "create the file",
                "beside \(place) lies \(name), which is not an unfinished file of this user",
                hint: "See whose it is, and remove it.")
        }
        guard isOurs else {
            throw TransferError(
                .fileBusy, "create the file", "\(place) is being received by another transfer",
                hint: "Wait until that has ended.")
        }
    }

    func read(_ block: UInt64) throws(TransferError) -> [UInt8] {
        let range = blocks.bytes(block..<block + 1)
        var bytes = [UInt8](repeating: 0, count: range.count)
        do {
            _ = try file.read(into: &bytes, count: bytes.count, at: range.lowerBound)
        } catch {
            throw .file(place, "read the unfinished file", error)
        }
        return bytes
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) throws(TransferError) {
        do { try file.write(bytes, at: offset) } catch { throw .file(place, "write the file", error) }
    }

    /// Makes a block that an earlier attempt wrote zero again.
    func clear(_ block: UInt64) throws(TransferError) {
        let range = blocks.bytes(block..<block + 1)
        try write([UInt8](repeating: 0, count: range.count)[...], at: range.lowerBound)
    }

    /// Puts it in its place, safe against a crash of the host.
    ///
    /// - Throws: `file-exists`, `no-space`, `disk-failed`.
    func store(mode: UInt16, replacing: Bool) throws(TransferError) {
        do {
            try file.setMode(mode_t(mode & 0o777))
            try file.synchronize()
            try directory.rename(name, to: target, replacing: replacing)
            try directory.synchronize()
        } catch {
            throw .file(place, "put the file in its place", error)
        }
    }

    /// Removes what has arrived. Nothing is left to do about it when that fails.
    func discard() {
        try? directory.remove(name)
    }
}

import Glibc
package import SystemPackage

/// Keeps QEMU from writing to images while they are sent: a guest that is started meanwhile is refused by its own QEMU.
///
/// Takes the locks that a QEMU takes which reads an image and shares its writing with nobody. They are open file
/// description locks: gone when this value is, or with the process, whatever ends it. Source: QEMU's
/// `block/file-posix.c` (`RAW_LOCK_PERM_BASE`, `RAW_LOCK_SHARED_BASE`) and `include/block/block-common.h`.
package struct ImageHold: Sendable {
    /// The bits of QEMU's permissions, each of which is one byte of the image.
    private enum Permission: Int {
        case consistentRead = 0
        case write = 1
        case resize = 3
    }

    private static let taken = 100
    private static let refused = 200

    private let files: [OpenFile]

    /// - Parameter paths: images; what is no regular file has no such locks, and is left out.
    /// - Throws: `file-busy` when somebody may write to one; `disk-failed`.
    package init(_ paths: [FilePath]) throws(TransferError) {
        var files: [OpenFile] = []
        for path in paths {
            do {
                let file = try OpenFile(path.string, below: nil, flags: O_RDONLY)
                guard try file.status().isRegularFile else { continue }
                guard try Self.hold(file) else { throw Self.busy(path) }
                files.append(file)
            } catch let error as Errno {
                throw .file(path.string, "hold the image", error)
            } catch let error as TransferError {
                throw error
            } catch {
                throw Self.busy(path)
            }
        }
        self.files = files
    }

    private static func hold(_ file: OpenFile) throws(Errno) -> Bool {
        try file.share(taken + Permission.consistentRead.rawValue)
        for permission in [Permission.write, .resize] {
            try file.share(refused + permission.rawValue)
            // First held, then looked: of two that begin at once at least one sees the other.
            guard try !file.isShared(taken + permission.rawValue) else { return false }
        }
        return try !file.isShared(refused + Permission.consistentRead.rawValue)
    }

    private static func busy(_ path: FilePath) -> TransferError {
        TransferError(
            .fileBusy, "hold \(path)", "a QEMU, or a tool of its, has \(path) open and may write to it",
            hint: "See who (fuser -v \(path)), and shut that guest down or wait for the tool.")
    }
}

extension OpenFile {
    /// Locks one byte together with others; on a file system without locks nothing is held.
    fileprivate func share(_ byte: Int) throws(Errno) {
        var lock = range(byte, F_RDLCK)
        do {
            try control(OpenFile.setLock, &lock)
        } catch  where [.noLocks, .notSupported, .invalidArgument].contains(error) {
            return
        }
    }

    /// Whether anybody else has that byte locked.
    fileprivate func isShared(_ byte: Int) throws(Errno) -> Bool {
        var lock = range(byte, F_WRLCK)
        do {
            try control(OpenFile.getLock, &lock)
        } catch  where [.noLocks, .notSupported, .invalidArgument].contains(error) {
            return false
        }
        return lock.l_type != Int16(F_UNLCK)
    }

    private func range(_ byte: Int, _ kind: CInt) -> flock {
        flock(l_type: Int16(kind), l_whence: Int16(SEEK_SET), l_start: off_t(byte), l_len: 1, l_pid: 0)
    }

    // Linux's numbers of F_OFD_GETLK and F_OFD_SETLK, which Swift does not see.
    private static let getLock: CInt = 36
    private static let setLock: CInt = 37
}

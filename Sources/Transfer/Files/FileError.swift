import SystemPackage

extension TransferError {
    /// What a file operation's error number means for a transfer.
    static func file(_ name: String, _ operation: String, _ error: Errno) -> TransferError {
        switch error {
        case .noSpace, .diskQuotaExceeded:
            TransferError(
                .noSpace, operation, "\(name): \(error)",
                hint: "Free space where it is to be stored, then run the same command again.")
        case .fileTooLarge:
            TransferError(
                .noSpace, operation, "\(name): \(error)",
                hint: "Raise the limit on the size of files (ulimit -f), or choose another file system.")
        case .tooManySymbolicLinkLevels, .notDirectory:
            TransferError(
                .pathRefused, operation, "\(name) is, or lies behind, a symbolic link or a file",
                hint: "Name the directory itself; nothing is written through a symbolic link.")
        case .fileExists:
            TransferError(
                .fileExists, operation, "\(name) exists already",
                hint: "Move it away, or say that it is to be replaced.")
        default:
            TransferError(
                .diskFailed, operation, "\(name): \(error)",
                hint: "Mend what it says on that host, then run the same command again.")
        }
    }
}

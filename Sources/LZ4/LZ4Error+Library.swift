internal import CLZ4

extension LZ4Error {
    /// An error of liblz4, by its name: the numbers are not promised to last, the names are.
    ///
    /// Source: `LZ4F_isError`, `LZ4F_getErrorName`.
    init(result: Int, during operation: String) {
        let name = unsafe String(cString: LZ4F_getErrorName(result))
        let code: Code =
            switch name {
            case "ERROR_allocation_failed": .outOfMemory
            case "ERROR_dstMaxSize_tooSmall": .noRoom
            case "ERROR_frameType_unknown": .notAFrame
            case "ERROR_frameSize_wrong": .sizeMismatch
            case "ERROR_headerChecksum_invalid", "ERROR_blockChecksum_invalid",
                "ERROR_contentChecksum_invalid":
                .checksumMismatch
            case "ERROR_GENERIC", "ERROR_decompressionFailed", "ERROR_headerVersion_wrong",
                "ERROR_maxBlockSize_invalid", "ERROR_reservedFlag_set", "ERROR_frameHeader_incomplete":
                .corrupt
            default: .unexpected
            }
        self.init(code, during: operation, "liblz4 says \(name)", hint: Self.hint(for: code))
    }

    /// The content is not what it was.
    static let contentChecksum = LZ4Error(
        .checksumMismatch, during: "decompress", "the checksum of the content is another",
        hint: hint(for: .checksumMismatch))

    private static func hint(for code: Code) -> String? {
        switch code {
        case .corrupt, .checksumMismatch, .sizeMismatch: "the bytes are damaged: send them again"
        default: nil
        }
    }

    /// Passes a result of liblz4 on that is no error.
    static func check(_ result: Int, during operation: String) throws(LZ4Error) -> Int {
        guard LZ4F_isError(result) == 0 else { throw LZ4Error(result: result, during: operation) }
        return result
    }
}

/// Why content could not be compressed, or a frame was refused.
package struct LZ4Error: Error, Sendable, Equatable {
    /// Stable: also a metric label and a JSON field.
    package enum Code: String, Sendable, CaseIterable {
        /// The bytes end in the middle of a frame, or there is none.
        case truncated = "lz4-truncated"
        /// A frame does not begin with a magic number of the frame format.
        case notAFrame = "lz4-not-a-frame"
        /// A frame is followed by bytes that begin no other frame.
        case trailingBytes = "lz4-trailing-bytes"
        /// A frame of the format before 2012, which has no checksum.
        case legacyFrame = "lz4-legacy-frame"
        /// A header, a block or a size in it makes no sense.
        case corrupt = "lz4-corrupt"
        /// A checksum of the header, of a block or of the content does not match.
        case checksumMismatch = "lz4-checksum-mismatch"
        /// The frame has no content checksum, and ``Limits/requiresChecksum`` asks for one.
        case checksumMissing = "lz4-checksum-missing"
        /// The content has another size than the frame's header says.
        case sizeMismatch = "lz4-size-mismatch"
        /// The content is longer than ``Limits/contentBytes``, or than the output.
        case tooLarge = "lz4-too-large"
        /// The frame's blocks may be longer than ``Limits/blockSize``.
        case blockTooLarge = "lz4-block-too-large"
        /// The frame was made with a dictionary, which nobody here has.
        case dictionaryNeeded = "lz4-dictionary-needed"
        /// The output is smaller than what a call may need at the worst.
        case noRoom = "lz4-no-room"
        /// There is no memory for liblz4's buffers.
        case outOfMemory = "lz4-out-of-memory"
        /// liblz4 refused a call for a reason that should not occur.
        case unexpected = "lz4-unexpected"
    }

    package let code: Code
    /// What was being done, such as "decompress".
    package let operation: String
    /// What is wrong, in one sentence.
    package let detail: String
    /// What to do about it.
    package let hint: String?
    /// Where in the compressed bytes, counted from 0, when that is known.
    package let offset: UInt64?

    package init(
        _ code: Code, during operation: String, _ detail: String, hint: String? = nil,
        at offset: UInt64? = nil
    ) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.hint = hint
        self.offset = offset
    }

    /// The same error with a place, where it has none yet.
    func at(_ offset: UInt64) -> LZ4Error {
        LZ4Error(code, during: operation, detail, hint: hint, at: self.offset ?? offset)
    }
}

extension LZ4Error: CustomStringConvertible {
    package var description: String {
        let place = offset.map { " (byte \($0))" } ?? ""
        let advice = hint.map { "; \($0)" } ?? ""
        return "\(operation): \(detail)\(place) [\(code.rawValue)]\(advice)"
    }
}

internal import CLZ4

/// What stands at the front of a frame, and decides whether it is read at all.
///
/// Source: lz4 `doc/lz4_Frame_format.md`.
struct FrameHeader: Sendable, Equatable {
    let blockSize: BlockSize
    let hasContentChecksum: Bool
    let hasBlockChecksums: Bool
    /// 0 where the header says nothing.
    let contentBytes: UInt64
    /// 0 where there is none.
    let dictionary: UInt32

    init(_ info: LZ4F_frameInfo_t) throws(LZ4Error) {
        blockSize =
            switch info.blockSizeID {
            case LZ4F_max64KB: .kibibytes64
            case LZ4F_max256KB: .kibibytes256
            case LZ4F_max1MB: .mebibyte1
            case LZ4F_max4MB: .mebibytes4
            default:
                throw LZ4Error(.corrupt, during: "read frame header", "the format knows no such block size")
            }
        hasContentChecksum = info.contentChecksumFlag == LZ4F_contentChecksumEnabled
        hasBlockChecksums = info.blockChecksumFlag == LZ4F_blockChecksumEnabled
        contentBytes = info.contentSize
        dictionary = info.dictID
    }

    /// How long a checksum is, of a block or of the content.
    static let checksumBytes = 4

    /// Makes a header without content checksum one that announces it.
    static func announceChecksum(in header: UnsafeMutableRawBufferPointer) {
        unsafe header[4] |= 0b100
        // Its own checksum, of what lies behind the magic number.
        var own = ContentChecksum()
        unsafe own.add(UnsafeRawBufferPointer(rebasing: header[4..<header.count - 1]))
        unsafe header[header.count - 1] = UInt8(truncatingIfNeeded: own.value >> 8)
    }

    /// How long the header is, once its flags have arrived.
    static func length(_ start: [UInt8]) -> Int? {
        guard start.count >= 5 else { return nil }
        // Magic number, flags, block descriptor and checksum; the flags add a content size and a dictionary.
        return 7 + (start[4] & 0b1000 != 0 ? 8 : 0) + (start[4] & 0b1 != 0 ? 4 : 0)
    }

    /// - Throws: `blockTooLarge`, `tooLarge`, `checksumMissing`, `dictionaryNeeded`.
    func check(against limits: Limits, after produced: UInt64) throws(LZ4Error) {
        guard blockSize <= limits.blockSize else {
            throw .refused(
                .blockTooLarge,
                "blocks of up to \(blockSize.bytes) bytes, more than \(limits.blockSize.bytes)",
                hint: "write it with smaller blocks, such as by lz4 -B4")
        }
        guard contentBytes <= limits.contentBytes - produced else {
            throw .refused(
                .tooLarge,
                "\(contentBytes) bytes of content announced, \(limits.contentBytes - produced) allowed",
                hint: "raise the limit if so much is expected")
        }
        guard hasContentChecksum || !limits.requiresChecksum else {
            throw .refused(
                .checksumMissing, "no checksum of the content",
                hint: "write it with one, as lz4 does by default")
        }
        guard dictionary == 0 else {
            throw .refused(.dictionaryNeeded, "the frame needs dictionary \(dictionary)")
        }
    }
}

/// The four bytes at the front of a frame, least significant first.
enum FrameKind: Equatable {
    case content
    /// Carries what is no content, and is passed over.
    case skippable
    case legacy
    case unknown

    init(magic: UInt32) {
        self =
            switch magic {
            case 0x184D_2204: .content
            case 0x184D_2A50...0x184D_2A5F: .skippable
            case 0x184C_2102: .legacy
            default: .unknown
            }
    }
}

extension LZ4Error {
    static func refused(_ code: Code, _ detail: String, hint: String? = nil) -> LZ4Error {
        LZ4Error(code, during: "read frame header", detail, hint: hint)
    }
}

/// A file that the sender has.
struct Offer: Sendable, Equatable {
    static let fixedLength = 28
    static let replaces: UInt32 = 1

    let file: UInt32
    /// Which of the directories that the receiver's caller named.
    let root: UInt16
    let mode: UInt16
    let size: UInt64
    let blockSize: UInt32
    /// Whether the sender means to replace a file of that name.
    let replaces: Bool
    let path: RelativePath
}

/// Consecutive blocks that the receiver holds, with their digests. With no digest it only says how far it has
/// looked: below `first` it holds nothing more.
struct Have: Sendable, Equatable {
    static let fixedLength = 12
    static let mostDigests = 512

    let file: UInt32
    let first: UInt64
    let digests: [BlockDigest]
}

/// Consecutive blocks, none of them zero, as one LZ4 frame.
struct DataRun: Sendable, Equatable {
    static let fixedLength = 16
    static let longestContent = 1 << 20
    /// An LZ4 frame that stores its content has 4 bytes more a block, and 19 for header, end and checksum.
    static let longestPayload = longestContent + 4096

    let file: UInt32
    let contentLength: UInt32
    /// In bytes.
    let offset: UInt64
    let payload: ArraySlice<UInt8>
}

/// Consecutive blocks that are zero now, or that the receiver is to keep.
struct Run: Sendable, Equatable {
    static let length = 20

    let file: UInt32
    let first: UInt64
    let count: UInt64
}

/// All of a file was sent.
struct Close: Sendable, Equatable {
    static let length = 44

    let file: UInt32
    let size: UInt64
    let digest: BlockDigest
}

/// Why an end gives up, in its own words.
struct PeerError: Sendable, Equatable {
    static let longestCode = 64
    static let longestOperation = 256
    static let longestText = 4096
    static let longest = longestCode + longestOperation + 2 * longestText + 8

    let code: String
    let operation: String
    let detail: String
    /// Empty when there is none.
    let hint: String
}

package import FleetModel

/// How far a session is, and what crossed the wire.
package struct TransferProgress: Sendable, Equatable {
    /// Content that the other end has, or was sent: holes and kept blocks included.
    package let covered: ByteCount
    package let wireSent: ByteCount
    package let wireReceived: ByteCount
}

/// What a session ended with.
package struct TransferResult: Sendable, Equatable {
    package let files: [TransferredFile]
    package let wireSent: ByteCount
    package let wireReceived: ByteCount
}

package struct TransferredFile: Sendable, Equatable {
    package let place: FilePlace
    package let size: ByteCount
}

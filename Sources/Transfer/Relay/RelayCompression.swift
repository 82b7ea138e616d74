/// How a relay end treats what it sends. It can be changed while the relay runs.
package enum RelayCompression: Sendable, CaseIterable {
    /// All but what turns out not to shrink.
    case always
    /// While the link, and not the processor, is what limits.
    case adaptive
    /// Bytes pass as they are.
    case never
}

/// What a relay end has carried so far. Content is what its sockets read or wrote, the wire's bytes are with all
/// frames around it.
package struct RelayCounters: Sendable, Equatable {
    package struct Direction: Sendable, Equatable {
        package var content: UInt64 = 0
        package var wire: UInt64 = 0
    }

    package var sent = Direction()
    package var received = Direction()
    /// Streams since it began, and now.
    package var opened = 0
    package var open = 0
    /// Whether what is sent now is compressed, where it shrinks.
    package var compresses = false
}

/// What a move under way is to be held to from now on.
package enum BandwidthLimit: Sendable, Hashable {
    case atMost(ByteRate)
    case unlimited

    /// `nil` without a limit.
    package var rate: ByteRate? {
        guard case .atMost(let rate) = self else { return nil }
        return rate
    }
}

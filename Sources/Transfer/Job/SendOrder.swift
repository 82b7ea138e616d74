package import FleetModel

/// What the sender of a ``SendJob`` may be told while it sends, as one line on its standard input.
///
/// Lines that are none, such as the empty ones that only say that somebody is there, mean nothing.
package enum SendOrder: Sendable, Equatable {
    /// `bandwidth 52428800`, in bytes per second, or `bandwidth none`: the limit from now on.
    case bandwidth(ByteRate?)

    private static let none = "none"

    package init?(_ line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "bandwidth" else { return nil }
        if words[1] == Self.none {
            self = .bandwidth(nil)
        } else if let bytes = UInt64(words[1]), bytes > 0 {
            self = .bandwidth(ByteRate(bytesPerSecond: bytes))
        } else {
            return nil
        }
    }

    package var line: String {
        switch self {
        case .bandwidth(let rate): "bandwidth \(rate.map { "\($0.bytesPerSecond)" } ?? Self.none)"
        }
    }
}

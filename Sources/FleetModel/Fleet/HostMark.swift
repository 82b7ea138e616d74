/// A host on which nothing is to be placed: it is being emptied, or is empty for maintenance.
package struct HostMark: Sendable, Hashable, Codable {
    package enum Reason: String, Sendable, Hashable, Codable {
        /// For maintenance: `apus undrain` ends it.
        case drained
        /// For want of guests: `apus spread` ends it.
        case consolidated
    }

    package let host: String
    package let reason: Reason
    /// Seconds since 1970.
    package let since: Double

    package init(host: String, reason: Reason, since: Double) {
        self.host = host
        self.reason = reason
        self.since = since
    }
}

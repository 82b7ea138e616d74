/// A host on which nothing is to be placed: it is being emptied, or is empty for maintenance.
package struct HostMark: Sendable, Hashable, Codable {
    package let host: String
    /// Seconds since 1970.
    package let since: Double

    package init(host: String, since: Double) {
        self.host = host
        self.since = since
    }
}

/// A move as the journal remembers it.
package struct MoveRecord: Sendable, Hashable, Codable {
    package enum Outcome: String, Sendable, Hashable, Codable {
        /// Begun, and never said to have ended.
        case open
        case moved, failed, aborted
        /// The two hosts did not add up to one guest.
        case notKnown = "not-known"
    }

    package let id: String
    package let guest: GuestIdentity
    /// The inventory's name.
    package let source: String
    package let destination: String
    /// Seconds since 1970 by this machine's clock.
    package let began: Double
    /// The plan that was carried out, as JSON.
    package let plan: String
    /// The forecast, sealed before the move, as JSON; `nil` when nothing was known to make one from.
    package let forecast: String?
    package var outcome: Outcome
    /// The error's code where it failed.
    package var code: String?
    package var actual: PastMove?

    package init(
        id: String, guest: GuestIdentity, source: String, destination: String, began: Double, plan: String,
        forecast: String?, outcome: Outcome = .open, code: String? = nil, actual: PastMove? = nil
    ) {
        self.id = id
        self.guest = guest
        self.source = source
        self.destination = destination
        self.began = began
        self.plan = plan
        self.forecast = forecast
        self.outcome = outcome
        self.code = code
        self.actual = actual
    }
}

/// How fast one host sent to another, and when that was measured.
package struct LinkRecord: Sendable, Hashable, Codable {
    package enum Method: String, Sendable, Hashable, Codable { case probe, move }

    package let source: String
    package let destination: String
    package let rate: ByteRate
    package let method: Method
    /// Seconds since 1970 by this machine's clock.
    package let measured: Double

    package init(source: String, destination: String, rate: ByteRate, method: Method, measured: Double) {
        self.source = source
        self.destination = destination
        self.rate = rate
        self.method = method
        self.measured = measured
    }
}

/// What a dirty-rate sample of a guest found.
package struct DirtyRecord: Sendable, Hashable, Codable {
    /// The guest's UUID.
    package let guest: String
    /// The samples, as JSON.
    package let profile: String
    /// Seconds since 1970 by this machine's clock.
    package let measured: Double

    package init(guest: String, profile: String, measured: Double) {
        self.guest = guest
        self.profile = profile
        self.measured = measured
    }
}

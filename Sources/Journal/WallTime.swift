internal import FoundationEssentials

/// Seconds since 1970 by this machine's clock, for people.
package enum WallTime {
    static var now: Double { Date().timeIntervalSince1970 }

    /// `2026-11-21 14:03:12 UTC`: in UTC, as `apus history` has it.
    package static func text(_ seconds: Double) -> String {
        // A file that something else wrote may hold any number; the calendar ends in the year 9999.
        let date = Date(timeIntervalSince1970: seconds.isFinite ? min(max(seconds, 0), 253_402_300_799) : 0)
        return date.formatted(.iso8601).prefix(19).replacing("T", with: " ") + " UTC"
    }
}

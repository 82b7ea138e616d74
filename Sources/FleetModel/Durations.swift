extension Duration {
    /// In seconds, as a fraction.
    package var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    package var milliseconds: Double { seconds * 1000 }

    /// For people: `56 ms`, `2.2 s`, `3 min 20 s`.
    package var text: String {
        let seconds = seconds
        if abs(seconds) < 0.0095 { return "\(milliseconds.rounded(toDigits: 1)) ms" }
        if abs(seconds) < 1 { return "\(milliseconds.rounded(toDigits: 0)) ms" }
        if abs(seconds) < 60 { return "\(seconds.rounded(toDigits: seconds < 10 ? 2 : 1)) s" }
        if seconds < 0 { return "-\((.zero - self).text)" }
        // A saved document may hold any number.
        let whole = Int64(min(seconds.rounded(), 9e18))
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}

import FleetModel

/// Convergence limits as people write them, on the command line and in the inventory.
enum ConvergenceWords {
    struct Mistake: Error {
        let text: String
    }

    /// Sets one limit by its name.
    static func set(
        _ name: String, to text: String, in policy: inout ConvergencePolicy
    ) throws(Mistake) {
        switch name {
        case "on-stall": policy.onStall = try measures(text)
        case "max-rounds": policy.maxRounds = try rounds(text)
        case "max-sent": policy.maxSent = try factor(text)
        case "stall-rounds": policy.stallRounds = try stallRounds(text)
        case "enough-left": policy.enoughLeft = try size(text)
        default: throw Mistake(text: "there is no limit '\(name)'")
        }
    }

    /// `throttle,postcopy,abort`, or `none`.
    private static func measures(_ text: String) throws(Mistake) -> [ConvergencePolicy.Measure] {
        guard text != "none" else { return [] }
        let known = ConvergencePolicy.Measure.allCases.map(\.rawValue)
        var measures: [ConvergencePolicy.Measure] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            guard let measure = ConvergencePolicy.Measure(rawValue: word) else {
                throw Mistake(
                    text: "there is no measure '\(word)'. "
                        + (Spelling.suggestion(for: word, in: known)
                            ?? "There are \(known.joined(separator: ", ")), and none."))
            }
            guard !measures.contains(measure) else { throw Mistake(text: "\(word) is there twice") }
            measures.append(measure)
        }
        return measures
    }

    private static func rounds(_ text: String) throws(Mistake) -> Int? {
        if text == "none" { return nil }
        guard let number = Int(text), (1...100_000).contains(number) else {
            throw Mistake(text: "'\(text)' is not a number from 1 to 100000, nor none")
        }
        return number
    }

    private static func factor(_ text: String) throws(Mistake) -> Double? {
        if text == "none" { return nil }
        guard let number = Double(text), number >= 1, number <= 1000 else {
            throw Mistake(text: "'\(text)' is not a factor from 1 to 1000, nor none")
        }
        return number
    }

    private static func size(_ text: String) throws(Mistake) -> ByteCount? {
        if text == "none" { return nil }
        do throws(QuantityParseError) {
            return try ByteCount(parsing: text)
        } catch {
            throw Mistake(text: "'\(error.text)' is not \(error.expected), nor none")
        }
    }

    private static func stallRounds(_ text: String) throws(Mistake) -> Int {
        guard let number = Int(text), (1...1000).contains(number) else {
            throw Mistake(text: "'\(text)' is not a number from 1 to 1000")
        }
        return number
    }
}

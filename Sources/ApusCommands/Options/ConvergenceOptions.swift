import ArgumentParser
import FleetModel
import Policy

/// What is done about a guest that writes faster than it can be sent.
struct ConvergenceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A named set of the limits below: gentle, balanced (the default) or insist.", valueName: "name"),
        transform: Self.profile)
    var profile: ConvergenceProfile?

    @Option(
        help: ArgumentHelp(
            "What is done on a stall, in this order: throttle, postcopy, suspend, abort; or none "
                + "(default: throttle,postcopy,abort).", valueName: "list"),
        transform: Self.measures)
    var onStall: [ConvergencePolicy.Measure]?

    @Option(
        help: ArgumentHelp("Rounds of pre-copy at most, or none (default: 30).", valueName: "number"),
        transform: Self.rounds)
    var maxRounds: Bound<Int>?

    @Option(
        help: ArgumentHelp(
            "Send at most this multiple of the guest's memory, or none (default: 3).", valueName: "factor"),
        transform: Self.factor)
    var maxSent: Bound<Double>?

    @Option(
        help: ArgumentHelp(
            "Rounds without progress that count as a stall (default: 3).", valueName: "number"))
    var stallRounds: Int?

    @Option(
        help: ArgumentHelp(
            "How long a post-copy whose connection broke is mended (default: 30m).", valueName: "time"),
        transform: QuantityOption.duration)
    var recoverFor: Duration?

    func validate() throws {
        if let stallRounds, !(1...1000).contains(stallRounds) {
            throw ValidationError("--stall-rounds takes 1 to 1000, not \(stallRounds).")
        }
    }

    /// A bound that may be lifted by name.
    enum Bound<Value: Sendable>: Sendable {
        case none
        case at(Value)

        var value: Value? {
            guard case .at(let value) = self else { return nil }
            return value
        }
    }

    var policy: ConvergencePolicy {
        var policy = (profile ?? .balanced).policy
        if let onStall { policy.onStall = onStall }
        if let maxRounds { policy.maxRounds = maxRounds.value }
        if let maxSent { policy.maxSent = maxSent.value }
        if let stallRounds { policy.stallRounds = stallRounds }
        return policy
    }

    private static func profile(_ text: String) throws -> ConvergenceProfile {
        guard let profile = ConvergenceProfile(rawValue: text) else {
            let known = ConvergenceProfile.allCases.map(\.rawValue)
            throw ValidationError(
                "There is no profile '\(text)'. "
                    + (Spelling.suggestion(for: text, in: known) ?? "There are \(known.joined(separator: ", "))."))
        }
        return profile
    }

    private static func measures(_ text: String) throws -> [ConvergencePolicy.Measure] {
        guard text != "none" else { return [] }
        let known = ConvergencePolicy.Measure.allCases.map(\.rawValue)
        var measures: [ConvergencePolicy.Measure] = []
        for word in text.split(separator: ",").map(String.init) {
            guard let measure = ConvergencePolicy.Measure(rawValue: word) else {
                throw ValidationError(
                    "--on-stall knows no '\(word)'. "
                        + (Spelling.suggestion(for: word, in: known)
                            ?? "There are \(known.joined(separator: ", ")), and none."))
            }
            guard !measures.contains(measure) else {
                throw ValidationError("--on-stall names \(word) twice.")
            }
            measures.append(measure)
        }
        guard !measures.isEmpty else { throw ValidationError("--on-stall is empty; say none for nothing.") }
        return measures
    }

    private static func rounds(_ text: String) throws -> Bound<Int> {
        if text == "none" { return .none }
        guard let number = Int(text), (1...100_000).contains(number) else {
            throw ValidationError("--max-rounds takes a number from 1 to 100000, or none, not '\(text)'.")
        }
        return .at(number)
    }

    private static func factor(_ text: String) throws -> Bound<Double> {
        if text == "none" { return .none }
        guard let number = Double(text), number >= 1, number <= 1000 else {
            throw ValidationError("--max-sent takes a factor from 1 to 1000, or none, not '\(text)'.")
        }
        return .at(number)
    }
}

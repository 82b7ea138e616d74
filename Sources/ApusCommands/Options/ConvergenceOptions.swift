import ArgumentParser
import FleetModel
import Policy

/// What is done about a guest that writes faster than it can be sent.
struct ConvergenceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A named set of these limits: gentle, balanced, insist, or one of the inventory's (default: the "
                + "inventory's for this guest, else balanced).", valueName: "name"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "What is done on a stall, in this order: throttle, postcopy, suspend, abort; or none "
                + "(default: throttle,postcopy,abort).", valueName: "list"))
    var onStall: String?

    @Option(help: ArgumentHelp("Rounds of pre-copy at most, or none (default: 30).", valueName: "number"))
    var maxRounds: String?

    @Option(
        help: ArgumentHelp(
            "Send at most this multiple of the guest's memory, or none (default: 3).", valueName: "factor"))
    var maxSent: String?

    @Option(
        help: ArgumentHelp(
            "Rounds without progress that count as a stall (default: 3).", valueName: "number"))
    var stallRounds: String?

    @Option(
        help: ArgumentHelp(
            "A round that begins with no more than this may end the move at once, or none (default: 1MiB).",
            valueName: "size"))
    var enoughLeft: String?

    @Option(
        help: ArgumentHelp(
            "How long a post-copy whose connection broke is mended (default: 30m).", valueName: "time"),
        transform: QuantityOption.duration)
    var recoverFor: Duration?

    func validate() throws {
        var policy = ConvergencePolicy()
        for (name, text) in limits {
            do throws(ConvergenceWords.Mistake) {
                try ConvergenceWords.set(name, to: text, in: &policy)
            } catch {
                throw ValidationError("--\(name): \(error.text).")
            }
        }
    }

    /// Those that were given.
    private var limits: [(name: String, text: String)] {
        [
            ("on-stall", onStall), ("max-rounds", maxRounds), ("max-sent", maxSent),
            ("stall-rounds", stallRounds), ("enough-left", enoughLeft),
        ].compactMap { name, text in text.map { (name, $0) } }
    }

    /// The limits for a guest: its profile's, then what was given one by one.
    ///
    /// - Throws: `ApusError` with `usage` for a profile that nobody knows.
    func policy(_ inventory: Inventory, of guest: GuestPolicy) throws(ApusError) -> ConvergencePolicy {
        let name = profile ?? guest.profile ?? ConvergenceProfile.balanced.rawValue
        guard
            var policy = inventory.profiles[name] ?? ConvergenceProfile(rawValue: name)?.policy
        else {
            let known = ConvergenceProfile.allCases.map(\.rawValue) + inventory.profiles.keys.sorted()
            throw ApusError(
                .usage, "find the profile \(name)",
                "neither apus nor the inventory has a profile of that name",
                hint: Spelling.suggestion(for: name, in: known)
                    ?? "There are \(known.joined(separator: ", ")).")
        }
        for (name, text) in limits {
            // They were validated; a mistake would have ended the command before.
            try? ConvergenceWords.set(name, to: text, in: &policy)
        }
        return policy
    }
}

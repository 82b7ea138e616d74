/// The best that can come of going on: whether the rest can fall to what the downtime limit allows.
///
/// How much a guest dirties within a time is concave: a shorter round dirties less, but not less for each byte that
/// it sends. So the last round's ratio is the least that the next ones will have, what adds up from it is the least
/// that is still to be sent, and when even that is too much, waiting is in vain. Of a guest whose habits change it
/// says nothing; that is why one round alone is never enough.
struct Outlook: Sendable {
    /// Bytes that are dirty now.
    let left: Double
    /// Bytes dirtied for each byte sent, by a guest that is not slowed down.
    let ratio: Double
    /// By how much it is slowed down now, as a share.
    var throttle = 0.0
    /// Whether QEMU slows it down further.
    var throttles = false

    /// What there still is of what the policy grants.
    struct Budget: Sendable {
        var rounds: Int?
        var bytes: Double?
    }

    /// Whether no more than `enough` bytes can be left at the end of a round within the budget.
    func ends(below enough: Double, within budget: Budget) -> Bool {
        var left = left
        var sent = 0.0
        var throttle = throttle
        for round in 0..<min(max(0, budget.rounds ?? 1000), 1000) {
            if left <= enough { return true }
            sent += left - enough
            guard sent <= budget.bytes ?? .infinity else { return false }
            let effective = ratio * (1 - throttle)
            if effective >= 1, !throttles || throttle >= ForecastConstants.throttleMost { return false }
            left *= effective
            // QEMU takes the next step at the end of every second round at the soonest.
            if throttles, round % 2 == 1, effective > ForecastConstants.throttleTrigger {
                throttle = min(
                    ForecastConstants.throttleMost,
                    throttle == 0
                        ? ForecastConstants.throttleFirst : throttle + ForecastConstants.throttleStep)
            }
        }
        return left <= enough
    }
}

/// What a guest's owner wants of its moves, and when it is asked.
package struct PolicyFacts: Sendable, Hashable, Codable {
    /// With what the inventory adds.
    package let policy: GuestPolicy
    package let now: WeekTime

    package init(policy: GuestPolicy, now: WeekTime) {
        self.policy = policy
        self.now = now
    }
}

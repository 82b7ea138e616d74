/// What a guest's owner wants of its moves, and when it is asked.
package struct PolicyFacts: Sendable, Hashable, Codable {
    /// With what the inventory adds.
    package let policy: GuestPolicy
    package let now: WeekTime
    /// Running guests of the destination that it is to be apart from; `nil` where it is in no such group.
    package var unwelcome: Reading<[Neighbour]>?

    /// A guest in one of its anti-affinity groups.
    package struct Neighbour: Sendable, Hashable, Codable {
        package let name: String
        package let group: String

        package init(name: String, group: String) {
            self.name = name
            self.group = group
        }
    }

    package init(policy: GuestPolicy, now: WeekTime, unwelcome: Reading<[Neighbour]>? = nil) {
        self.policy = policy
        self.now = now
        self.unwelcome = unwelcome
    }
}

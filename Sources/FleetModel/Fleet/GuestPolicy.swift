/// What a guest's owner wants of its moves.
///
/// Kept in the guest's own `<metadata>`, so that it goes where the guest goes. What is left out is as the inventory says
/// for all guests.
package struct GuestPolicy: Sendable, Hashable, Codable {
    /// A named set of convergence limits.
    package var profile: String?
    /// The longest stop at switchover.
    package var downtime: Duration?
    /// Guests of a higher one leave a host first, and are placed first; `Self.priorities`.
    package var priority: Int?
    /// Whether the guest stays where it is.
    package var neverMoves: Bool?
    /// The only hosts that may have it, by the inventory's names; `nil` is all of them.
    package var allowedHosts: Set<String>?
    /// Hosts that it is better off on, the best first.
    package var preferredHosts: [String]?
    /// Groups whose guests are to be on one host, all of them.
    package var affinity: Set<String>?
    /// Groups of which no two guests are to be on one host.
    package var antiAffinity: Set<String>?
    /// When it may be moved; `nil` is at any time.
    package var windows: [MoveWindow]?

    package static let priorities = -1000...1000

    package init() {}

    package var isEmpty: Bool { self == GuestPolicy() }

    /// The same, with what it leaves open taken from another. Groups are added to: whoever puts a guest into a group
    /// does not take it out of one.
    package func filled(from other: GuestPolicy) -> GuestPolicy {
        var filled = self
        filled.profile = profile ?? other.profile
        filled.downtime = downtime ?? other.downtime
        filled.priority = priority ?? other.priority
        filled.neverMoves = neverMoves ?? other.neverMoves
        filled.allowedHosts = allowedHosts ?? other.allowedHosts
        filled.preferredHosts = preferredHosts ?? other.preferredHosts
        filled.affinity = Self.union(affinity, other.affinity)
        filled.antiAffinity = Self.union(antiAffinity, other.antiAffinity)
        filled.windows = windows ?? other.windows
        return filled
    }

    private static func union(_ left: Set<String>?, _ right: Set<String>?) -> Set<String>? {
        guard let left else { return right }
        return left.union(right ?? [])
    }

    /// Whether the guest may be moved at that time of the week.
    package func allowsMoves(at time: WeekTime) -> Bool {
        windows.map { $0.contains { $0.contains(time) } } ?? true
    }
}

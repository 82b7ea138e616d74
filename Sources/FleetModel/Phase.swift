/// The phases of a live migration, after Clark et al., "Live Migration of Virtual Machines" (NSDI 2005).
package enum Phase: Int, Sendable, Hashable, CaseIterable, Comparable, Codable {
    /// Facts, checks, plan.
    case preMigration = 0
    /// The destination prepares a QEMU for the guest and opens its port.
    case reservation
    /// Memory is pushed, round by round, while the guest runs.
    case preCopy
    /// The guest stands still; the rest is pushed.
    case stopAndCopy
    /// The destination has everything; the source gives the guest up.
    case commitment
    /// The guest runs on the destination; both hosts are asked and agree.
    case activation

    /// For people and JSON.
    package var name: String {
        switch self {
        case .preMigration: "pre-migration"
        case .reservation: "reservation"
        case .preCopy: "pre-copy"
        case .stopAndCopy: "stop-and-copy"
        case .commitment: "commitment"
        case .activation: "activation"
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

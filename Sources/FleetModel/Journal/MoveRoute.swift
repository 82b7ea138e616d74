/// From where to where a move goes: from one host to another, or, of disks alone, from one place of a host to another.
package struct MoveRoute: Sendable, Hashable {
    /// The inventory's name.
    package let source: String
    package let destination: String

    /// Whether the guest stays, and only its disks move.
    package var isHome: Bool { source == destination }

    /// `web01 is being moved from alpha to beta`
    package func progress(of guest: GuestIdentity) -> String {
        isHome
            ? "\(guest)'s disks are being moved on \(source)"
            : "\(guest) is being moved from \(source) to \(destination)"
    }

    /// What moves, in words that fit behind "the": `move of web01 from alpha to beta`.
    package func name(of guest: GuestIdentity) -> String {
        isHome
            ? "move of disks of \(guest) on \(source)"
            : "move of \(guest) from \(source) to \(destination)"
    }
}

extension MoveRecord {
    package var route: MoveRoute { MoveRoute(source: source, destination: destination) }
}

extension Reservation {
    package var route: MoveRoute { MoveRoute(source: source, destination: destination) }
}

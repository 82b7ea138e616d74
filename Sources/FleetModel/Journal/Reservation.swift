/// A move of a live process, as those that share hosts with it see it.
package struct MoveUnderWay: Sendable, Hashable {
    package let reservation: Reservation
    /// What its user allows it; `nil` is no limit.
    package let bandwidth: ByteRate?
    /// What was last measured from its source to its destination; `nil` where nothing was.
    package let link: ByteRate?

    package init(reservation: Reservation, bandwidth: ByteRate?, link: ByteRate?) {
        self.reservation = reservation
        self.bandwidth = bandwidth
        self.link = link
    }
}

/// What a move holds from its first step to its end: its guest, and room on its destination.
///
/// One operation per guest: whoever comes second is told who was first.
package struct Reservation: Sendable, Hashable, Codable {
    /// The move's id.
    package let move: String
    package let guest: GuestIdentity
    /// The inventory's name.
    package let source: String
    package let destination: String
    /// What the guest needs on the destination.
    package let memory: ByteCount
    /// The process that carries the move out.
    package let owner: ProcessMark
    /// Seconds since 1970 by this machine's clock.
    package let since: Double

    package init(
        move: String, guest: GuestIdentity, source: String, destination: String, memory: ByteCount,
        owner: ProcessMark, since: Double
    ) {
        self.move = move
        self.guest = guest
        self.source = source
        self.destination = destination
        self.memory = memory
        self.owner = owner
        self.since = since
    }
}

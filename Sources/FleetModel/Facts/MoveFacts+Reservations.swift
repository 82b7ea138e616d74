extension MoveFacts {
    /// Counts the moves of live processes that share a host with this one.
    ///
    /// A move holds its slot and its memory from its reservation on; its hosts' libvirts see it only when it has begun
    /// to flow, and then it is not counted twice.
    ///
    /// - Parameter reservations: all of them; this guest's own is no other move.
    package mutating func count(_ reservations: [Reservation]) {
        for reservation in reservations where reservation.guest.uuid != guest.identity.uuid {
            let process = "process \(reservation.owner.pid)"
            if reservation.destination == destination.host.name {
                destination.details.load.arriving.append(
                    "\(reservation.guest.name) from \(reservation.source), \(process)")
                destination.details.load.counted =
                    (destination.details.load.counted ?? []) + [reservation.move]
                if !destination.details.load.moving.contains(reservation.guest.uuid) {
                    // Facts that were saved may say anything; a sum that overflows would trap.
                    destination.details.load.incoming = destination.details.load.incoming.adding(1)
                    let reserved = destination.details.load.reservedMemory.bytes
                    destination.details.load.reservedMemory = ByteCount(
                        reserved.adding(reservation.memory.bytes))
                }
            }
            if reservation.source == source.host.name {
                source.details.load.leaving.append(
                    "\(reservation.guest.name) to \(reservation.destination), \(process)")
                if !source.details.load.moving.contains(reservation.guest.uuid) {
                    source.details.load.outgoing = source.details.load.outgoing.adding(1)
                }
            }
        }
    }
}

extension FixedWidthInteger {
    /// The sum, or the largest number there is.
    fileprivate func adding(_ other: Self) -> Self {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}

/// What lies between the two hosts, as seen from the source.
package struct PathFacts: Sendable, Hashable, Codable {
    /// How a port answered.
    package enum Port: Sendable, Hashable, Codable {
        case open
        /// The host answers and nothing listens: what a data port does until a move begins.
        case refused
        /// No answer, or a router or firewall that says no; in the words of the source's system.
        case unreachable(String)
    }

    package struct Probe: Sendable, Hashable, Codable {
        package let address: String
        package let number: Int
        package let answer: Reading<Port>

        package init(address: String, number: Int, answer: Reading<Port>) {
            self.address = address
            self.number = number
            self.answer = answer
        }
    }

    /// libvirt's own port on the destination; `nil` when the source does not have to reach it.
    package let control: Probe?
    /// A port of QEMU's range at the migration address; `nil` when nothing says where the memory is to flow.
    package let data: Probe?
    package let clockOffset: Reading<ClockOffset>

    package init(control: Probe?, data: Probe?, clockOffset: Reading<ClockOffset>) {
        self.control = control
        self.data = data
        self.clockOffset = clockOffset
    }
}

/// How far apart two hosts' wall clocks are.
package struct ClockOffset: Sendable, Hashable, Codable {
    /// Destination less source.
    package let offset: Duration
    /// The true offset is within ± this.
    package let error: Duration

    package init(offset: Duration, error: Duration) {
        self.offset = offset
        self.error = error
    }
}

/// Whether the network has learnt that a guest's interface is behind another host now.
package struct LearntAddress: Sendable, Hashable, Codable {
    package enum Place: Sendable, Hashable, Codable {
        /// Behind the guest's own port.
        case guest
        /// Behind another port: the way to the other hosts.
        case elsewhere(port: String)
        /// The bridge has not heard of it.
        case unknown
    }

    package let mac: String
    /// On the host that runs the guest now: its own port, as soon as QEMU's announcement has passed it.
    package let destination: Reading<Place>
    /// On the host that it left: another port, as soon as the announcement has come through the network,
    /// which every switch between the two has learnt from then.
    package let source: Reading<Place>

    package init(mac: String, destination: Reading<Place>, source: Reading<Place>) {
        self.mac = mac
        self.destination = destination
        self.source = source
    }

    /// Whether frames for the guest find it now, as far as the two bridges tell; `nil` where the destination's does not.
    package var isLearnt: Bool? {
        switch (destination, source) {
        case (.known(.guest), .known(.elsewhere)): true
        // The source has no such bridge, or cannot be asked: the destination's word has to do.
        case (.known(.guest), .notKnown): true
        case (.notKnown, _): nil
        default: false
        }
    }
}

/// A processor that every one of some hosts can give a guest.
package struct CPUBaseline: Sendable, Hashable, Codable {
    /// What a host has and the baseline has not.
    package struct Loss: Sendable, Hashable, Codable {
        package let host: String
        package let features: [String]

        package init(host: String, features: [String]) {
            self.host = host
            self.features = features
        }
    }

    /// A running guest that has more than the baseline.
    package struct Misfit: Sendable, Hashable, Codable {
        package let guest: String
        package let host: String
        package let features: [String]

        package init(guest: String, host: String, features: [String]) {
            self.guest = guest
            self.host = host
            self.features = features
        }
    }

    /// The `<cpu>` element in libvirt's own form.
    package let xml: String
    /// One for each host, in the order in which they were named.
    package let losses: [Loss]
    package let misfits: [Misfit]
    /// Guests whose processor could not be judged, and why.
    package let notJudged: [String]

    package init(xml: String, losses: [Loss], misfits: [Misfit], notJudged: [String]) {
        self.xml = xml
        self.losses = losses
        self.misfits = misfits
        self.notJudged = notJudged
    }
}

package import FleetModel

/// How moves that run at once share the links of their hosts.
///
/// Each host has one link, and both directions of it carry the full rate. A move takes from its source's way
/// out and from its destination's way in. The shares are max-min fair: nobody can be given more without
/// taking it from somebody who has no more. So a move with a limit of its own below its share leaves the rest
/// to the others, and so does one that is held up at its other end. Source: Bertsekas and Gallager, "Data
/// Networks", section 6.5.2 (progressive filling): all shares grow together; where a link is full, or a move
/// has reached its limit, the moves concerned stop growing.
package struct FairShare: Sendable {
    /// A move as its links see it.
    package struct Flow: Sendable, Hashable {
        /// The inventory's names.
        package let source: String
        package let destination: String
        /// What its user allows it; `nil` is no limit.
        package let limit: ByteRate?

        package init(source: String, destination: String, limit: ByteRate?) {
            self.source = source
            self.destination = destination
            self.limit = limit
        }
    }

    /// What each host's link carries in one direction; a host that is not there counts as without end.
    package let linkRates: [String: ByteRate]

    package init(linkRates: [String: ByteRate]) {
        self.linkRates = linkRates
    }

    /// What a new move is to be held to.
    ///
    /// The moves under way are to be held to their own shares from then on (`shares`), and again when one
    /// ends; until they are, TCP divides the link much the same way.
    ///
    /// - Parameters:
    ///   - move: the new one.
    ///   - others: the moves under way, in any order; those that touch neither of its hosts matter only
    ///     through moves that they share a host with.
    /// - Returns: its limit; `nil` where nothing has to be shared and its user set none.
    package func bandwidth(for move: Flow, beside others: [Flow]) -> ByteRate? {
        let isAlone = !others.contains {
            $0.source == move.source || $0.destination == move.destination
        }
        if isAlone { return move.limit }
        return shares(of: others + [move]).last ?? nil
    }

    /// The share of each move when all of them run.
    ///
    /// - Parameter flows: the moves.
    /// - Returns: in the same order: a move's own limit where that is what holds it; else whole MiB/s, which
    ///   is what libvirt counts in, rounded down so that the sum fits, but never below 1 MiB/s; `nil` for a
    ///   move that neither a limit nor a known link holds.
    package func shares(of flows: [Flow]) -> [ByteRate?] {
        var shares = [Double](repeating: 0, count: flows.count)
        var growing = Set(flows.indices)
        var left: [Link: Double] = [:]
        for flow in flows {
            for link in flow.links {
                guard let rate = linkRates[link.host] else { continue }
                left[link] = Double(rate.bytesPerSecond)
            }
        }
        while !growing.isEmpty {
            let users = Dictionary(
                grouping: growing.flatMap { index in flows[index].links.map { (link: $0, index: index) } },
                by: \.link)
            // The step after which the first link is full, or the first move at its limit.
            let linkSteps = users.compactMap { link, users in left[link].map { $0 / Double(users.count) } }
            let limitSteps = growing.compactMap { index in
                flows[index].limit.map { Double($0.bytesPerSecond) - shares[index] }
            }
            guard let step = (linkSteps + limitSteps).min() else {
                for index in growing { shares[index] = .infinity }
                break
            }
            for index in growing { shares[index] += step }
            for (link, users) in users { left[link]? -= step * Double(users.count) }
            let full = users.filter { link, users in
                left[link].map { $0 < 1 || $0 / Double(users.count) < 1 } ?? false
            }
            var held = Set(full.values.flatMap { $0.map(\.index) })
            held.formUnion(
                growing.filter { index in
                    flows[index].limit.map { shares[index] > Double($0.bytesPerSecond) - 1 } ?? false
                })
            growing.subtract(held)
        }
        return zip(flows, shares).map { flow, share in
            guard share.isFinite else { return nil }
            if let limit = flow.limit, share > Double(limit.bytesPerSecond) - 1 { return limit }
            let mebibytes = max(1, UInt64((share + 1) / 0x1p20))
            return ByteRate(bytesPerSecond: mebibytes << 20)
        }
    }

    /// One direction of a host's link.
    fileprivate struct Link: Hashable {
        let host: String
        let isOutgoing: Bool
    }
}

extension FairShare.Flow {
    fileprivate var links: [FairShare.Link] {
        [
            FairShare.Link(host: source, isOutgoing: true),
            FairShare.Link(host: destination, isOutgoing: false),
        ]
    }
}

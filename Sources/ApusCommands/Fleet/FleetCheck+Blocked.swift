import FleetModel
import Policy

/// Why a guest cannot go, in all the words that were found.
extension FleetCheck {
    /// A guest that its one destination refuses.
    func blocked(_ move: FleetMove, _ error: ApusError, _ picture: FleetPicture) -> Blocked {
        blocked(move.guest, reasons(error, on: picture.fleet.hosts[move.destination].name), picture)
    }

    /// A guest that would find no room on the way, in whatever order.
    func blocked(_ stuck: FleetMove, _ after: FleetPicture) -> Blocked {
        let host = after.fleet.hosts[stuck.destination].name
        let reason = Refusal.reason(stuck.guest, on: stuck.destination, in: after.fleet)
        return Blocked(
            guest: stuck.guest, code: "no-room-yet",
            reasons: ["\(host) \(reason ?? "would take it only after others have gone, which wait for it")"])
    }

    /// A guest for which no host was found.
    ///
    /// - Parameters:
    ///   - guest: which.
    ///   - refused: what checks said.
    ///   - after: the fleet with everything else where it would go.
    /// - Returns: the guest with every reason.
    func blocked(
        _ guest: Int, _ refused: [(code: String, reason: String)], _ after: FleetPicture
    ) -> Blocked {
        if let error = after.unreadable[guest] {
            return Blocked(guest: guest, code: error.code.rawValue, reasons: [error.detail])
        }
        let identity = after.guests[guest].identity
        let policy = after.fleet.guests[guest].policy
        if policy.neverMoves == true {
            return Blocked(
                guest: guest, code: Finding.Code.neverMove.rawValue,
                reasons: ["the policy of \(identity) says that it stays where it is"])
        }
        let planned = Refusal.all(guest, in: after.fleet)
            .filter { $0.reason != Refusal.refusedByCheck }.map { "\($0.host) \($0.reason)" }
        var reasons =
            refused.map(\.reason)
            + (refused.isEmpty || after.fleet.guests[guest].possibleHosts?.isEmpty != true ? planned : [])
        let company = after.fleet.guests.indices.filter { other in
            other != guest
                && !(after.fleet.guests[other].policy.affinity ?? []).isDisjoint(with: policy.affinity ?? [])
        }
        if !company.isEmpty {
            let names = company.map { after.guests[$0].identity.name }.joined(separator: ", ")
            reasons.append("it is to be on one host with \(names)")
        }
        return Blocked(
            guest: guest, code: refused.first?.code ?? "no-destination",
            reasons: reasons.isEmpty ? ["there is no other host"] : reasons)
    }

    /// What an error says, finding by finding.
    ///
    /// - Parameters:
    ///   - error: of a check.
    ///   - host: whose words they are; `nil` where it is about the guest itself.
    /// - Returns: codes and sentences.
    func reasons(_ error: ApusError, on host: String?) -> [(code: String, reason: String)] {
        let place = host.map { "\($0): " } ?? ""
        return error.findings.isEmpty
            ? [(error.code.rawValue, "\(place)\(error.detail)")]
            : error.findings.map { ($0.code.rawValue, "\(place)\($0.detail)") }
    }
}

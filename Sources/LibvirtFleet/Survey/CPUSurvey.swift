import DomainXML
import FleetModel
import Libvirt

/// Compares a guest's live processor with both hosts.
struct CPUSurvey: Sendable {
    let guest: GuestReading
    let source: HostLink
    let destination: HostLink

    func facts() async -> CPUFacts {
        async let near = verdict(on: source)
        async let far = verdict(on: destination)
        return CPUFacts(
            mode: CPUFacts.Mode(guest.cpu?.mode), definedMode: guest.definedMode, model: guest.cpu?.model,
            check: guest.cpu?.check,
            required: guest.cpu?.features.filter(\.isRequired).map(\.name) ?? [], source: await near,
            destination: await far)
    }

    private func verdict(on link: HostLink) async -> CPUFacts.Verdict {
        // Without a <cpu> the guest has QEMU's default model, which every processor gives.
        guard let xml = guest.cpu?.xml else { return .fits }
        do throws(ApusError) {
            return CPUFacts.Verdict(
                try await link.ask { (connection) throws(LibvirtError) in
                    try await connection.compareCPU(xml, for: guest.kind)
                })
        } catch {
            return .notKnown(error.detail)
        }
    }
}

extension CPUFacts.Verdict {
    init(_ comparison: CPUComparison) {
        switch comparison {
        case .identical, .superset: self = .fits
        case .incompatible(let reason): self = .lacks(reason: reason, features: Self.features(in: reason))
        case .notTold(let reason): self = .notKnown(reason)
        }
    }

    /// libvirt ends its sentence with the features: `… does not provide required features: pni, svm`.
    static func features(in reason: String) -> [String] {
        guard let range = reason.firstRange(of: "required features: ") else { return [] }
        return reason[range.upperBound...].split(separator: ",").map { name in
            String(name.drop { $0 == " " }.prefix { $0 != " " && $0 != "\n" })
        }
    }
}

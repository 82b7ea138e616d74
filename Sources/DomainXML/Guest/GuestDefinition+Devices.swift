/// Devices of which only a word matters to a move.
extension GuestDefinition {
    /// How the guest's memory is kept from its host, such as `sev`, `sev-snp`, `tdx`, `s390-pv`.
    package var launchSecurity: String? { root.first("launchSecurity").map { $0["type"] ?? "" } }

    /// A socket between guest and host: `<vsock>`.
    package struct Vsock: Sendable, Equatable {
        /// Whether each host chooses the number anew.
        package let isAutomatic: Bool
        /// The guest's number, which no other guest of the host may have.
        package let cid: UInt32?
    }

    package var vsock: Vsock? {
        guard let cid = root.first("devices/vsock/cid") else { return nil }
        return Vsock(isAutomatic: cid.flag("auto") == true, cid: cid.number("address"))
    }

    /// The model of the guest's IOMMU, such as `intel`.
    package var iommu: String? { root.first("devices/iommu").map { $0["model"] ?? "" } }

    /// A lock of a lock manager: `<lease>`.
    package struct Lease: Sendable, Equatable {
        package let lockspace: String?
        package let key: String?
        package let path: String?
    }

    package var leases: [Lease] {
        root.all("devices/lease").map { lease in
            Lease(
                lockspace: lease.text(at: "lockspace"), key: lease.text(at: "key"),
                path: lease.attribute("path", at: "target"))
        }
    }

    /// Keyboards and mice of the host that the guest was handed: the paths of their devices.
    package var inputPaths: [String] {
        root.all("devices/input/source").compactMap { $0["evdev"] ?? $0["dev"] }
    }
}

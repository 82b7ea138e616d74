/// Disks of a guest that move to other places on its own host, as the journal seals it.
package struct HomePlan: Sendable, Hashable, Codable {
    package let guest: GuestIdentity
    package let host: Host
    /// Those that move, in their order.
    package let disks: [DiskPlan]
    /// What is done about each disk, and why, for `apus show`.
    package let choices: [MovePlan.Choice]

    package init(guest: GuestIdentity, host: Host, disks: [DiskPlan]) {
        self.guest = guest
        self.host = host
        self.disks = disks.filter { $0.order != nil }
        choices = self.disks.compactMap { disk in
            disk.order.map { MovePlan.Choice(disk.target, $0.path, because: disk.reason) }
        }
    }
}

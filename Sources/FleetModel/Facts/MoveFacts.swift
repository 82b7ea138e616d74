/// All that a decision about one move rests on: plain values, read before anything is touched.
///
/// Written by `apus check --save-facts` and read back by `--facts`, so a decision can be repeated without
/// hosts.
package struct MoveFacts: Sendable, Hashable, Codable {
    /// The form of the saved document; another number is refused.
    package static let currentSchema = 3

    package var schema = MoveFacts.currentSchema
    /// The guest on its source.
    package var guest: Guest
    package var hardware: GuestHardware
    package var cpu: Reading<CPUFacts>
    package var disks: [DiskFacts]
    package var interfaces: [InterfaceFacts]
    package var source: HostFacts
    package var destination: HostFacts
    package var path: PathFacts
    /// The guest that already bears the name on the destination, if any.
    package var sameName: Guest?
    /// The guest that already bears the UUID on the destination, if any.
    package var sameUUID: Guest?
    /// What the guest's QEMU has in memory: pages that were never touched are not.
    package var residentMemory: Reading<ByteCount> = .notKnown("it was not asked")
    /// What the source keeps for the guest; `nil` in facts that were saved without it.
    package var settings: GuestSettings?
    /// How the guest's clock goes; `nil` where no agent told.
    package var clock: GuestClockReading?
    /// Of a guest that does not run, or is to be saved for its move.
    package var cold: ColdFacts?

    /// Where a live move's connections may go through apus.
    package var relay: Carriers?
    /// The same: how a part of the guest's memory compresses; `nil` where nothing hung on it.
    package var memorySample: Reading<MemorySample>?

    /// What the guest's owner wants; `nil` in facts that were saved without it.
    package var policy: PolicyFacts?

    /// Whether nothing is to be placed on the destination: somebody is emptying it.
    package var isDestinationMarked: Bool?

    /// Whether the guest goes as files, and nothing of it runs meanwhile.
    package var isCold: Bool { cold != nil || !guest.state.isActive }

    package init(
        guest: Guest, hardware: GuestHardware, cpu: Reading<CPUFacts>, disks: [DiskFacts],
        interfaces: [InterfaceFacts], source: HostFacts, destination: HostFacts, path: PathFacts,
        sameName: Guest?, sameUUID: Guest?
    ) {
        self.guest = guest
        self.hardware = hardware
        self.cpu = cpu
        self.disks = disks
        self.interfaces = interfaces
        self.source = source
        self.destination = destination
        self.path = path
        self.sameName = sameName
        self.sameUUID = sameUUID
    }
}

import FleetModel

/// A healthy pair of hosts and a running guest, to be bent by each test.
struct Sample {
    var state = GuestState(.running, reason: "booted")
    var activity: GuestActivity?
    var disks: [Disk] = []
    var sameName: Guest?
    var sameUUID: Guest?
    var sourceUUID: String? = "11111111-0000-0000-0000-000000000000"
    var destinationUUID: String? = "22222222-0000-0000-0000-000000000000"
    var peerURI: String? = "qemu+tcp://192.0.2.12/system"
    var libvirt = SoftwareVersion(9, 0, 0)

    static let identity = GuestIdentity(name: "web01", uuid: "aaaaaaaa-0000-0000-0000-000000000000")

    static func guest(
        _ identity: GuestIdentity = identity, on host: String, _ state: GuestState,
        activity: GuestActivity? = nil
    ) -> Guest {
        Guest(
            identity: identity, host: host, state: state, memory: .mebibytes(384), vcpus: 1,
            isPersistent: true,
            activity: activity)
    }

    var facts: MoveFacts {
        MoveFacts(
            guest: Self.guest(on: "alpha", state, activity: activity),
            source: host("alpha", peer: "qemu+tcp://192.0.2.11/system", uuid: sourceUUID),
            destination: host("beta", peer: peerURI, uuid: destinationUUID), disks: disks, sameName: sameName,
            sameUUID: sameUUID)
    }

    private func host(_ name: String, peer: String?, uuid: String?) -> HostFacts {
        HostFacts(
            host: Host(name: name, uri: "qemu+unix:///system?socket=/\(name)", peerURI: peer), uuid: uuid,
            libvirtVersion: libvirt, hypervisorVersion: SoftwareVersion(7, 2, 22), processors: 2,
            memory: .mebibytes(4096), freeMemory: .mebibytes(2048))
    }

    func with(_ change: (inout Sample) -> Void) -> Sample {
        var copy = self
        change(&copy)
        return copy
    }
}

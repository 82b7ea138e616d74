import FleetModel

extension Preflight {
    /// Devices that are the source's own.
    static func devices(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        facts.hardware.hostDevices.map { hostDevice($0, facts, request) } + fileSystems(facts)
            + memoryDevices(facts)
            + redirected(facts)
    }

    private static func hostDevice(
        _ device: GuestHardware.HostDevice, _ facts: MoveFacts, _ request: MoveRequest
    ) -> Finding {
        let (guest, here, there) = (facts.guestName, facts.sourceName, facts.destinationName)
        if device.isTeamedTransient {
            return Finding(
                .hostDeviceTeamed, .note, host: here, subject: device.address,
                detail: "\(guest) has \(device.kind.words) \(device.address) of \(here), teamed with another "
                    + "interface: libvirt takes it out for the move",
                hint: "See after the move that \(there) has plugged one in again "
                    + "(\(facts.destination.host.virsh) domiflist \(guest)).")
        }
        let belongings = BelongingsPlanner(facts, request)
        if let leaving = belongings.leaves(device) {
            return Finding(
                .hostDevice, .note, host: here, subject: device.address,
                detail:
                    "\(guest) lets go of \(device.kind.words) \(device.address) of \(here) for the move, and gets "
                    + leaving.replacement.words(there),
                hint: "See after the move that it is there: \(facts.destination.host.virsh) dumpxml \(guest)")
        }
        let automatic =
            if !belongings.mayLeave(device) {
                "Let it go in the guest's policy (docs/carried.md) and add --detach-passthrough, or take it out"
            } else if request.detachesPassthrough {
                "Let the guest run (\(facts.source.host.virsh) resume \(guest)): while it stands still it lets go of "
                    + "nothing; or take it out"
            } else {
                "Its policy lets it go: add --detach-passthrough; or take it out"
            }
        return Finding(
            .hostDevice, .blocker, host: here, subject: device.address,
            detail: "\(guest) owns \(device.kind.words) \(device.address) of \(here), whose state stays "
                + "behind",
            hint:
                "\(automatic) before the move (\(facts.source.host.virsh) detach-device \(guest) DEVICE.xml "
                + "--live) and plug one of \(there) in afterwards"
                + (device.kind == .sriov
                    ? ", or team it with a virtio interface (<teaming type='transient'>)." : "."))
    }

    private static func fileSystems(_ facts: MoveFacts) -> [Finding] {
        facts.hardware.fileSystems.map { system in
            let kind = system.driver == "path" ? "9p" : system.driver
            return Finding(
                .hostFileSystem, .blocker, host: facts.sourceName, subject: system.target,
                detail: "\(facts.guestName) mounts the directory \(system.source) of \(facts.sourceName) as "
                    + "\(system.target) (\(kind)), which ties it to that host while it runs",
                hint: "Unmount it in the guest (umount \(system.target)) and take the device out, or share "
                    + "the directory over the network instead.")
        }
    }

    private static func memoryDevices(_ facts: MoveFacts) -> [Finding] {
        // libvirt: "shmem device … cannot be migrated, only shmem with role='master' can be migrated"
        var findings = facts.hardware.sharedMemory.filter { !$0.isMaster }.map { memory in
            Finding(
                .sharedMemory, .blocker, host: facts.sourceName, subject: memory.name,
                detail: "\(facts.guestName) shares the memory \(memory.name) with other programs of "
                    + "\(facts.sourceName) and is not its master: libvirt moves masters only",
                hint: "Take the shmem device out before the move, or give it role='master'.")
        }
        if facts.hardware.loosePlugs > 0 {
            // libvirt: "domain's dimm info lacks slot ID or base address"
            findings.append(
                Finding(
                    .memoryDeviceLoose, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) on \(facts.sourceName) has "
                        + "\(count(facts.hardware.loosePlugs, "memory device")) without a fixed slot and "
                        + "address, and \(facts.destinationName) could plug it in elsewhere than the guest "
                        + "knows it",
                    hint: "Give each <memory> an <address type='dimm' slot='…' base='…'/> and restart the "
                        + "guest."))
        }
        return findings
    }

    private static func redirected(_ facts: MoveFacts) -> [Finding] {
        guard facts.hardware.redirectedDevices > 0 else { return [] }
        return [
            Finding(
                .redirectedDevice, .note, host: facts.sourceName, subject: facts.guestName,
                detail:
                    "\(facts.guestName) has \(count(facts.hardware.redirectedDevices, "channel")) for USB "
                    + "devices redirected to it on \(facts.sourceName): a device in use there is unplugged "
                    + "by the move",
                hint: "Plug it in again in the viewer when the guest is on \(facts.destinationName).")
        ]
    }

    /// Paths and addresses that the definition names.
    static func paths(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        needs(facts) + listening(facts)
    }

    private static func needs(_ facts: MoveFacts) -> [Finding] {
        guard !facts.hardware.paths.isEmpty else { return [] }
        let host = facts.destinationName
        switch facts.destination.details.presentPaths {
        case .notKnown(let reason):
            return [
                unread(
                    "paths",
                    "whether \(host) has what \(facts.guestName) needs there ("
                        + list(facts.hardware.paths.map(\.path)) + ")", of: facts.destination.host,
                    because: reason)
            ]
        case .known(let present):
            let present = Set(present)
            return facts.hardware.paths.compactMap { need in
                let directory = parentDirectory(of: need.path)
                switch need.kind {
                case .existing:
                    guard !present.contains(need.path) else { return nil }
                    return Finding(
                        .pathMissing, .blocker, host: host, subject: need.path,
                        detail: "\(host) has no \(need.path), which \(facts.guestName) needs for its "
                            + need.use,
                        hint: "Provide it on \(host) as on \(facts.sourceName), or take the device out.")
                case .createdFile:
                    guard !present.contains(directory), !present.contains(need.path) else { return nil }
                    return Finding(
                        .pathMissing, .blocker, host: host, subject: need.path,
                        detail: "\(host) has no directory \(directory), where QEMU creates \(need.path) for "
                            + "the \(need.use) of \(facts.guestName)",
                        hint: "Create it on \(host): mkdir -p \(directory)")
                }
            }
        }
    }

    private static func listening(_ facts: MoveFacts) -> [Finding] {
        let everywhere: Set<String> = ["", "0.0.0.0", "::", "localhost"]
        let wanted = facts.hardware.listenAddresses.filter {
            !everywhere.contains($0) && !isLoopback($0)
        }
        guard !wanted.isEmpty else { return [] }
        switch facts.destination.details.addresses {
        case .notKnown(let reason):
            return [
                unread(
                    "listen address",
                    "whether \(facts.destinationName) has the address that the display of "
                        + "\(facts.guestName) listens on (\(list(wanted)))", of: facts.destination.host,
                    because: reason)
            ]
        case .known(let addresses):
            return wanted.filter { !addresses.contains($0) }.map { address in
                Finding(
                    .listenAddressMissing, .blocker, host: facts.destinationName, subject: address,
                    detail: "the display of \(facts.guestName) listens on \(address), an address of "
                        + "\(facts.sourceName) that \(facts.destinationName) does not have",
                    hint: "Let it listen on 0.0.0.0, :: or a <listen type='network'>, and restart the guest.")
            }
        }
    }

    /// Whether an address or name leads back to the host itself.
    static func isLoopback(_ address: String) -> Bool { address.hasPrefix("127.") || address == "::1" }
}

extension GuestHardware.HostDevice.Kind {
    /// For sentences, with its article.
    fileprivate var words: String {
        switch self {
        case .usb: "the USB device"
        case .pci: "the PCI device"
        case .scsi: "the SCSI device"
        case .mdev: "the mediated device"
        case .vdpa: "the vDPA device"
        case .evdev: "the input device"
        case .sriov: "the SR-IOV function"
        case .other: "the device"
        }
    }
}

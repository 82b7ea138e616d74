import FleetModel

extension Preflight {
    /// What the guest runs on: emulator, machine type, firmware, virtualization.
    static func machine(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        var findings: [Finding] = []
        switch facts.destination.details.hypervisor {
        case .notKnown(let reason):
            findings.append(
                unread(
                    "emulator",
                    "whether \(facts.destinationName) can run \(facts.guestName) (\(facts.hardware.machine))",
                    of: facts.destination.host, because: reason,
                    hint: asking(
                        facts.destination.host,
                        "domcapabilities --machine \(facts.hardware.machine) --virttype "
                            + facts.hardware.virtualization)))
        case .known(let hypervisor):
            findings += emulator(hypervisor, facts)
        }
        if let security = facts.hardware.launchSecurity {
            findings.append(
                Finding(
                    .launchSecurity, .blocker, host: facts.sourceName, subject: facts.guestName,
                    detail: "\(facts.guestName) on \(facts.sourceName) has its memory sealed by the "
                        + "processor (\(security)): QEMU cannot move it while it runs",
                    hint: "Shut it down and start it on \(facts.destinationName)."))
        }
        return findings + emulation(facts, request) + firmware(facts)
    }

    /// Measured with plain virsh on a loaded machine, QEMU 7.2: docs/faults.md. The race between TCG and the dirty
    /// bitmap is known (QEMU commit 9458a9a1df1a), its repair there is not enough.
    private static func emulation(_ facts: MoveFacts, _ request: MoveRequest) -> [Finding] {
        guard facts.hardware.virtualization == "qemu", facts.guest.state.kind == .running,
            request.strategy != .stopAndCopy
        else { return [] }
        return [
            Finding(
                .softwareEmulation, .warning, host: facts.sourceName, subject: facts.guestName,
                detail:
                    "\(facts.guestName) runs on \(facts.sourceName) without KVM, and QEMU's emulator can miss what such a guest "
                    + "writes while its memory is copied: it may crash after the move",
                hint: "Move it stopped: --strategy stop-and-copy. Or run it with KVM.")
        ]
    }

    private static func emulator(_ hypervisor: HostDetails.Hypervisor, _ facts: MoveFacts) -> [Finding] {
        let hardware = facts.hardware
        let host = facts.destinationName
        guard hypervisor.emulator != nil else {
            let program = hardware.emulator ?? "qemu-system-\(hardware.architecture)"
            return [
                Finding(
                    .emulatorMissing, .blocker, host: host, subject: program,
                    detail: "\(host) has no \(program), which runs \(facts.guestName) on "
                        + facts.sourceName,
                    hint: "Install QEMU for \(hardware.architecture) on \(host) at that path.")
            ]
        }
        var findings: [Finding] = []
        if !hypervisor.hasVirtualization {
            findings.append(
                Finding(
                    .virtualizationMissing, .blocker, host: host, subject: hardware.virtualization,
                    detail: "\(host) cannot run guests with \(hardware.virtualization), as "
                        + "\(facts.guestName) does on \(facts.sourceName)",
                    hint: "Switch virtualization on in the firmware of \(host) and load its module (modprobe "
                        + "kvm_intel or kvm_amd); virt-host-validate qemu says what is missing."))
        }
        if !hypervisor.hasMachine {
            let nearest = hypervisor.nearestMachine.map { "; its newest of that family is \($0)" } ?? ""
            findings.append(
                Finding(
                    .machineTypeMissing, .blocker, host: host, subject: hardware.machine,
                    detail: "QEMU \(facts.destination.hypervisorVersion) on \(host) has no machine type "
                        + "\(hardware.machine), which \(facts.guestName) has on "
                        + "\(facts.sourceName)\(nearest)",
                    hint: "Update QEMU on \(host). A running guest cannot change its machine type."))
        }
        return findings
    }

    private static func firmware(_ facts: MoveFacts) -> [Finding] {
        // The variables themselves travel with the guest; the template is what libvirt makes their file from.
        let files = [
            (facts.hardware.firmware?.loader, "firmware"),
            (facts.hardware.firmware?.template, "firmware's variable template"),
        ].compactMap { path, use in path.map { (path: $0, use: use) } }
        guard !files.isEmpty else { return [] }
        switch facts.destination.details.presentPaths {
        case .notKnown(let reason):
            return [
                unread(
                    "firmware", "whether \(facts.destinationName) has the firmware of \(facts.guestName)",
                    of: facts.destination.host, because: reason)
            ]
        case .known(let present):
            let present = Set(present)
            return files.filter { !present.contains($0.path) }.map { file in
                Finding(
                    .firmwareMissing, .blocker, host: facts.destinationName, subject: file.path,
                    detail: "\(facts.destinationName) does not have \(file.path), the \(file.use) of "
                        + facts.guestName,
                    hint: "Install on \(facts.destinationName) the package that \(facts.sourceName) has it "
                        + "from (dpkg -S or rpm -qf \(file.path)).")
            }
        }
    }
}

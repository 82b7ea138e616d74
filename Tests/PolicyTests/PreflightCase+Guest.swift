import FleetModel

extension PreflightCase {
    private static let stranger = "bbbbbbbb-0000-0000-0000-000000000000"

    static let identity = [
        PreflightCase("nothing on a healthy pair", [:]) { _ in },
        PreflightCase("one machine under two names", [.sameHostUUID: .blocker]) {
            $0.destination.uuid = $0.source.uuid
        },
        PreflightCase("one machine, and nothing of the guest that is then on both", [.sameHostUUID: .blocker])
        {
            $0.destination.uuid = $0.source.uuid
            $0.sameUUID = Sample.guest(on: "beta", GuestState(.running))
        },
        PreflightCase("a running twin on the destination", [.guestOnTwoHosts: .blocker]) {
            $0.sameUUID = Sample.guest(on: "beta", GuestState(.running, reason: "booted"))
        },
        PreflightCase("an old definition of the guest itself", [.definitionReplaced: .note]) {
            $0.sameUUID = Sample.guest(on: "beta", GuestState(.shutOff))
            $0.sameName = $0.sameUUID
        },
        PreflightCase("the name taken by another guest", [.guestNameTaken: .blocker]) {
            let twin = GuestIdentity(name: "web01", uuid: stranger)
            $0.sameName = Sample.guest(twin, on: "beta", GuestState(.shutOff))
        },
        PreflightCase("the UUID taken by another guest", [.guestUUIDTaken: .blocker]) {
            let twin = GuestIdentity(name: "web02", uuid: Sample.identity.uuid)
            $0.sameUUID = Sample.guest(twin, on: "beta", GuestState(.shutOff))
        },
    ]

    static let state = [
        PreflightCase("nothing against a paused guest", [:]) {
            $0.state = GuestState(.paused, reason: "user")
        },
        PreflightCase("a guest that is shutting down", [.guestNotActive: .blocker]) {
            $0.state = GuestState(.shuttingDown, reason: "user")
        },
        PreflightCase("a guest that stands after an I/O error", [.guestIOError: .blocker]) {
            $0.state = GuestState(.paused, reason: "ioerror")
        },
        PreflightCase("a guest that is being saved", [.guestBusy: .blocker]) { $0.activity = .saving },
        PreflightCase("only the move itself in a guest that moves just now", [.guestBusy: .blocker]) {
            $0.activity = .migratingOut
            $0.sameUUID = Sample.guest(on: "beta", GuestState(.paused, reason: "migration"))
            $0.sameName = $0.sameUUID
        },
        PreflightCase("snapshots", [.snapshotsPresent: .note]) { $0.hardware.snapshots = Sample.snapshots },
        PreflightCase("snapshots with files of their own", [.snapshotsPresent: .blocker]) {
            $0.hardware.snapshots = [
                GuestHardware.Snapshot(
                    name: "before-upgrade", isCurrent: true, files: ["/var/tmp/web01.memory"])
            ]
        },
        PreflightCase("checkpoints", [.checkpointsPresent: .warning]) { $0.hardware.checkpoints = 1 },
        PreflightCase("a silent agent", [.guestAgentSilent: .note]) { $0.hardware.agent = .disconnected },
        PreflightCase("nothing against an agent that answers", [:]) { $0.hardware.agent = .connected },
    ]

    static let versions = [
        PreflightCase(
            "libvirt too old for a downtime limit, where one is asked for",
            [.libvirtTooOld: .blocker, .versionDowngrade: .warning],
            request: MoveRequest(downtimeLimit: .milliseconds(100))
        ) { $0.destination.libvirt = SoftwareVersion(3, 0, 0) },
        PreflightCase(
            "libvirt that is too old, on both hosts", [.libvirtTooOld: .blocker, .libvirtTooOld: .blocker]
        ) {
            $0.source.libvirt = SoftwareVersion(1, 0, 6)
            $0.destination.libvirt = SoftwareVersion(1, 0, 6)
        },
        PreflightCase("nothing against libvirt 3.0 without a downtime limit", [:]) {
            $0.source.libvirt = SoftwareVersion(3, 0, 0)
            $0.destination.libvirt = SoftwareVersion(3, 0, 0)
        },
        PreflightCase("an older QEMU", [.versionDowngrade: .warning]) {
            $0.destination.qemu = SoftwareVersion(6, 2, 0)
        },
        PreflightCase("nothing against a newer pair", [:]) {
            $0.destination.qemu = SoftwareVersion(8, 2, 0)
            $0.destination.libvirt = SoftwareVersion(10, 0, 0)
        },
    ]

    static let processor = [
        PreflightCase("a feature that the destination alone lacks", [.cpuIncompatible: .blocker]) {
            $0.cpu = .known(Sample.cpu(destination: .lacks(reason: "no", features: ["avx512f", "avx512bw"])))
        },
        PreflightCase(
            "per feature, what blocks and what both lack",
            [.cpuIncompatible: .blocker, .cpuLackingOnBoth: .note]
        ) {
            $0.cpu = .known(
                Sample.cpu(
                    source: .lacks(reason: "no", features: ["svm"]),
                    destination: .lacks(reason: "no", features: ["svm", "pni"])))
        },
        PreflightCase("features that both lack", [.cpuLackingOnBoth: .note]) {
            $0.cpu = .known(
                Sample.cpu(
                    source: .lacks(reason: "alpha", features: ["pni", "svm", "x"]),
                    destination: .lacks(reason: "beta", features: ["svm", "pni"])))
        },
        PreflightCase("the same reason on both, without names", [.cpuLackingOnBoth: .note]) {
            let verdict = CPUFacts.Verdict.lacks(reason: "unknown model", features: [])
            $0.cpu = .known(Sample.cpu(source: verdict, destination: verdict))
        },
        PreflightCase("another reason than the source's, without names", [.cpuIncompatible: .blocker]) {
            $0.cpu = .known(
                Sample.cpu(
                    source: .lacks(reason: "one", features: []),
                    destination: .lacks(reason: "two", features: [])))
        },
        PreflightCase("a lack while the source is not known", [.cpuIncompatible: .blocker]) {
            $0.cpu = .known(
                Sample.cpu(
                    source: .notKnown("timeout"), destination: .lacks(reason: "no", features: ["svm"])))
        },
        PreflightCase("nothing of a lack on the source alone", [:]) {
            $0.cpu = .known(Sample.cpu(source: .lacks(reason: "no", features: ["svm"])))
        },
        PreflightCase("a processor that nobody checked", [.cpuFeaturesNotKnown: .note]) {
            $0.cpu = .known(Sample.cpu(check: "none"))
        },
        PreflightCase("a processor without check", [.cpuFeaturesNotKnown: .note]) {
            $0.cpu = .known(Sample.cpu(check: nil))
        },
        PreflightCase("host-model behind a custom one", [.cpuModelDrift: .note]) {
            $0.cpu = .known(Sample.cpu(defined: .hostModel))
        },
        PreflightCase("no processor of the host's without KVM", [.softwareEmulation: .warning]) {
            $0.hardware.virtualization = "qemu"
            $0.cpu = .known(Sample.cpu(check: "none"))
            $0.hardware.timeStampFrequency = 1
        },
        PreflightCase(
            "a QEMU that plays less than the other's without KVM",
            [.cpuIncompatible: .blocker, .softwareEmulation: .warning]
        ) {
            $0.hardware.virtualization = "qemu"
            $0.cpu = .known(
                Sample.cpu(check: "none", destination: .lacks(reason: "no", features: ["svm"])))
        },
        PreflightCase("host-passthrough on equal hosts", [.cpuPassthroughNotProvable: .note]) {
            $0.cpu = .known(Sample.cpu(mode: .hostPassthrough, check: "none"))
        },
        PreflightCase(
            "host-passthrough with a feature less",
            [.cpuPassthroughDiffers: .blocker, .cpuPassthroughNotProvable: .note]
        ) {
            $0.cpu = .known(Sample.cpu(mode: .hostPassthrough))
            $0.destination.details.cpu = .known(Sample.hostCPU(["aes", "sse4.2"]))
        },
        PreflightCase(
            "host-passthrough with another microcode, frequency and feature",
            [.cpuPassthroughDiffers: .warning, .cpuPassthroughNotProvable: .note]
        ) {
            $0.cpu = .known(Sample.cpu(mode: .maximum))
            $0.destination.details.cpu = .known(
                Sample.hostCPU(
                    ["aes", "avx2", "sse4.2", "amx"], microcode: "50657", frequency: 2_700_000_000))
        },
        PreflightCase("invtsc without a frequency", [.invariantTSC: .blocker]) {
            $0.hardware.hasInvariantTimeStamps = true
        },
        PreflightCase("a fixed frequency that the host cannot run", [.tscFrequencyDiffers: .blocker]) {
            $0.hardware.hasInvariantTimeStamps = true
            $0.hardware.timeStampFrequency = 2_600_650_001
        },
        PreflightCase("nothing against 250 parts in a million", [:]) {
            $0.hardware.timeStampFrequency = 2_600_650_000
        },
        PreflightCase("another frequency, scaling not told", [.tscFrequencyDiffers: .warning]) {
            $0.hardware.timeStampFrequency = 2_000_000_000
            $0.destination.details.cpu = .known(Sample.hostCPU(scales: nil))
        },
        PreflightCase("nothing against another frequency with scaling", [:]) {
            $0.hardware.timeStampFrequency = 2_000_000_000
            $0.destination.details.cpu = .known(Sample.hostCPU(scales: true))
        },
    ]

    static let machine = [
        PreflightCase("a missing emulator", [.emulatorMissing: .blocker]) {
            $0.destination.details.hypervisor = .known(
                Sample.Machine.hypervisor(emulator: nil, hasMachine: false, hasVirtualization: false))
        },
        PreflightCase("a missing machine type", [.machineTypeMissing: .blocker]) {
            $0.destination.details.hypervisor = .known(Sample.Machine.hypervisor(hasMachine: false))
        },
        PreflightCase("no KVM", [.virtualizationMissing: .blocker]) {
            $0.destination.details.hypervisor = .known(Sample.Machine.hypervisor(hasVirtualization: false))
        },
        PreflightCase("sealed memory", [.launchSecurity: .blocker]) { $0.hardware.launchSecurity = "sev" },
        PreflightCase(
            "missing firmware and template", [.firmwareMissing: .blocker, .firmwareMissing: .blocker]
        ) {
            $0.hardware.firmware = GuestHardware.Firmware(
                loader: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/nvram/web01.fd",
                template: "/usr/share/OVMF/OVMF_VARS_4M.fd")
        },
        PreflightCase("nothing against firmware that is there", [:]) {
            $0.hardware.firmware = GuestHardware.Firmware(
                loader: "/OVMF_CODE.fd", variables: "/nvram/web01.fd", template: nil)
            $0.destination.details.presentPaths = .known(["/OVMF_CODE.fd"])
        },
    ]
}

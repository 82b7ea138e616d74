/// One thing that a check found.
package struct Finding: Sendable, Hashable, Codable {
    package enum Severity: String, Sendable, Hashable, Codable, Comparable {
        /// The move would fail or hurt: it is not begun.
        case blocker
        case warning
        case note

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int {
            switch self {
            case .blocker: 0
            case .warning: 1
            case .note: 2
            }
        }
    }

    /// Stable names, listed with an example each in docs/codes.md.
    package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        case antiAffinity = "anti-affinity"
        case apusDiffers = "apus-differs"
        case apusMissing = "apus-missing"
        case blockJobActive = "block-job-active"
        case bridgeMissing = "bridge-missing"
        case certificateExpired = "certificate-expired"
        case certificateExpiresSoon = "certificate-expires-soon"
        case certificateNameMismatch = "certificate-name-mismatch"
        case checkpointsPresent = "checkpoints-present"
        case clockOffset = "clock-offset"
        case cpuFeaturesNotKnown = "cpu-features-not-known"
        case cpuIncompatible = "cpu-incompatible"
        case cpuLackingOnBoth = "cpu-lacking-on-both"
        case cpuModelDrift = "cpu-model-drift"
        case cpuPassthroughDiffers = "cpu-passthrough-differs"
        case cpuPassthroughNotProvable = "cpu-passthrough-not-provable"
        case dataPortUnreachable = "data-port-unreachable"
        case definitionReplaced = "definition-replaced"
        case destinationUnreachable = "destination-unreachable"
        case diskCacheUnsafe = "disk-cache-unsafe"
        case diskChainOpen = "disk-chain-open"
        case diskInUse = "disk-in-use"
        case diskNotProven = "disk-not-proven"
        case diskNotShared = "disk-not-shared"
        case diskPlaceUnusable = "disk-place-unusable"
        case diskShareUnrecognized = "disk-share-unrecognized"
        case diskTransient = "disk-transient"
        case emulatorMissing = "emulator-missing"
        case firmwareMissing = "firmware-missing"
        case guestAgentSilent = "guest-agent-silent"
        case guestBusy = "guest-busy"
        case guestIOError = "guest-io-error"
        case guestNameTaken = "guest-name-taken"
        case guestNotActive = "guest-not-active"
        case guestOnTwoHosts = "guest-on-two-hosts"
        case guestStateExists = "guest-state-exists"
        case guestUUIDTaken = "guest-uuid-taken"
        case hostDevice = "host-device"
        case hostDeviceTeamed = "host-device-teamed"
        case hostFileSystem = "host-file-system"
        case hostMarked = "host-marked"
        case hostNotAllowed = "host-not-allowed"
        case hostnameLoopback = "hostname-loopback"
        case hugePagesShort = "huge-pages-short"
        case incomingLimit = "incoming-limit"
        case invariantTSC = "invariant-tsc"
        case launchSecurity = "launch-security"
        case libvirtTooOld = "libvirt-too-old"
        case listenAddressMissing = "listen-address-missing"
        case machineTypeMissing = "machine-type-missing"
        case mediumMissing = "medium-missing"
        case memoryDeviceLoose = "memory-device-loose"
        case memoryShort = "memory-short"
        case memoryTight = "memory-tight"
        case mtuDiffers = "mtu-differs"
        case networkDeviceMissing = "network-device-missing"
        case networkInactive = "network-inactive"
        case networkMissing = "network-missing"
        case neverMove = "never-move"
        case notKnown = "not-known"
        case numaNodeMissing = "numa-node-missing"
        case outgoingLimit = "outgoing-limit"
        case outsideWindow = "outside-window"
        case pathMissing = "path-missing"
        case peerURIMissing = "peer-uri-missing"
        case policyContradiction = "policy-contradiction"
        case pinnedProcessorMissing = "pinned-processor-missing"
        case portGroupMissing = "port-group-missing"
        case portsShort = "ports-short"
        case redirectedDevice = "redirected-device"
        case relayConfined = "relay-confined"
        case sameHostUUID = "same-host-uuid"
        case secretMissing = "secret-missing"
        case sharedMemory = "shared-memory"
        case snapshotsPresent = "snapshots-present"
        case softwareEmulation = "software-emulation"
        case targetDirectoryMissing = "target-directory-missing"
        case targetExists = "target-exists"
        case targetNotWritable = "target-not-writable"
        case targetSpaceShort = "target-space-short"
        case tlsFilesMissing = "tls-files-missing"
        case tpmPassthrough = "tpm-passthrough"
        case tpmStateShared = "tpm-state-shared"
        case tpmUnsupported = "tpm-unsupported"
        case tscFrequencyDiffers = "tsc-frequency-differs"
        case vcpusExceedHost = "vcpus-exceed-host"
        case vcpusExceedMachine = "vcpus-exceed-machine"
        case versionDowngrade = "version-downgrade"
        case vhostUserInterface = "vhost-user-interface"
        case virtualizationMissing = "virtualization-missing"
        case wouldNotConverge = "would-not-converge"

        /// Whether `--ignore` may lift it: never where two guests could write to one disk, or where there is
        /// nowhere to go.
        package var canBeIgnored: Bool {
            switch self {
            case .guestOnTwoHosts, .sameHostUUID, .diskInUse, .diskPlaceUnusable, .destinationUnreachable:
                false
            default: true
            }
        }
    }

    package let code: Code
    package let severity: Severity
    /// The host that it was seen on.
    package let host: String
    /// What it is about: a guest, a disk, a host.
    package let subject: String
    package let detail: String
    /// What to do.
    package let hint: String
    /// A blocker that the user has lifted by name.
    package var isIgnored = false

    /// Whether it stops the move.
    package var blocks: Bool { severity == .blocker && !isIgnored }

    package init(
        _ code: Code, _ severity: Severity, host: String, subject: String, detail: String, hint: String
    ) {
        self.code = code
        self.severity = severity
        self.host = host
        self.subject = subject
        self.detail = detail
        self.hint = hint
    }
}

extension Finding {
    /// What a finding is about, in the order in which findings of one severity are shown.
    package enum Topic: Int, Sendable, Hashable, CaseIterable, Comparable {
        case identity, guest, policy, versions, processor, storage, devices, network, capacity, trust,
            forecast
        /// What could not be read.
        case unread

        /// For people, as a heading.
        package var title: String {
            switch self {
            case .identity: "Identity"
            case .guest: "State of the guest"
            case .policy: "Policy"
            case .versions: "Versions"
            case .processor: "Processor and machine"
            case .storage: "Storage"
            case .devices: "Devices"
            case .network: "Network"
            case .capacity: "Capacity"
            case .trust: "Trust"
            case .forecast: "Forecast"
            case .unread: "Not known"
            }
        }

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }
}

extension Finding.Code {
    package var topic: Finding.Topic {
        switch self {
        case .definitionReplaced, .guestNameTaken, .guestOnTwoHosts, .guestUUIDTaken, .sameHostUUID:
            .identity
        case .checkpointsPresent, .guestAgentSilent, .guestBusy, .guestIOError, .guestNotActive,
            .snapshotsPresent:
            .guest
        case .antiAffinity, .hostMarked, .hostNotAllowed, .neverMove, .outsideWindow, .policyContradiction:
            .policy
        case .libvirtTooOld, .versionDowngrade:
            .versions
        case .cpuFeaturesNotKnown, .cpuIncompatible, .cpuLackingOnBoth, .cpuModelDrift,
            .cpuPassthroughDiffers, .cpuPassthroughNotProvable, .emulatorMissing, .firmwareMissing,
            .invariantTSC, .launchSecurity, .machineTypeMissing, .softwareEmulation, .tscFrequencyDiffers,
            .virtualizationMissing:
            .processor
        case .blockJobActive, .diskCacheUnsafe, .diskChainOpen, .diskInUse, .diskNotProven, .diskNotShared,
            .diskPlaceUnusable, .diskShareUnrecognized, .diskTransient, .guestStateExists, .mediumMissing,
            .targetDirectoryMissing, .targetExists,
            .targetNotWritable, .targetSpaceShort:
            .storage
        case .hostDevice, .hostDeviceTeamed, .hostFileSystem, .memoryDeviceLoose, .pathMissing,
            .redirectedDevice, .sharedMemory, .tpmPassthrough, .tpmStateShared, .tpmUnsupported:
            .devices
        case .bridgeMissing, .dataPortUnreachable, .destinationUnreachable, .hostnameLoopback,
            .listenAddressMissing, .mtuDiffers, .networkDeviceMissing, .networkInactive, .networkMissing,
            .peerURIMissing, .portGroupMissing, .portsShort, .vhostUserInterface:
            .network
        case .hugePagesShort, .incomingLimit, .memoryShort, .memoryTight, .numaNodeMissing, .outgoingLimit,
            .pinnedProcessorMissing, .vcpusExceedHost, .vcpusExceedMachine:
            .capacity
        case .apusDiffers, .apusMissing:
            .versions
        case .certificateExpired, .certificateExpiresSoon, .certificateNameMismatch, .clockOffset,
            .relayConfined, .secretMissing, .tlsFilesMissing:
            .trust
        case .wouldNotConverge:
            .forecast
        case .notKnown:
            .unread
        }
    }
}

internal import CLibvirt

/// Which of a guest's two forms a change is for. Source: `virDomainModificationImpact`.
package enum ModificationScope: Sendable, CaseIterable {
    /// What runs now; a guest that does not run is refused.
    case live
    /// What a later start uses; a guest without a definition is refused.
    case definition
    case liveAndDefinition
    /// What runs now, or the definition where nothing runs.
    case current

    var flags: UInt32 {
        switch self {
        case .live: VIR_DOMAIN_AFFECT_LIVE.rawValue
        case .definition: VIR_DOMAIN_AFFECT_CONFIG.rawValue
        case .liveAndDefinition: VIR_DOMAIN_AFFECT_LIVE.rawValue | VIR_DOMAIN_AFFECT_CONFIG.rawValue
        case .current: VIR_DOMAIN_AFFECT_CURRENT.rawValue
        }
    }
}

extension DomainHandle {
    // MARK: Autostart

    /// Whether the host starts the guest when it starts itself; never true of a guest without a definition.
    ///
    /// The flag is a link on the host and no part of the definition: no migration carries it. Source:
    /// `virDomainGetAutostart`.
    ///
    /// - Throws: `LibvirtError`, with `.noDomain`, `.noSupport`.
    package borrowing func isAutostarted() throws(LibvirtError) -> Bool {
        var flag: CInt = 0
        try check(
            "ask whether a guest starts with its host", unsafe virDomainGetAutostart(raw, &flag))
        return flag != 0
    }

    /// Says whether the host starts the guest when it starts itself. Source: `virDomainSetAutostart`.
    ///
    /// - Throws: `LibvirtError`, with `.operationInvalid` for a guest without a definition, `.noDomain`,
    ///   `.systemError` where the link cannot be made, `.noSupport`.
    package borrowing func setAutostart(_ isOn: Bool) throws(LibvirtError) {
        try check(
            "set whether a guest starts with its host", unsafe virDomainSetAutostart(raw, isOn ? 1 : 0))
    }

    // MARK: Metadata

    /// What a program keeps in the guest's `<metadata>`. Source: `virDomainGetMetadata` with
    /// `VIR_DOMAIN_METADATA_ELEMENT`.
    ///
    /// - Parameters:
    ///   - namespace: the namespace URI of its element; libvirt keeps one element for each.
    ///   - scope: of which form; `.liveAndDefinition` is refused.
    /// - Returns: the element as text, without the prefix that `setMetadata` was given; `nil` when there is
    ///   none.
    /// - Throws: `LibvirtError`, with `.operationInvalid` where the guest has no such form,
    ///   `.invalidArgument`, `.noSupport`.
    package borrowing func metadata(
        namespace: String, _ scope: ModificationScope = .current
    ) throws(LibvirtError) -> String? {
        do throws(LibvirtError) {
            return try unsafe adopt(
                "read the metadata of a guest",
                virDomainGetMetadata(
                    raw, CInt(VIR_DOMAIN_METADATA_ELEMENT.rawValue), namespace, scope.flags))
        } catch  where error.code == .noMetadata {
            return nil
        }
    }

    /// Keeps an element in the guest's `<metadata>`, in place of the one of its namespace; `nil` takes that
    /// away. Source: `virDomainSetMetadata` with `VIR_DOMAIN_METADATA_ELEMENT`.
    ///
    /// - Parameters:
    ///   - xml: one element, without a namespace of its own: libvirt puts it into `namespace`.
    ///   - namespace: the namespace URI.
    ///   - prefix: what libvirt writes in front of its name.
    ///   - scope: in which form.
    /// - Throws: `LibvirtError`, with `.xmlError`, `.operationInvalid` where the guest has no such form,
    ///   `.noSupport`.
    package borrowing func setMetadata(
        _ xml: String?, namespace: String, prefix: String, _ scope: ModificationScope = .current
    ) throws(LibvirtError) {
        try check(
            "set the metadata of a guest",
            unsafe virDomainSetMetadata(
                raw, CInt(VIR_DOMAIN_METADATA_ELEMENT.rawValue), xml, prefix, namespace, scope.flags))
    }

    // MARK: The guest's clock

    /// The guest's wall clock, since the epoch, as its agent tells it. Source: `virDomainGetTime`.
    ///
    /// Blocks for as long as an agent takes that has said that it is there: seconds, or for good.
    ///
    /// - Throws: `LibvirtError`, with `.agentUnresponsive` where no agent answers, `.argumentUnsupported`
    ///   where the guest has no channel for one, `.operationInvalid`, `.noSupport`.
    package borrowing func guestTime() throws(LibvirtError) -> Duration {
        var seconds: CLongLong = 0
        var nanoseconds: CUnsignedInt = 0
        try check("read a guest's clock", unsafe virDomainGetTime(raw, &seconds, &nanoseconds, 0))
        return .seconds(seconds) + .nanoseconds(Int64(nanoseconds))
    }

    /// Has the guest's agent set the guest's wall clock.
    ///
    /// Blocks as `guestTime` does. Source: `virDomainSetTime`, with `VIR_DOMAIN_TIME_SYNC` where no time is
    /// given.
    ///
    /// - Parameter time: since the epoch; `nil` has the guest read its hardware clock, which follows its
    ///   host's, where the guest's agent knows how.
    /// - Throws: `LibvirtError`, as `guestTime`, and `.operationUnsupported` or `.internalError` with the
    ///   agent's words where the agent refuses.
    package borrowing func setGuestTime(_ time: Duration?) throws(LibvirtError) {
        let (seconds, attoseconds) = (time ?? .zero).components
        try check(
            "set a guest's clock",
            unsafe virDomainSetTime(
                raw, seconds, CUnsignedInt(attoseconds / 1_000_000_000),
                time == nil ? VIR_DOMAIN_TIME_SYNC.rawValue : 0))
    }
}

internal import CLibvirt

/// Has libvirt write a UUID in its lower-case form with dashes; `nil` when it reports an error.
func readUUID(_ write: (UnsafeMutablePointer<CChar>) -> CInt) -> String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(VIR_UUID_STRING_BUFLEN)) { buffer in
        guard let start = buffer.baseAddress, unsafe write(start) == 0 else { return nil }
        return unsafe String(cString: start)
    }
}

/// The UUID of a domain in libvirt's lower-case form with dashes; `nil` when libvirt reports an error.
func uuidString(of domain: virDomainPtr) -> String? {
    unsafe readUUID { unsafe virDomainGetUUIDString(domain, $0) }
}

extension DomainHandle {
    package borrowing func name() throws(LibvirtError) -> String {
        guard let raw = unsafe virDomainGetName(raw) else { throw .last("read a guest's name") }
        return unsafe String(cString: raw)
    }

    /// The UUID in libvirt's lower-case form with dashes.
    package borrowing func uuid() throws(LibvirtError) -> String {
        guard let uuid = unsafe uuidString(of: raw) else { throw .last("read a guest's UUID") }
        return uuid
    }

    package borrowing func state() throws(LibvirtError) -> DomainState {
        var state: CInt = 0
        var reason: CInt = 0
        try check("read a guest's state", unsafe virDomainGetState(raw, &state, &reason, 0))
        return DomainState(raw: state, reason: reason)
    }

    /// Which of a domain's two documents is meant, and in which form.
    package enum Document: Sendable {
        /// What runs now (or the definition, when nothing runs).
        case live
        /// What a later start would use.
        case inactive
        /// What runs now, in the form that another host accepts.
        case migratable
        /// What another host is to take over, with the passwords in it: for libvirt's ears only.
        case migratableWithSecrets, inactiveWithSecrets

        var flags: UInt32 {
            switch self {
            case .live: 0
            case .inactive: VIR_DOMAIN_XML_INACTIVE.rawValue
            case .migratable: VIR_DOMAIN_XML_MIGRATABLE.rawValue
            case .migratableWithSecrets: VIR_DOMAIN_XML_MIGRATABLE.rawValue | VIR_DOMAIN_XML_SECURE.rawValue
            case .inactiveWithSecrets: VIR_DOMAIN_XML_INACTIVE.rawValue | VIR_DOMAIN_XML_SECURE.rawValue
            }
        }
    }

    package borrowing func xml(_ document: Document) throws(LibvirtError) -> String {
        try unsafe adopt("read a guest's definition", virDomainGetXMLDesc(raw, document.flags))
    }

    /// Whether a definition stays when the guest stops.
    package borrowing func isPersistent() throws(LibvirtError) -> Bool {
        try check("ask whether a guest is persistent", unsafe virDomainIsPersistent(raw)) == 1
    }

    package borrowing func hasManagedSave() throws(LibvirtError) -> Bool {
        try check("ask whether a guest has a saved state", unsafe virDomainHasManagedSaveImage(raw, 0)) == 1
    }

    /// Everything that a listing shows of the domain.
    package borrowing func summary() throws(LibvirtError) -> DomainSummary {
        var info = virDomainInfo()
        try check("read a guest's size", unsafe virDomainGetInfo(raw, &info))
        let id = unsafe virDomainGetID(raw)
        let state = try state()
        return DomainSummary(
            name: try name(), uuid: try uuid(), id: id == UInt32.max ? nil : Int32(bitPattern: id),
            state: state, memoryBytes: UInt64(info.maxMem) * 1024, vcpus: Int(info.nrVirtCpu),
            processorTime: info.cpuTime,
            isPersistent: try isPersistent(), hasManagedSave: try hasManagedSave(),
            job: id == UInt32.max ? nil : try currentOperation(state))
    }

    /// What is done with an active domain now; `.unknown` when its daemon could not tell in time.
    private borrowing func currentOperation(_ state: DomainState) throws(LibvirtError) -> JobStatistics
        .Operation?
    {
        do throws(LibvirtError) {
            return try jobStatistics()?.operation
        } catch {
            switch error.code {
            case .noDomain: throw error
            case .noSupport: return nil
            // Of an incoming domain libvirt says that only the source has figures; which code depends on its
            // version.
            case .operationInvalid, .operationUnsupported: return state.kind == .paused ? .migrationIn : nil
            default: return .unknown
            }
        }
    }

    // MARK: Changing it

    /// Lets a paused guest run on.
    package borrowing func resume() throws(LibvirtError) {
        try check("let a guest run on", unsafe virDomainResume(raw))
    }

    /// Stops the guest's processors, keeping its memory.
    package borrowing func suspend() throws(LibvirtError) {
        try check("pause a guest", unsafe virDomainSuspend(raw))
    }

    /// Starts a guest that is shut off.
    package borrowing func start() throws(LibvirtError) {
        try check("start a guest", unsafe virDomainCreate(raw))
    }

    /// Stores the guest's memory in a file of its host's, from which the next start goes on, and ends its QEMU. Source:
    /// `virDomainManagedSave`.
    ///
    /// - Parameter runs: whether the guest runs on then, or stands paused.
    /// - Throws: `LibvirtError`, with `.operationInvalid` for a guest that does not run, `.operationFailed`, `.noSupport`.
    package borrowing func save(runs: Bool) throws(LibvirtError) {
        let flags = runs ? VIR_DOMAIN_SAVE_RUNNING.rawValue : VIR_DOMAIN_SAVE_PAUSED.rawValue
        try check("save a guest", unsafe virDomainManagedSave(raw, flags))
    }

    /// Removes the file that `save` made. Source: `virDomainManagedSaveRemove`.
    package borrowing func removeSavedState() throws(LibvirtError) {
        try check("remove a guest's saved memory", unsafe virDomainManagedSaveRemove(raw, 0))
    }

    /// Ends the guest's QEMU at once, as if its power were cut; a definition stays. Source: `virDomainDestroy`.
    package borrowing func destroy() throws(LibvirtError) {
        try check("end a guest", unsafe virDomainDestroy(raw))
    }

    /// Removes the definition of a guest, and leaves its firmware's variables and its TPM's state where they are.
    /// Source: `virDomainUndefineFlags`.
    ///
    /// - Parameter withRecords: whether what libvirt knows of its snapshots and checkpoints, and the memory of a saved
    ///   guest, may go with it; otherwise such a guest is refused.
    /// - Throws: `LibvirtError`, with `.noDomain`, `.operationInvalid`.
    package borrowing func undefine(withRecords: Bool = false) throws(LibvirtError) {
        var flags = VIR_DOMAIN_UNDEFINE_KEEP_NVRAM.rawValue | VIR_DOMAIN_UNDEFINE_KEEP_TPM.rawValue
        if withRecords {
            flags |= VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue
            flags |= VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA.rawValue
            flags |= VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue
        }
        try check("undefine a guest", unsafe virDomainUndefineFlags(raw, flags))
    }
}

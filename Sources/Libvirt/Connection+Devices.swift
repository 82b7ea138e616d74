internal import CLibvirt

/// What became of a device that was to leave a running guest.
package struct DeviceEvent: Sendable, Equatable {
    package enum Change: Sendable, Equatable {
        /// The guest let go of it and libvirt has given it back to the host.
        case removed
        /// The guest refused.
        case removalFailed
    }

    package let name: String
    package let uuid: String
    /// libvirt's name of the device, such as `hostdev0`.
    package let alias: String
    package let change: Change
}

private final class DeviceSink: Sendable {
    let continuation: AsyncStream<DeviceEvent>.Continuation

    init(_ continuation: AsyncStream<DeviceEvent>.Continuation) { self.continuation = continuation }

    static func tell(
        _ opaque: UnsafeMutableRawPointer?, _ domain: virDomainPtr?, _ alias: UnsafePointer<CChar>?,
        _ change: DeviceEvent.Change
    ) {
        guard let opaque = unsafe opaque, let domain = unsafe domain, let alias = unsafe alias,
            let name = unsafe virDomainGetName(domain), let uuid = unsafe uuidString(of: domain)
        else { return }
        let sink = unsafe Unmanaged<DeviceSink>.fromOpaque(opaque).takeUnretainedValue()
        sink.continuation.yield(
            DeviceEvent(
                name: unsafe String(cString: name), uuid: uuid, alias: unsafe String(cString: alias),
                change: change))
    }
}

private let removedCallback: virConnectDomainEventDeviceRemovedCallback = { _, domain, alias, opaque in
    unsafe DeviceSink.tell(opaque, domain, alias, .removed)
}

private let removalFailedCallback: virConnectDomainEventDeviceRemovalFailedCallback = {
    _, domain, alias, opaque in unsafe DeviceSink.tell(opaque, domain, alias, .removalFailed)
}

extension Connection {
    /// What becomes of devices that are to leave a guest, of every domain of the host, in the order in which
    /// it arrives.
    ///
    /// Registered when this returns, so that no removal is missed that is asked for afterwards. Ends when the
    /// reader goes away; until then it keeps the connection open. Source:
    /// `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED` (since 1.1.1), `VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED` (since
    /// 1.3.4).
    ///
    /// - Throws: `LibvirtError` when the daemon refuses; `.invalidArgument` when a stream of this connection
    ///   tells of devices already.
    package func deviceEvents() throws(LibvirtError) -> AsyncStream<DeviceEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: DeviceEvent.self)
        let held = try registering([DeviceEvent.Change.removed, .removalFailed]) {
            (change) throws(LibvirtError) in
            let sink = DeviceSink(continuation)
            return switch change {
            case .removed:
                try unsafe register(
                    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, apus_device_removed_callback(removedCallback), sink)
            case .removalFailed:
                try unsafe register(
                    VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                    apus_device_removal_failed_callback(removalFailedCallback), sink)
            }
        }
        // Strong on purpose, as for `events`.
        continuation.onTermination = { _ in Task { await self.deregister(held) } }
        return stream
    }
}

extension DomainHandle {
    /// Plugs a device in. Source: `virDomainAttachDeviceFlags`.
    ///
    /// - Parameters:
    ///   - xml: the device's element, such as `<hostdev>`.
    ///   - scope: where; `.current` is what runs, for a guest that runs.
    /// - Throws: `LibvirtError`, with `.xmlError`, `.configUnsupported`, `.operationInvalid`,
    ///   `.operationFailed`, or `.internalError` with QEMU's words where QEMU refuses; `.noSupport`.
    package borrowing func attachDevice(_ xml: String, _ scope: ModificationScope) throws(LibvirtError) {
        try check("plug a device in", unsafe virDomainAttachDeviceFlags(raw, xml, scope.flags))
    }

    /// Takes a device out, by its element.
    ///
    /// Of a running guest it is only asked for: libvirt waits a few seconds for the guest and returns in any
    /// case; `Connection.deviceEvents` tells when it is gone. Source: `virDomainDetachDeviceFlags`.
    ///
    /// - Parameters:
    ///   - xml: the device's element, as the guest's definition has it.
    ///   - scope: where; `.current` is what runs, for a guest that runs.
    /// - Throws: `LibvirtError`, with `.deviceMissing` or `.operationFailed` where the guest has none such,
    ///   `.operationInvalid`, `.noSupport`.
    package borrowing func detachDevice(_ xml: String, _ scope: ModificationScope) throws(LibvirtError) {
        try check("take a device out", unsafe virDomainDetachDeviceFlags(raw, xml, scope.flags))
    }

    /// Takes a device out, by its alias; otherwise as `detachDevice(_:_:)`.
    ///
    /// Source: `virDomainDetachDeviceAlias` (since 4.4.0).
    ///
    /// - Parameters:
    ///   - alias: libvirt's name of the device, such as `hostdev0`, or the user's own (`ua-…`).
    ///   - scope: where; `.current` is what runs, for a guest that runs.
    /// - Throws: `LibvirtError`, with `.deviceMissing` where the guest has none such, `.operationInvalid`,
    ///   `.noSupport`.
    package borrowing func detachDevice(
        alias: String, _ scope: ModificationScope
    ) throws(LibvirtError) {
        try check(
            "take the device \(alias) out", unsafe virDomainDetachDeviceAlias(raw, alias, scope.flags))
    }
}

internal import CLibvirt

/// What a callback may do: copy and yield. libvirt's free callback is the only place that releases it.
private final class EventSink: Sendable {
    let continuation: AsyncStream<DomainEvent>.Continuation

    init(_ continuation: AsyncStream<DomainEvent>.Continuation) { self.continuation = continuation }

    func yield(_ domain: virDomainPtr?, _ change: DomainEvent.Change) {
        let received = ContinuousClock.now
        guard let domain = unsafe domain, let name = unsafe virDomainGetName(domain),
            let uuid = unsafe uuidString(of: domain)
        else { return }
        continuation.yield(
            DomainEvent(received: received, name: unsafe String(cString: name), uuid: uuid, change: change))
    }

    static func from(_ opaque: UnsafeMutableRawPointer?) -> EventSink? {
        guard let opaque = unsafe opaque else { return nil }
        return unsafe Unmanaged<EventSink>.fromOpaque(opaque).takeUnretainedValue()
    }
}

private let lifecycleCallback: virConnectDomainEventCallback = { _, domain, event, _, opaque in
    unsafe EventSink.from(opaque)?.yield(domain, .lifecycle(.init(raw: event)))
    return 0
}

private let iterationCallback: virConnectDomainEventMigrationIterationCallback = {
    _, domain, iteration, opaque in
    unsafe EventSink.from(opaque)?.yield(domain, .iteration(Int(iteration)))
}

private let jobCompletedCallback: virConnectDomainEventJobCompletedCallback = {
    _, domain, parameters, count, opaque in
    let values = unsafe TypedParameters.read(parameters, count: count)
    unsafe EventSink.from(opaque)?.yield(
        domain, .jobCompleted(JobStatistics(kind: .completed, values: values)))
}

private let monitorCallback: virConnectDomainQemuMonitorEventCallback = {
    _, domain, event, seconds, micros, details, opaque in
    guard let event = unsafe event else { return }
    let hostTime: Duration? = seconds < 0 ? nil : .seconds(seconds) + .microseconds(Int64(micros))
    unsafe EventSink.from(opaque)?.yield(
        domain,
        .monitor(
            event: String(cString: event), hostTime: hostTime,
            details: details.map { unsafe String(cString: $0) }))
}

/// What a stream holds of libvirt's, for giving it back.
enum Registration: Sendable {
    case event(CInt)
    case monitor(CInt)
}

/// libvirt's free callback for every sink: the only place where a registered one is released.
private let releaseSink: virFreeCallback = { opaque in
    guard let opaque = unsafe opaque else { return }
    unsafe Unmanaged<AnyObject>.fromOpaque(opaque).release()
}

extension Connection {
    /// The events of these kinds, of every domain of the host, in the order in which they arrive.
    ///
    /// Registered when this returns: nothing that happens afterwards is missed. Ends when the reader goes
    /// away; until then it keeps the connection open.
    ///
    /// - Throws: `LibvirtError` when the daemon refuses a registration; then none is left behind.
    ///   `.invalidArgument` when a stream of this connection carries one of these kinds already.
    package func events(_ kinds: [DomainEventKind]) throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: DomainEvent.self)
        let held = try registering(kinds) { (kind) throws(LibvirtError) in
            try register(kind, EventSink(continuation))
        }
        // Strong on purpose: libvirt's callbacks hold the C connection, so without us it would never close.
        continuation.onTermination = { _ in Task { await self.deregister(held) } }
        return stream
    }

    /// Registers all of them, or none.
    func registering<Kind>(
        _ kinds: [Kind], _ register: (Kind) throws(LibvirtError) -> Registration
    ) throws(LibvirtError) -> [Registration] {
        var registrations: [Registration] = []
        for kind in kinds {
            do throws(LibvirtError) {
                registrations.append(try register(kind))
            } catch {
                deregister(registrations)
                throw error
            }
        }
        return registrations
    }

    func deregister(_ registrations: [Registration]) {
        for registration in registrations {
            // A connection that broke has forgotten them already; nothing is left to do then.
            let status =
                switch registration {
                case .event(let id): unsafe virConnectDomainEventDeregisterAny(handle.raw, id)
                case .monitor(let id): unsafe virConnectDomainQemuMonitorEventDeregister(handle.raw, id)
                }
            if status < 0 { virResetLastError() }
        }
    }

    private func register(_ kind: DomainEventKind, _ sink: EventSink) throws(LibvirtError) -> Registration {
        switch kind {
        case .lifecycle:
            try unsafe register(
                VIR_DOMAIN_EVENT_ID_LIFECYCLE, apus_lifecycle_callback(lifecycleCallback), sink)
        case .iteration:
            try unsafe register(
                VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, apus_iteration_callback(iterationCallback), sink)
        case .jobCompleted:
            try unsafe register(
                VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, apus_job_completed_callback(jobCompletedCallback), sink)
        case .monitor(let name):
            .monitor(
                try unsafe lending(sink) { box in
                    unsafe virConnectDomainQemuMonitorEventRegister(
                        handle.raw, nil, name, monitorCallback, box, releaseSink, 0)
                })
        }
    }

    /// Registers a callback for one of libvirt's own events.
    func register(
        _ event: virDomainEventID, _ callback: virConnectDomainEventGenericCallback?, _ sink: AnyObject
    ) throws(LibvirtError) -> Registration {
        .event(
            try unsafe lending(sink) { box in
                unsafe virConnectDomainEventRegisterAny(
                    handle.raw, nil, CInt(event.rawValue), callback, box, releaseSink)
            })
    }

    /// Hands a sink to libvirt, which then releases it by the free callback.
    private func lending(
        _ sink: AnyObject, _ register: (UnsafeMutableRawPointer) -> CInt
    ) throws(LibvirtError) -> CInt {
        let box = unsafe Unmanaged.passRetained(sink).toOpaque()
        do throws(LibvirtError) {
            return try check("listen to the events of \(uri)", unsafe register(box))
        } catch {
            // A registration that failed never calls the free callback.
            unsafe Unmanaged<AnyObject>.fromOpaque(box).release()
            throw error
        }
    }
}

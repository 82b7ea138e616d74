internal import CLibvirt

/// Something that a daemon told about a domain.
package struct DomainEvent: Sendable, Equatable {
    /// When it reached this process, on this process's monotonic clock.
    package let received: ContinuousClock.Instant
    package let name: String
    package let uuid: String
    package let change: Change

    package enum Change: Sendable, Equatable {
        case lifecycle(Lifecycle)
        /// A pre-copy round began; the first is 1. Source host only.
        case iteration(Int)
        case jobCompleted(JobStatistics)
        /// QEMU's own event, with QEMU's own clock (the host's wall clock, since the epoch).
        case monitor(event: String, hostTime: Duration?, details: String?)
    }

    /// What is told about a domain's life. Source: `virDomainEventType` and its details.
    package enum Lifecycle: Sendable, Equatable {
        case defined, undefined, started, suspended, resumed, stopped, shutdown, suspendedByGuest, crashed
        case other(Int)

        init(raw: CInt) {
            switch virDomainEventType(rawValue: UInt32(bitPattern: raw)) {
            case VIR_DOMAIN_EVENT_DEFINED: self = .defined
            case VIR_DOMAIN_EVENT_UNDEFINED: self = .undefined
            case VIR_DOMAIN_EVENT_STARTED: self = .started
            case VIR_DOMAIN_EVENT_SUSPENDED: self = .suspended
            case VIR_DOMAIN_EVENT_RESUMED: self = .resumed
            case VIR_DOMAIN_EVENT_STOPPED: self = .stopped
            case VIR_DOMAIN_EVENT_SHUTDOWN: self = .shutdown
            case VIR_DOMAIN_EVENT_PMSUSPENDED: self = .suspendedByGuest
            case VIR_DOMAIN_EVENT_CRASHED: self = .crashed
            default: self = .other(Int(raw))
            }
        }
    }
}

/// Which events a stream carries.
package enum DomainEventKind: Sendable, Hashable {
    case lifecycle, iteration, jobCompleted
    /// QEMU's events of these names; needs a `qemu:` daemon.
    case monitor(String)
}

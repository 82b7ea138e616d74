package import FleetModel

/// How long the guest stood still, how that was found out, and how wrong it may be.
package struct Downtime: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable {
        /// QEMU's STOP and RESUME events with their own times, corrected by the hosts' clock offset.
        case qemuEvents = "qemu-events"
        /// When both hosts' lifecycle events reached this process.
        case eventArrival = "event-arrival"
        /// QEMU's own figure, which leaves the start on the destination out: 6–40 ms too short.
        case qemuFigure = "qemu-figure"
    }

    package let duration: Duration
    package let method: Method
    /// The truth is within ± this.
    package let error: Duration

    package init(duration: Duration, method: Method, error: Duration) {
        self.duration = duration
        self.method = method
        self.error = error
    }

    /// The best that the move's events allow.
    ///
    /// - Parameters:
    ///   - timeline: the move's marks, from the events of both hosts.
    ///   - offset: how far apart the hosts' clocks are; without it QEMU's own times are not used.
    ///   - arrivalError: how late an event may reach this process.
    package init?<Instant>(timeline: Timeline<Instant>, offset: ClockOffset?, arrivalError: Duration) {
        if let stopped = timeline.stoppedHostTime, let resumed = timeline.resumedHostTime, let offset {
            self.init(
                duration: max(.zero, resumed - stopped - offset.offset), method: .qemuEvents,
                error: offset.error)
        } else if let gap = timeline.stopByArrival {
            self.init(duration: max(.zero, gap), method: .eventArrival, error: arrivalError)
        } else if let figure = timeline.completed?.downtime {
            self.init(duration: figure, method: .qemuFigure, error: .milliseconds(40))
        } else {
            return nil
        }
    }
}

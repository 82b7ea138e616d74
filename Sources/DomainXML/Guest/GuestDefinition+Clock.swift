/// What the guest counts time by.
extension GuestDefinition {
    package struct Timer: Sendable, Equatable {
        /// Such as `tsc`, `hpet`, `kvmclock`, `hypervclock`.
        package let name: String
        /// nil is the hypervisor's default.
        package let isPresent: Bool?
        /// For `tsc`: the rate that the guest was promised.
        package let frequencyHertz: UInt64?
        package let mode: String?
    }

    /// The `<timer>` elements of `<clock>`.
    package var timers: [Timer] {
        root.all("clock/timer").compactMap { timer in
            timer["name"].map { name in
                Timer(
                    name: name, isPresent: timer.flag("present"), frequencyHertz: timer.number("frequency"),
                    mode: timer["mode"])
            }
        }
    }
}

package import Testing

extension Trait where Self == ConditionTrait {
    /// Needs real hosts: skipped aloud where there are none.
    package static var lab: Self {
        .enabled(if: Lab.missing == nil, "\(Lab.missing ?? "")")
    }

    /// Needs what only the lab on one machine has: a clients' network, a web guest, ways to break a host.
    package static var ownLab: Self {
        .enabled(
            if: Lab.missing == nil && Lab.foreignInventory == nil,
            "\(Lab.missing ?? "the hosts of APUS_TEST_INVENTORY have no clients' network")")
    }
}

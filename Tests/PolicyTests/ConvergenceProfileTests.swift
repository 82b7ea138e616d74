import FleetModel
import Testing

@testable import Policy

@Suite("convergence profiles")
struct ConvergenceProfileTests {
    @Test("balanced is the defaults")
    func balanced() {
        #expect(ConvergenceProfile.balanced.policy == ConvergencePolicy())
    }

    @Test("gentle does nothing to the guest and waits longer than balanced")
    func gentle() throws {
        let gentle = ConvergenceProfile.gentle.policy
        let balanced = ConvergenceProfile.balanced.policy
        #expect(gentle.onStall == [.abort])
        #expect(try #require(gentle.maxRounds) > #require(balanced.maxRounds))
        #expect(try #require(gentle.maxSent) > #require(balanced.maxSent))
        #expect(gentle.stallRounds > balanced.stallRounds)
    }

    @Test("insist never gives up, and has a measure that needs no preparation")
    func insist() {
        let measures = ConvergenceProfile.insist.policy.onStall
        #expect(!measures.contains(.abort))
        #expect(measures.last == .suspend)
    }

    @Test("each goes by its name in the inventory", arguments: ConvergenceProfile.allCases)
    func names(profile: ConvergenceProfile) {
        #expect(["gentle", "balanced", "insist"].contains(profile.rawValue))
        #expect(!profile.policy.onStall.isEmpty)
    }

    @Test("insist gets every guest there", arguments: Array<UInt64>(1...60))
    func arrives(seed: UInt64) {
        let draw = ConvergencePropertyTests.Draw(seed: seed)
        let setup = ConvergenceController.Setup(
            memory: draw.guest.used, downtimeLimit: .milliseconds(300),
            policy: ConvergenceProfile.insist.policy,
            canThrottle: true, canPostCopy: seed % 2 == 0, deadline: nil, wasPaused: false)
        var move = SimulatedMove(draw.guest, over: draw.link, setup, seed: seed)
        #expect([.switchedOver, .postCopy, .suspended].contains(move.run().end))
    }

    @Test("gentle never slows, stops or switches a guest", arguments: Array<UInt64>(1...60))
    func leavesAlone(seed: UInt64) {
        let draw = ConvergencePropertyTests.Draw(seed: seed)
        let setup = ConvergenceController.Setup(
            memory: draw.guest.used, downtimeLimit: .milliseconds(300),
            policy: ConvergenceProfile.gentle.policy,
            canThrottle: false, canPostCopy: true, deadline: nil, wasPaused: false)
        var move = SimulatedMove(draw.guest, over: draw.link, setup, seed: seed)
        #expect([.switchedOver, .aborted].contains(move.run().end))
    }
}

import ArgumentParser
import FleetModel
import Policy
import Testing

@testable import ApusCommands

@Suite("Convergence limits, as people write them")
struct ConvergenceOptionsTests {
    private static let inventory = """
        hosts:
          alpha: {uri: 'qemu+ssh://alpha/system'}
        profile: gentle
        profiles:
          nightly:
            on-stall: [throttle, suspend]
            max-rounds: none
            max-sent: 6
            stall-rounds: 5
            enough-left: 4MiB
        guests:
          db01: {profile: nightly}
        """

    private func policy(_ guest: String, _ options: String...) throws -> ConvergencePolicy {
        let inventory = try InventoryParser(file: "fleet.yaml").parse(Self.inventory)
        return try ConvergenceOptions.parse(options).policy(
            inventory, of: inventory.policy(of: GuestIdentity(name: guest, uuid: "-"), own: GuestPolicy()))
    }

    private static let nightly = ConvergencePolicy(
        onStall: [.throttle, .suspend], maxRounds: nil, maxSent: 6, stallRounds: 5,
        enoughLeft: .mebibytes(4))

    @Test("a guest has its own profile, others the inventory's; --profile goes before both")
    func profiles() throws {
        #expect(try policy("db01") == Self.nightly)
        #expect(try policy("web01") == ConvergenceProfile.gentle.policy)
        #expect(try policy("web01", "--profile", "nightly") == Self.nightly)
        let error = #expect(throws: ApusError.self) { try policy("web01", "--profile", "nightli") }
        #expect(error?.code == .usage)
        #expect(error?.hint?.contains("nightly") == true)
    }

    @Test("what is said one by one goes before the profile")
    func oneByOne() throws {
        var expected = Self.nightly
        expected.maxRounds = 7
        expected.maxSent = nil
        expected.stallRounds = 2
        expected.enoughLeft = ByteCount(512 << 10)
        expected.onStall = [.abort]
        let policy = try policy(
            "db01", "--max-rounds", "7", "--max-sent", "none", "--stall-rounds", "2", "--enough-left",
            "512KiB",
            "--on-stall", "abort")
        #expect(policy == expected)
    }

    @Test(
        "what is none of them is said at once",
        arguments: [
            ["--max-rounds", "0"], ["--max-sent", "0.5"], ["--stall-rounds", "many"], ["--enough-left", "4"],
            ["--on-stall", "postcpy"], ["--on-stall", "abort,abort"],
        ])
    func mistakes(words: [String]) {
        #expect(throws: (any Error).self) { try ConvergenceOptions.parse(words) }
    }
}

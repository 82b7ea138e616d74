import FleetModel
import Testing

@testable import ApusCommands

@Suite("What an inventory says of guests")
struct PolicyInventoryTests {
    private static let inventory = """
        hosts:
          alpha: {uri: 'qemu+ssh://alpha/system'}
          beta: {uri: 'qemu+ssh://beta/system'}
        policy:
          priority: 5
          window: [daily 22:00-06:00]
        groups:
          db: {apart: [db01, db02]}
          shop: {together: [db01, web01]}
        guests:
          db01: {priority: 50, allow: [alpha, beta], anti-affinity: rack1}
        """

    private func policy(_ guest: String, own: GuestPolicy = GuestPolicy()) throws -> GuestPolicy {
        try InventoryParser(file: "fleet.yaml").parse(Self.inventory)
            .policy(of: GuestIdentity(name: guest, uuid: "-"), own: own)
    }

    @Test("the guest's own word goes first, then the inventory's for it, its groups, and all guests")
    func order() throws {
        let first = try policy("db01")
        #expect(first.priority == 50)
        #expect(first.antiAffinity == ["db", "rack1"])
        #expect(first.affinity == ["shop"])
        #expect(first.allowedHosts == ["alpha", "beta"])
        #expect(first.words(.window) == ["daily 22:00-06:00"])
        var own = GuestPolicy()
        own.priority = -3
        own.antiAffinity = ["mine"]
        #expect(try policy("db01", own: own).priority == -3)
        #expect(try policy("db01", own: own).antiAffinity == ["db", "rack1", "mine"])
        #expect(try policy("other").priority == 5)
        #expect(try policy("other").affinity == nil)
    }

    @Test(
        "a typo is an error that says where and what was meant",
        arguments: [
            ("policy: {prority: 5}", "priority"), ("guests: {db01: {allow: [alhpa]}}", "alpha"),
            ("guests: {db01: {priority: high}}", "a number from -1000 to 1000"),
            ("guests: {db01: {window: nightly}}", "mon-fri 22:00-06:00"),
            ("groups: {db: {appart: [a]}}", "apart"), ("policy: {profile: gentel}", "gentle"),
            ("guests: {db01: {never-move: maybe}}", "yes or no"),
        ])
    func typo(line: String, meant: String) {
        let error = #expect(throws: ApusError.self) {
            try InventoryParser(file: "fleet.yaml").parse(
                "hosts: {alpha: {uri: 'qemu+ssh://alpha/system'}}\n" + line)
        }
        #expect(error?.code == .inventoryInvalid)
        let said = "\(error?.detail ?? "") \(error?.hint ?? "")"
        #expect(said.contains(meant))
    }
}

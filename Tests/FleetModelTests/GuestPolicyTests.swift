import FleetModel
import Testing

@Suite("A guest's policy, as words")
struct GuestPolicyTests {
    @Test(
        "windows are read and told",
        arguments: [
            ("mon-fri 22:00-06:00", "mon-fri 22:00-06:00"), ("Sat,Sun 0:00-24:00", "sat-sun 00:00-24:00"),
            ("daily 01:30-05:00", "daily 01:30-05:00"), ("sun-mon 08:00-09:00", "mon,sun 08:00-09:00"),
        ])
    func windows(text: String, told: String) throws {
        #expect(try MoveWindow(parsing: text).description == told)
    }

    @Test(
        "what is no window is refused",
        arguments: [
            "", "22:00-06:00", "mon 22:00", "mon 22:00-22:00", "funday 1:00-2:00", "mon 24:00-1:00",
            "mon 1:60-2:00",
            "mon, 1:00-2:00", "mon-tue-wed 1:00-2:00", "mon 1:0-2:00", "mon 25:00-26:00", "mon -1:00-2:00",
        ])
    func noWindow(text: String) {
        #expect(throws: QuantityParseError.self) { try MoveWindow(parsing: text) }
    }

    @Test("a window over midnight belongs to the day on which it begins, the week's end included")
    func midnight() throws {
        let window = try MoveWindow(parsing: "sun 22:00-06:00")
        #expect(window.contains(WeekTime(.sun, hour: 22, minute: 0)))
        #expect(window.contains(WeekTime(.mon, hour: 5, minute: 59)))
        #expect(!window.contains(WeekTime(.mon, hour: 6, minute: 0)))
        #expect(!window.contains(WeekTime(.sun, hour: 5, minute: 0)))
    }

    @Test("every part is read back as it was written")
    func words() throws {
        let written: [GuestPolicy.Key: [String]] = [
            .profile: ["gentle"], .downtime: ["100ms"], .priority: ["-7"], .neverMove: ["yes"],
            .allow: ["alpha", "beta"], .prefer: ["beta", "alpha"], .affinity: ["a"],
            .antiAffinity: ["b", "c"],
            .window: ["mon-fri 22:00-06:00", "sat-sun 00:00-24:00"],
        ]
        var policy = GuestPolicy()
        for (key, values) in written { try policy.set(key, to: values) }
        for key in GuestPolicy.Key.allCases { #expect(policy.words(key) == written[key]) }
        for key in GuestPolicy.Key.allCases { try policy.set(key, to: []) }
        #expect(policy.isEmpty)
    }

    @Test(
        "what is no value says what would be",
        arguments: [
            (GuestPolicy.Key.priority, ["1001"], "-1000"), (.priority, ["1", "2"], "one value"),
            (.downtime, ["100"], "300ms"), (.neverMove, ["true"], "yes or no"), (.affinity, [""], "nothing"),
        ])
    func mistakes(key: GuestPolicy.Key, values: [String], hint: String) {
        var policy = GuestPolicy()
        let error = #expect(throws: GuestPolicy.Mistake.self) { try policy.set(key, to: values) }
        #expect(error?.text.contains(hint) == true)
    }
}

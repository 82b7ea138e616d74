import FleetModel
import Testing

@testable import Journal

@Suite("What the journal knows of a fleet")
struct FleetStateTests {
    private let place: Place
    private let journal: Journal

    init() throws {
        place = try Place()
        journal = try place.open()
    }

    private static let web = GuestIdentity(name: "web01", uuid: "0f5c")
    private static let db = GuestIdentity(name: "db01", uuid: "1f5c")

    @Test("a host is marked once, for one reason, and another process sees it")
    func marks() throws {
        #expect(try journal.mark("alpha", .drained))
        #expect(try !journal.mark("alpha", .consolidated))
        #expect(try journal.mark("beta", .consolidated))
        #expect(try journal.mark("gamma", .consolidated))
        #expect(try !journal.mark("gamma", .drained))
        let marks = try place.open().marks()
        #expect(marks.map(\.host) == ["alpha", "beta", "gamma"])
        // Maintenance goes before want of guests.
        #expect(marks.map(\.reason) == [.drained, .consolidated, .drained])
        _ = try journal.unmark("gamma")
        #expect(try journal.unmark("alpha"))
        #expect(try !journal.unmark("alpha"))
        #expect(try journal.marks().map(\.host) == ["beta"])
    }

    @Test("guests that were taken away outlive the mark, and go when they are back")
    func taken() throws {
        _ = try journal.mark("alpha", .drained)
        for guest in [Self.web, Self.db, Self.web] { try journal.note(taken: guest, from: "alpha") }
        #expect(try journal.taken(from: "alpha") == [Self.web, Self.db])
        #expect(try journal.taken(from: "beta").isEmpty)
        _ = try journal.unmark("alpha")
        try journal.forget(taken: Self.web, from: "alpha")
        #expect(try journal.taken(from: "alpha") == [Self.db])
        _ = try journal.mark("alpha", .drained)
        #expect(try journal.taken(from: "alpha") == [Self.db])
    }

    @Test("rounds come back newest first, and no more of them are kept than are needed")
    func rounds() throws {
        for number in 0..<7 {
            let round = BalanceRound(
                at: Double(number), imbalance: 0.1, decision: .notYet, moves: "web01 alpha beta")
            try journal.note(round, keeping: 4)
        }
        #expect(try journal.balanceRounds(limit: 2).map(\.at) == [6, 5])
        #expect(try journal.balanceRounds(limit: 2).first?.decision == .notYet)
        #expect(try journal.balanceRounds(limit: 100).map(\.at) == [6, 5, 4, 3])
    }

    @Test("a load follows its readings slowly, and more so the closer they are")
    func loads() throws {
        #expect(try journal.note(loads: ["a": 1], at: 0)["a"] == 1)
        let soon = try #require(try journal.note(loads: ["a": 2], at: 100)["a"])
        #expect(soon > 1.09 && soon < 1.11)
        let later = try #require(try journal.note(loads: ["a": 2], at: 100 + GuestLoad.memory)["a"])
        #expect(later > 1.54 && later < 1.56)
        // A week without a sight of it.
        _ = try journal.note(loads: ["b": 1], at: 8 * 86400)
        #expect(try journal.note(loads: ["a": 5], at: 8 * 86400 + 1)["a"] == 5)
    }
}

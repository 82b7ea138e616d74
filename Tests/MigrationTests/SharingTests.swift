import FleetModel
import Testing

@testable import Migration

@Suite("A move that shares its link")
struct SharingTests {
    private static func rate(_ mebibytes: UInt64) -> ByteRate { ByteRate(bytesPerSecond: mebibytes << 20) }

    private static func move(
        _ guest: String, to destination: String = "beta", limit: ByteRate? = nil, link: ByteRate? = rate(100)
    ) -> MoveUnderWay {
        MoveUnderWay(
            reservation: Reservation(
                move: guest, guest: GuestIdentity(name: guest, uuid: guest), source: "alpha",
                destination: destination, memory: .zero, owner: ProcessMark(pid: 1, started: 1, boot: ""),
                since: 0), bandwidth: limit, link: link)
    }

    private static func sharing(_ limit: ByteRate? = nil) -> Sharing {
        Sharing(LiveMigrationTests().plan(request: MoveRequest(bandwidth: limit)), id: "web01")
    }

    /// What is decided at one look, when the move is held to what it was last given.
    private static func look(
        _ sharing: inout Sharing, _ moves: [MoveUnderWay], found: ByteRate?
    ) -> Decision? {
        sharing.change(moves).flatMap { sharing.decision(for: $0, found: found) }
    }

    @Test("is not touched while it is alone, and asks nobody")
    func alone() {
        var sharing = Self.sharing()
        #expect(sharing.change([Self.move("web01")]) == nil)
        #expect(!sharing.isNoted)
        sharing = Self.sharing(Self.rate(7))
        #expect(sharing.change([Self.move("web01", limit: Self.rate(7))]) == nil)
    }

    @Test("gets half beside another, and all of it when the other has ended")
    func halves() throws {
        var sharing = Self.sharing()
        let both = [Self.move("web01"), Self.move("db01")]
        let first = try #require(Self.look(&sharing, both, found: nil))
        #expect(first.step == .setBandwidth(Self.rate(50)))
        #expect(first.reason == "it shares the link of 100 MiB/s with db01")
        #expect(sharing.change(both) == nil)
        let second = try #require(Self.look(&sharing, [Self.move("web01")], found: Self.rate(50)))
        #expect(second.step == .setBandwidth(nil))
        #expect(second.reason == "no other move shares its link any more")
        #expect(sharing.change([Self.move("web01")]) == nil)
    }

    @Test("leaves to others what its user does not allow it, and takes what others' users leave")
    func limits() throws {
        let small = Self.sharing(Self.rate(10))
        #expect(small.change([Self.move("web01", limit: Self.rate(10)), Self.move("db01")]) == nil)
        var sharing = Self.sharing()
        let moves = [Self.move("web01"), Self.move("db01", limit: Self.rate(10))]
        #expect(Self.look(&sharing, moves, found: nil)?.step == .setBandwidth(Self.rate(90)))
    }

    @Test("what somebody sets meanwhile is its user's wish from then on")
    func wish() throws {
        var sharing = Self.sharing()
        _ = Self.look(&sharing, [Self.move("web01"), Self.move("db01")], found: nil)
        // apus set --bandwidth 20MiB/s; then the other one ends.
        #expect(
            Self.look(&sharing, [Self.move("web01")], found: Self.rate(20)) == nil,
            "it is held to that already")
        #expect(sharing.change([Self.move("web01")]) == nil)
    }

    @Test("is left to TCP where no link was ever measured, and where no host is shared")
    func unknown() {
        let sharing = Self.sharing()
        #expect(sharing.change([Self.move("web01", link: nil), Self.move("db01", link: nil)]) == nil)
    }
}

import FleetModel
import Testing

@testable import Journal

@Suite("Measurements in the journal")
struct MeasurementTests {
    private let place: Place
    private let journal: Journal

    init() throws {
        place = try Place()
        journal = try place.open()
    }

    private static func link(
        _ measured: Double, to destination: String = "beta", method: LinkRecord.Method = .probe
    ) -> LinkRecord {
        LinkRecord(
            source: "alpha", destination: destination,
            rate: ByteRate(bytesPerSecond: 117_000_000 + UInt64(measured)),
            method: method, measured: measured)
    }

    @Test("a pair's link speeds come back newest first, and no other pair's")
    func links() throws {
        let (first, second) = (Self.link(1), Self.link(2, method: .move))
        for link in [second, Self.link(9, to: "gamma"), first] { try journal.note(link: link) }
        #expect(try journal.links(source: "alpha", destination: "beta", limit: 9) == [second, first])
        #expect(try journal.links(source: "alpha", destination: "beta", limit: 1) == [second])
        #expect(try journal.links(source: "beta", destination: "alpha", limit: 9).isEmpty)
    }

    @Test("the oldest speeds of a pair make room, and no other pair's")
    func bounded() throws {
        try journal.note(link: Self.link(0, to: "gamma"))
        for measured in 0..<Journal.linksKept + 3 { try journal.note(link: Self.link(Double(measured))) }
        let kept = try journal.links(source: "alpha", destination: "beta", limit: 1000).map(\.measured)
        #expect(kept == (3..<Journal.linksKept + 3).reversed().map(Double.init))
        #expect(try journal.links(source: "alpha", destination: "gamma", limit: 9).count == 1)
    }

    @Test("a guest's latest sample is kept, in whatever order samples arrive")
    func dirty() throws {
        #expect(try journal.dirty(guest: "u1") == nil)
        for (profile, measured) in [("[1]", 1.0), ("[3]", 3), ("[2]", 2)] {
            try journal.note(dirty: DirtyRecord(guest: "u1", profile: profile, measured: measured))
        }
        try journal.note(dirty: DirtyRecord(guest: "u2", profile: "[]", measured: 9))
        #expect(try journal.dirty(guest: "u1") == DirtyRecord(guest: "u1", profile: "[3]", measured: 3))
    }
}

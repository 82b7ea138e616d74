import Testing

@testable import Libvirt

@Suite("A library version", .timeLimit(.minutes(1)))
struct LibraryVersionTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let number: UInt64
        let text: String
        let version: LibraryVersion
        var testDescription: String { text }
    }

    @Test(
        "is read from libvirt's number and said with dots",
        arguments: [
            Row(number: 9_000_000, text: "9.0.0", version: LibraryVersion(9, 0, 0)),
            Row(number: 10_002_003, text: "10.2.3", version: LibraryVersion(10, 2, 3)),
            Row(number: 11_999, text: "0.11.999", version: LibraryVersion(0, 11, 999)),
            Row(number: 0, text: "0.0.0", version: LibraryVersion(0, 0, 0)),
        ])
    func text(row: Row) {
        let version = LibraryVersion(number: row.number)
        #expect("\(version)" == row.text)
        #expect(version == row.version)
        #expect(row.version.number == row.number)
    }

    @Test("is ordered by number, not by spelling")
    func order() {
        let ascending = [
            LibraryVersion(0, 9, 13), LibraryVersion(8, 10, 0), LibraryVersion(9, 0, 0),
            LibraryVersion(9, 0, 1), LibraryVersion(9, 2, 0), LibraryVersion(9, 10, 0),
            LibraryVersion(10, 0, 0),
        ]
        #expect(ascending.reversed().sorted() == ascending)
    }
}

import FleetModel
import FoundationEssentials
import Testing

@Suite("docs/codes.md")
struct CodesTests {
    @Test("lists every code of the program, and no other")
    func complete() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/codes.md")
        let lines = String(decoding: try Data(contentsOf: page), as: UTF8.self).split(separator: "\n")
        let listed = lines.filter { $0.hasPrefix("| `") }.map { line in
            String(line.dropFirst(3).prefix { $0 != "`" })
        }
        let known = Finding.Code.allCases.map(\.rawValue) + ApusError.Code.allCases.map(\.rawValue)
        #expect(Set(listed) == Set(known))
        #expect(listed.count == known.count)
    }
}

import DomainXML
import TestSupport
import Testing

@Suite("A hostile document")
struct HostileDocumentTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: @Sendable () -> String
        let code: XMLError.Code

        init(
            _ testDescription: String, _ code: XMLError.Code,
            _ text: @autoclosure @escaping @Sendable () -> String
        ) {
            self.testDescription = testDescription
            self.code = code
            self.text = text
        }
    }

    static let rows = [
        Row("nothing", .empty, ""),
        Row("white space", .empty, " \n\t "),
        Row("no XML", .malformed, "not xml"),
        Row("an unclosed element", .malformed, "<domain><name>a</name>"),
        Row("crossed elements", .malformed, "<a><b></a></b>"),
        Row("trailing garbage", .malformed, "<domain/>garbage"),
        Row("two roots", .malformed, "<domain/><domain/>"),
        Row("a comment alone", .malformed, "<!-- a -->"),
        Row("one attribute twice", .malformed, "<a b='1' b='2'/>"),
        Row("an unquoted attribute", .malformed, "<a b=1/>"),
        Row("an undeclared prefix", .malformed, "<a><apus:policy/></a>"),
        Row("an undeclared prefix of an attribute", .malformed, "<a apus:b='1'/>"),
        Row("an undeclared entity", .malformed, "<a>&x;</a>"),
        Row("an undeclared entity in an attribute", .malformed, "<a b='&x;'/>"),
        Row("a control character", .malformed, "<a>\u{1}</a>"),
        Row("an escaped control character", .malformed, "<a>&#1;</a>"),
        Row("an escaped NUL", .malformed, "<a>&#0;</a>"),
        Row("a NUL", .malformed, "<a>\0</a>"),
        Row("a NUL behind the end", .malformed, "<a/>\0<b/>"),
        Row("UTF-16 in disguise", .malformed, "<\0a\0/\0>\0"),
        Row("a DOCTYPE", .doctype, "<!DOCTYPE domain><domain/>"),
        Row(
            "a DOCTYPE of another file", .doctype,
            "<!DOCTYPE domain SYSTEM 'file:///etc/hostname'><domain/>"),
        Row("an external entity", .doctype, externalEntity),
        Row("an external parameter entity", .doctype, parameterEntity),
        Row("a billion laughs", .doctype, billionLaughs),
        Row("17 MiB", .tooLarge, "<a>" + String(repeating: "x", count: 17 << 20) + "</a>"),
        Row(
            "9 MiB in one attribute", .valueTooLong,
            "<a b='" + String(repeating: "x", count: 9 << 20) + "'/>"),
        Row(
            "11 MiB in one attribute", .malformed,
            "<a b='" + String(repeating: "x", count: 11 << 20) + "'/>"),
        Row("2 MiB in one text", .valueTooLong, "<a>" + String(repeating: "x", count: 2 << 20) + "</a>"),
        Row(
            "2 MiB in one comment", .valueTooLong,
            "<a><!--" + String(repeating: "x", count: 2 << 20) + "--></a>"),
        Row("depth 100,000", .tooDeep, String(repeating: "<a>", count: 100_000)),
        Row("depth 257, closed", .tooDeep, nested(257)),
        Row("100,000 elements", .tooMany, "<a>" + String(repeating: "<b/>", count: 100_000) + "</a>"),
        Row("100,000 comments", .tooMany, "<a>" + String(repeating: "<!---->", count: 100_000) + "</a>"),
        Row("100,000 instructions", .tooMany, "<a>" + String(repeating: "<?b?>", count: 100_000) + "</a>"),
        Row(
            "100,000 CDATA sections", .tooMany,
            "<a>" + String(repeating: "<![CDATA[]]>", count: 100_000) + "</a>"),
        Row("100,000 attributes", .tooMany, "<a" + manyAttributes(100_000) + "/>"),
        Row("258 namespaces around one element", .tooMany, nestedNamespaces(129)),
        Row(
            "100,000 attributes behind an open quote", .tooMany,
            "<a><!-- <b ' --><a" + manyAttributes(100_000)),
    ]

    @Test("is refused", arguments: rows)
    func refused(row: Row) {
        let text = row.text()
        let error = #expect(throws: XMLError.self) { try Document(parsing: text) }
        #expect(error?.code == row.code)
        #expect(error?.operation == "parse document")
        #expect(error?.hint != nil)
        #expect(error?.detail.contains("\n") == false)
    }

    @Test("leaves nothing on stderr")
    func silent() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            for row in HostileDocumentTests.rows {
                _ = try? Document(parsing: row.text())
            }
        }
        #expect(result.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } == "")
    }

    @Test("does not bring another file's content in")
    func noExternalContent() {
        let error = #expect(throws: XMLError.self) { try Document(parsing: Self.externalEntity) }
        #expect(error?.position == XMLError.Position(line: 2, column: error?.position?.column ?? 0))
    }

    struct Bytes: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
    }

    @Test(
        "whose bytes are not UTF-8 is refused, whatever it declares",
        arguments: [
            Bytes(
                testDescription: "Latin-1, declared",
                bytes: Array("<?xml version='1.0' encoding='ISO-8859-1'?><a>".utf8) + [0xE9]
                    + Array("</a>".utf8)),
            Bytes(
                testDescription: "Latin-1, declared as UTF-8",
                bytes: Array("<?xml version='1.0' encoding='UTF-8'?><a>".utf8) + [0xE9] + Array("</a>".utf8)),
            Bytes(
                testDescription: "a surrogate",
                bytes: Array("<a>".utf8) + [0xED, 0xA0, 0x80] + Array("</a>".utf8)),
            Bytes(testDescription: "an overlong <", bytes: [0xC0, 0xBC] + Array("a/>".utf8)),
            Bytes(testDescription: "a UTF-16 mark", bytes: [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00]),
        ])
    func notUTF8(row: Bytes) {
        let error = #expect(throws: XMLError.self) { try Document(parsingUTF8: row.bytes) }
        #expect(error?.code == .encoding)
    }

    @Test("of exactly the limits is accepted")
    func atTheLimits() throws {
        _ = try Document(parsing: Self.nested(256))
        _ = try Document(parsing: "<a" + Self.manyAttributes(256) + "/>")
        _ = try Document(parsing: "<a>" + String(repeating: "<b/>", count: 65_535) + "</a>")
        _ = try Document(parsing: "<a>" + String(repeating: "x", count: 1 << 20) + "</a>")
        _ = try Document(parsing: "<a>" + String(repeating: "<p:b xmlns:p='u'/>", count: 1_000) + "</a>")
    }

    @Test("says where it breaks")
    func position() {
        let error = #expect(throws: XMLError.self) { try Document(parsing: "<a>\n  <b>\n</a>") }
        #expect(error?.position?.line == 3)
        #expect(error?.detail.contains("tag mismatch") == true)
    }

    @Test(
        "never brings the process down, and what is accepted writes and reads the same",
        arguments: [1, 2, 3, 4])
    func mutated(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = Array([Sample.shutOff, Sample.testDriver][Int(seed) % 2].utf8)
        let pieces = [
            "<", ">", "&", "'", "/>", "<a>", "</a>", "&amp;", "<!--", "]]>", "<![CDATA[", "xmlns='u'", "\0",
            "é",
        ]
        var accepted = 0
        for _ in 0..<1_000 {
            var bytes = sample
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = UInt8.random(in: 0x20...0x7E, using: &random)
                case 2:
                    bytes.removeSubrange(
                        place..<min(bytes.count, place + Int.random(in: 1...8, using: &random)))
                case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random)!.utf8, at: place)
                default: bytes.insert(contentsOf: bytes[(place / 2)..<place].suffix(40), at: place)
                }
            }
            guard let document = try? Document(parsingUTF8: bytes) else { continue }
            accepted += 1
            let text = document.serialized()
            let again = try Document(parsing: text)
            #expect(again == document)
            #expect(again.serialized() == text)
            if let guest = try? GuestDefinition(document) { _ = try? guest.disks }
        }
        #expect(accepted > 50)
    }
}

extension HostileDocumentTests {
    static let externalEntity = """
        <?xml version="1.0"?>
        <!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>
        <a>&x;</a>
        """
    static let parameterEntity = """
        <!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]>
        <a/>
        """
    static let billionLaughs = """
        <!DOCTYPE a [
          <!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
          <!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
          <!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">
        ]>
        <a>&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;</a>
        """

    static func nested(_ depth: Int) -> String {
        String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }

    static func nestedNamespaces(_ depth: Int) -> String {
        (0..<depth).map { "<a xmlns:p\($0)='u' xmlns:q\($0)='u'>" }.joined()
    }

    static func manyAttributes(_ count: Int) -> String {
        (0..<count).map { " a\($0)=''" }.joined()
    }
}

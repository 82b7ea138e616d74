import DomainXML
import Testing

@Suite("A document that is written back")
struct FaithfulnessTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
    }

    static let samples = [
        Row(testDescription: "the test driver's guest", text: Sample.testDriver),
        Row(testDescription: "a running guest", text: Sample.running),
        Row(testDescription: "a guest's file with libvirt's warning", text: Sample.shutOff),
        Row(testDescription: "a guest tied to its host", text: Sample.tied),
        Row(testDescription: "capabilities", text: Sample.capabilities),
    ]

    @Test("reads the same", arguments: samples)
    func readsTheSame(row: Row) throws {
        let document = try Document(parsing: row.text)
        #expect(try Document(parsing: document.serialized()) == document)
    }

    @Test(
        "is libvirt's own text line by line, but for quotes in metadata and the place of xmlns",
        arguments: samples)
    func sameLines(row: Row) throws {
        func lines(_ text: String) -> [[Substring]] {
            text.replacing("\"", with: "'").replacing("&quot;", with: "'").replacing(">", with: " >")
                .split(separator: "\n", omittingEmptySubsequences: false)
                .map { $0.split(separator: " ", omittingEmptySubsequences: false).sorted() }
        }
        #expect(try lines(Document(parsing: row.text).serialized()) == lines(row.text))
    }

    static let details = [
        Row(testDescription: "CDATA", text: "<a><![CDATA[<b>&amp;]]></a>\n"),
        Row(testDescription: "an end mark in CDATA", text: "<a><![CDATA[x]]]]><![CDATA[>y]]></a>\n"),
        Row(
            testDescription: "comments and instructions around the root",
            text: "<?x y?>\n<!-- a -->\n<a/>\n<!-- b -->\n"),
        Row(testDescription: "escapes in text", text: "<a>&amp;lt; &lt;b&gt; ]]&gt; &#13; ' \"</a>\n"),
        Row(
            testDescription: "escapes in an attribute",
            text: "<a b='&amp;amp; &lt; &gt; &apos; &quot; &#10;&#9;&#13;'/>\n"),
        Row(
            testDescription: "a default namespace and its removal",
            text: "<a xmlns='u'><b xmlns=''><c/></b></a>\n"),
        Row(
            testDescription: "one prefix with two meanings",
            text: "<p:a xmlns:p='u'><p:b xmlns:p='v' p:c='1'/></p:a>\n"),
        Row(testDescription: "xml:space and xml:id", text: "<a xml:space='preserve' xml:id='1'> <b/> </a>\n"),
        Row(testDescription: "a namespace that is no URI", text: "<p:a xmlns:p='no uri'/>\n"),
        Row(testDescription: "letters of every kind", text: "<ñ 名='é'>\u{1F426} e\u{301}</ñ>\n"),
        Row(testDescription: "text around elements", text: "<a>one<b/>two<c>three</c>\n</a>\n"),
    ]

    @Test("keeps what XML counts as content", arguments: details)
    func sameDetails(row: Row) throws {
        let document = try Document(parsing: row.text)
        #expect(document.serialized() == row.text)
        #expect(try Document(parsing: document.serialized()) == document)
    }

    @Test("is Unicode already, so the encoding it declares does not matter")
    func declaredEncoding() throws {
        let text = "<?xml version='1.0' encoding='UTF-16'?><a>é</a>"
        #expect(try Document(parsing: text).root.text == "é")
        #expect(try Document(parsingUTF8: Array(text.utf8)).root.text == "é")
    }

    @Test("keeps metadata and unknown elements through every edit")
    func survival() throws {
        var guest = try GuestDefinition(parsing: Sample.running)
        let policy = try #require(guest.metadata(namespace: "https://apus.example/policy/1"))
        try guest.setName("web-2")
        try guest.setMemory(bytes: 1 << 30)
        try guest.setSource(ofDisk: "vda", to: .file(path: "/srv/other/web-1.qcow2"))
        try guest.setConnection(ofInterface: "52:54:00:aa:00:01", to: .bridge("br7"))
        let after = try GuestDefinition(parsing: guest.serialized())

        #expect(after == guest)
        #expect(after.metadata(namespace: "https://apus.example/policy/1") == policy)
        let before = try Document(parsing: Sample.running).root
        for path in ["metadata", "devices/teleporter", "devices/tpm", "cpu", "os", "resource", "maxMemory"] {
            #expect(after.root.first(path) == before.first(path), "<\(path)>")
        }
        #expect(after.root.elements.last == before.elements.last, "<qemu:commandline>")
    }

    @Test("changes in the one place that was edited")
    func oneLine() throws {
        var guest = try GuestDefinition(parsing: Sample.shutOff)
        try guest.setSource(ofDisk: "vda", to: .file(path: "/mnt/b&w.qcow2"))
        #expect(
            guest.serialized()
                == Sample.shutOff.replacing("/srv/images/batch-7.qcow2", with: "/mnt/b&amp;w.qcow2"))
    }

    @Test("of an element alone declares the prefixes that its parents declared")
    func declarations() throws {
        let document = try Document(parsing: "<a xmlns:p='u' xmlns='d'><p:b p:c='1'><d/></p:b></a>")
        let element = try #require(document.root.elements.first)
        let text = element.serialized()
        #expect(text == "<p:b xmlns:p='u' p:c='1'><d xmlns='d'/></p:b>")
        let again = try Document(parsing: text).root
        #expect(again.namespace == "u")
        #expect(again.elements.first?.namespace == "d")
    }
}

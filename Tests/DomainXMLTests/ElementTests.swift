import DomainXML
import Testing

@Suite("An element")
struct ElementTests {
    let root: Element

    init() throws {
        root = try Document(parsing: Sample.running).root
    }

    @Test("is found by path, in document order")
    func paths() {
        #expect(root.all("devices/disk").count == 8)
        #expect(root.first("devices/disk/target")?["dev"] == "vda")
        #expect(root.text(at: "name") == "web-1")
        #expect(root.text(at: "title") == "Shop & \"front\" <1>")
        #expect(root.attribute("unit", at: "devices/teleporter/range") == "km")
        #expect(root.first("") == root)
        #expect(root.first("devices/nothing") == nil)
        #expect(root.text(at: "features/acpi") == nil)
        #expect(!root.contains("policy"), "an element of another namespace has no libvirt path")
    }

    @Test("of another vocabulary is not taken for libvirt's")
    func otherVocabulary() throws {
        let root = try Document(parsing: "<domain><name xmlns='u'>evil</name><name>good</name></domain>").root
        #expect(root.text(at: "name") == "good")
    }

    @Test("keeps its indentation when children come and go")
    func indentation() throws {
        var element = try Document(parsing: "<a>\n  <b/>\n</a>").root
        element.append(try Element("c", attributes: ["d": "1"], text: "e<f"))
        #expect(element.serialized() == "<a>\n  <b/>\n  <c d='1'>e&lt;f</c>\n</a>")
        element.removeChildren { $0.name == "c" }
        #expect(element.serialized() == "<a>\n  <b/>\n</a>")
        element.removeChildren { $0.name == "b" }
        element.append(try Element("g"))
        #expect(try Document(parsing: element.serialized()).root == element)
    }

    @Test("joins the texts that a removal brings together")
    func joinedTexts() throws {
        var element = try Document(parsing: "<a>one<b/>two</a>").root
        element.removeChildren { $0.name == "b" }
        #expect(try Document(parsing: element.serialized()).root == element)
    }

    @Test("is changed wherever the path and the condition lead")
    func update() throws {
        var root = root
        let count = try root.update("devices/disk", where: { $0["type"] == "file" }) {
            try $0.setAttribute("device", to: nil)
        }
        #expect(count == 2)
        #expect(root.all("devices/disk").filter { $0["device"] == nil }.count == 2)
        try root.setText("here", at: "os/nvram")
        try root.setAttribute("template", to: "there", at: "os/nvram")
        #expect(root.first("os/nvram")?.serialized() == "<nvram template='there'>here</nvram>")
        let error = #expect(throws: XMLError.self) { try root.setText("x", at: "os/initrd") }
        #expect(error?.code == .notFound)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let write: @Sendable (inout Element) throws(XMLError) -> Void

        init(_ testDescription: String, _ write: @escaping @Sendable (inout Element) throws(XMLError) -> Void)
        {
            self.testDescription = testDescription
            self.write = write
        }
    }

    @Test(
        "refuses what XML cannot carry",
        arguments: [
            Row("a control character in a text") { (element) throws(XMLError) in try element.setText("\u{1}")
            },
            Row("a NUL in an attribute") { (element) throws(XMLError) in
                try element.setAttribute("a", to: "\0")
            },
            Row("a non-character") { (element) throws(XMLError) in try element.setText("\u{FFFE}") },
            Row("markup as a name") { (element) throws(XMLError) in element.append(try Element("a><b")) },
            Row("an empty name") { (element) throws(XMLError) in element.append(try Element("")) },
            Row("a digit first") { (element) throws(XMLError) in element.append(try Element("1a")) },
            Row("a prefix alone") { (element) throws(XMLError) in element.append(try Element("p:a")) },
            Row("an attribute with a prefix") { (element) throws(XMLError) in
                try element.setAttribute("p:a", to: "")
            },
            Row("a declaration as attribute") { (element) throws(XMLError) in
                try element.setAttribute("xmlns", to: "u")
            },
        ])
    func notWritable(row: Row) {
        var element = root
        let error = #expect(throws: XMLError.self) { try row.write(&element) }
        #expect(error?.code == .notWritable)
        #expect(element == root)
    }
}

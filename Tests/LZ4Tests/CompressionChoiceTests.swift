import LZ4
import Testing

@Suite("The choice to compress")
struct CompressionChoiceTests {
    /// What is chosen for contents that shrink (`s`) or do not (`x`), as `c` for compressed, `-` for stored.
    static func choices(for contents: String, _ choice: CompressionChoice) -> String {
        var choice = choice
        return String(
            contents.map { content -> Character in
                guard choice.next() == .compressed else { return "-" }
                choice.note(contentBytes: 1000, frameBytes: content == "s" ? 500 : 1015)
                return "c"
            })
    }

    static let small = CompressionChoice(patience: 3, pauses: 2...8)

    @Test(
        "follows the content",
        arguments: [
            ("ssssssss", "cccccccc"),
            ("xxsxxsxx", "cccccccc"),
            ("xxxxxxxxxxxx", "ccc--c----c-"),
            ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "ccc--c----c--------c--------c-"),
            ("xxxxxssssssss", "ccc--cccccccc"),
            ("xxxxxsxxxxxx", "ccc--cccc--c"),
            ("sssxxx", "cccccc"),
        ])
    func follows(contents: String, choices: String) {
        #expect(Self.choices(for: contents, Self.small) == choices)
    }

    @Test("of content that never shrinks, a fifth is tried")
    func cost() {
        let choices = Self.choices(for: String(repeating: "x", count: 10_000), CompressionChoice())
        #expect((1990...2010).contains(choices.count { $0 == "c" }))
    }

    @Test("of content that shrinks in every other stretch of 16, an eighth of those is stored in vain")
    func mixed() {
        let stretches = String(repeating: "x", count: 16) + String(repeating: "s", count: 16)
        let contents = String(repeating: stretches, count: 100)
        let choices = Self.choices(for: contents, CompressionChoice())
        #expect(zip(contents, choices).count { $0 == "s" && $1 == "-" } == 200)
    }

    @Test(
        "a sixteenth less counts as shrunk, less does not",
        arguments: [(937, "ccccc"), (938, "ccccc"), (939, "ccc--"), (1000, "ccc--"), (1015, "ccc--")])
    func gain(frameBytes: Int, choices: String) {
        var choice = Self.small
        let made = (0..<5).map { _ -> Character in
            guard choice.next() == .compressed else { return "-" }
            choice.note(contentBytes: 1000, frameBytes: frameBytes)
            return "c"
        }
        #expect(String(made) == choices)
    }
}

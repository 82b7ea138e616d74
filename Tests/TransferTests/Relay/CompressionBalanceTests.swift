import Testing

@testable import Transfer

@Suite("The choice between compressing and passing through")
struct CompressionBalanceTests {
    /// A link and a processor, in bytes a second.
    struct World: Sendable {
        var link = 125e6
        /// Of both compressors together.
        var processor = 800e6
        var ratio = 0.5
        /// What there is to carry.
        var supply = 10e9

        func period(compressing: Bool) -> CompressionBalance.Period {
            var period = CompressionBalance.Period()
            let limit = compressing ? min(processor, link / ratio) : link
            let rate = min(supply, limit)
            period.duration = 0.1
            period.content = Int(rate * period.duration)
            period.pressed = supply > limit ? period.duration : 0
            guard compressing else { return period }
            period.compressed = period.content
            period.compressedTo = Int(Double(period.content) * ratio)
            period.compressing = Double(period.content) / processor * 2
            return period
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let worlds: [World]
        /// How much of the time it compresses in the last of them, in percent.
        let share: ClosedRange<Int>
    }

    private static let gigabit = World()
    private static let fast = World(link: 4e9)

    @Test(
        "is for what carries more, in whatever world it finds itself",
        arguments: [
            Row(testDescription: "a link of 1 Gbit/s", worlds: [gigabit], share: 97...100),
            Row(testDescription: "a link faster than the processor", worlds: [fast], share: 0...5),
            Row(testDescription: "a link somewhat slower", worlds: [World(link: 600e6)], share: 90...99),
            Row(testDescription: "a link somewhat faster", worlds: [World(link: 790e6)], share: 0...5),
            Row(
                testDescription: "what hardly shrinks, which is left to each piece",
                worlds: [World(ratio: 0.97)], share: 97...100),
            Row(
                testDescription: "what hardly shrinks, with a busy processor",
                worlds: [World(processor: 100e6, ratio: 0.97)], share: 0...5),
            Row(testDescription: "little to carry", worlds: [World(supply: 50e6)], share: 0...0),
            Row(testDescription: "a link that becomes fast", worlds: [gigabit, fast], share: 0...10),
            Row(testDescription: "a link that becomes slow", worlds: [fast, gigabit], share: 90...99),
            Row(
                testDescription: "a processor that gets busy", worlds: [gigabit, World(processor: 100e6)],
                share: 0...5),
            Row(
                testDescription: "a processor that is free again",
                worlds: [World(processor: 100e6), gigabit], share: 75...99),
            Row(
                testDescription: "less to carry than before", worlds: [gigabit, World(supply: 50e6)],
                share: 0...1),
        ])
    func settles(row: Row) {
        var balance = CompressionBalance(compressors: 2)
        var compressed = 0
        for world in row.worlds {
            compressed = 0
            for _ in 0..<1000 {
                compressed += balance.compresses ? 1 : 0
                balance.note(world.period(compressing: balance.compresses))
            }
        }
        #expect(row.share.contains(compressed / 10), "\(compressed) of 1000 periods")
    }

    @Test("is asked when enough has been carried, and not after a pause")
    func pace() {
        let start = ContinuousClock.now
        func at(_ seconds: Double) -> ContinuousClock.Instant { start.advanced(by: .seconds(seconds)) }
        var pace = SendingPace(.adaptive, compressors: 2)
        // Little, for long: nothing is learnt from it.
        for second in 0..<10 {
            pace.sends(at: at(Double(second)))
            pace.sent(1000, at: at(Double(second) + 0.9))
        }
        #expect(pace.compresses)
        // All the time in writing, and much: the link is the limit.
        for step in 0..<8 {
            pace.sends(at: at(20 + Double(step) / 100))
            pace.sent(1 << 20, at: at(20 + Double(step + 1) / 100))
        }
        #expect(pace.compresses)
        pace.compression = .never
        #expect(!pace.compresses)
        pace.compression = .always
        #expect(pace.compresses)
    }
}

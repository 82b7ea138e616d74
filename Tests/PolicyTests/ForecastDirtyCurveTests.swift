import Testing

@testable import Policy

@Suite("dirty curve")
struct DirtyCurveTests {
    private func curve(_ points: [(Double, Double)], limit: Double = 1e9) -> DirtyCurve {
        DirtyCurve(points.map { .init(seconds: $0.0, bytes: $0.1) }, limit: limit)
    }

    @Test("no sample dirties nothing")
    func empty() {
        #expect(curve([]).bytes(within: 10) == 0)
        #expect(curve([]).workingSet == 0)
    }

    @Test("one sample is a rate, up to the memory in use")
    func oneSample() {
        let curve = curve([(1, 100)], limit: 250)
        #expect(curve.bytes(within: 0.5) == 50)
        #expect(curve.bytes(within: 2) == 200)
        #expect(curve.bytes(within: 3) == 250)
        #expect(curve.workingSet == 250)
    }

    @Test("a sweep that has been all around dirties nothing new")
    func saturated() {
        let curve = curve([(1, 100), (2, 150), (4, 150)])
        #expect(curve.bytes(within: 100) == 150)
        #expect(curve.workingSet == 150)
    }

    @Test("a random writer is followed to its working set")
    func randomWriter() {
        // S (1 − exp(−t/2)) with S = 1000 at 1, 2, 4 s.
        let curve = curve([(1, 393.5), (2, 632.1), (4, 864.7)])
        #expect(abs(curve.workingSet - 1000) < 60, "\(curve.workingSet)")
        #expect(abs(curve.bytes(within: 6) - 950) < 50, "\(curve.bytes(within: 6))")
    }

    @Test("hot and cold pages: the cold ones go on growing")
    func hotAndCold() {
        let curve = curve([(1, 110), (2, 120), (4, 140)])
        #expect(curve.bytes(within: 10) == 200)
    }

    @Test("order, repeats and falling figures do not matter")
    func disorder() {
        let curve = curve([(4, 140), (1, 110), (2, 90), (2, 120), (-1, 5), (.nan, 7), (3, .nan)])
        #expect(curve.bytes(within: 1) == 110)
        #expect(curve.bytes(within: 4) == 140)
    }

    @Test("it never falls and never leaves the memory", arguments: [0.0, 1, 1e6, 1e12])
    func bounds(limit: Double) {
        let curve = curve([(1, 5e5), (2, 8e5), (4, 9e5)], limit: limit)
        var before = 0.0
        for step in 0..<200 {
            let bytes = curve.bytes(within: Double(step) * 0.1)
            #expect(bytes >= before && bytes <= limit)
            before = bytes
        }
    }
}

/// How many distinct bytes a guest dirties within a time: concave, from nothing up to its working set.
///
/// Between the samples the curve is a straight line, which a concave curve never falls below. After the last
/// one it bends on as it bent before: as if the bytes still to come fell exponentially (a writer that picks
/// its pages at random), or in a straight line where it did not bend (a writer that sweeps).
struct DirtyCurve: Sendable {
    struct Point: Sendable {
        let seconds: Double
        let bytes: Double
    }

    /// The first is 0, 0.
    private let points: [Point]
    /// After the last point: what is still to come, and how fast it comes at first.
    private let tail: (bytes: Double, rate: Double, bends: Bool)
    /// The most that the curve reaches.
    let workingSet: Double

    /// A curve through points of any order and number.
    ///
    /// - Parameters:
    ///   - given: what is not a positive number is left out; what falls is raised.
    ///   - limit: the bytes that can be dirty at all.
    init(_ given: [Point], limit: Double) {
        let limit = limit > 0 ? limit : 0
        var points = [Point(seconds: 0, bytes: 0)]
        for point in given.sorted(by: { $0.seconds < $1.seconds }) {
            let last = points[points.count - 1]
            guard point.seconds > last.seconds, point.seconds.isFinite, point.bytes >= 0 else { continue }
            points.append(Point(seconds: point.seconds, bytes: min(limit, max(point.bytes, last.bytes))))
        }
        self.points = points
        tail = Self.tail(of: points, limit: limit)
        workingSet = points[points.count - 1].bytes + tail.bytes
    }

    /// Distinct bytes dirtied within so many seconds.
    func bytes(within seconds: Double) -> Double {
        guard seconds > 0, points.count > 1 else { return 0 }
        for index in 1..<points.count where seconds <= points[index].seconds {
            let (from, until) = (points[index - 1], points[index])
            return from.bytes + (seconds - from.seconds) * Self.slope(from, until)
        }
        guard tail.bytes > 0 else { return workingSet }
        let share = tail.rate * (seconds - points[points.count - 1].seconds) / tail.bytes
        // 1 − exp(−share) to within 2 %; the standard library has no exponential.
        let come =
            tail.bends ? 1 - 1 / (1 + share + share * share / 2 + share * share * share / 6) : min(1, share)
        return workingSet - tail.bytes * (1 - come)
    }

    private static func slope(_ from: Point, _ until: Point) -> Double {
        (until.bytes - from.bytes) / (until.seconds - from.seconds)
    }

    private static func tail(of points: [Point], limit: Double) -> (bytes: Double, rate: Double, bends: Bool)
    {
        let last = points.count - 1
        guard last >= 1 else { return (0, 0, false) }
        let slope = slope(points[last - 1], points[last])
        let room = limit - points[last].bytes
        guard slope > 0, room > 0 else { return (0, 0, false) }
        guard last >= 2 else { return (room, slope, false) }
        let before = Self.slope(points[last - 2], points[last - 1])
        // Less of a bend than counting errors make is none.
        guard before > slope * 1.1 else { return (room, slope, false) }
        // The slope falls in proportion to what is still to come: two slopes, taken at the middle of their
        // segments, give the level at which it is 0.
        let middleBefore = (points[last - 2].bytes + points[last - 1].bytes) / 2
        let middle = (points[last - 1].bytes + points[last].bytes) / 2
        let fall = (before - slope) / (middle - middleBefore)
        let come = min(room, middle + slope / fall - points[last].bytes)
        return (max(0, come), max(0, come) * fall, true)
    }
}

/// What is to happen later, the earliest first; of two at the same moment, the one that was asked for first.
struct TimerQueue {
    struct Timer {
        let due: Duration
        let number: UInt64
        let action: () -> Void

        func isBefore(_ other: Timer) -> Bool { due == other.due ? number < other.number : due < other.due }
    }

    /// A binary heap.
    private var timers: [Timer] = []
    private var count: UInt64 = 0

    var isEmpty: Bool { timers.isEmpty }

    mutating func add(at due: Duration, _ action: @escaping () -> Void) {
        count += 1
        timers.append(Timer(due: due, number: count, action: action))
        var child = timers.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard timers[child].isBefore(timers[parent]) else { break }
            timers.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> Timer? {
        guard let last = timers.popLast() else { return nil }
        guard let first = timers.first else { return last }
        timers[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < timers.count else { break }
            if child + 1 < timers.count, timers[child + 1].isBefore(timers[child]) { child += 1 }
            guard timers[child].isBefore(timers[parent]) else { break }
            timers.swapAt(child, parent)
            parent = child
        }
        return first
    }
}

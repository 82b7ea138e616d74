/// How far one call came: bytes taken from its input, and bytes written to the front of its output.
package struct Progress: Sendable, Equatable {
    package var consumed: Int
    package var produced: Int

    package init(consumed: Int = 0, produced: Int = 0) {
        self.consumed = consumed
        self.produced = produced
    }

    static func += (left: inout Progress, right: Progress) {
        left.consumed += right.consumed
        left.produced += right.produced
    }
}

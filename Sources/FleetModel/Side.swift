/// Which of the two hosts of a move is meant.
package enum Side: String, Sendable, Hashable, Codable, CaseIterable {
    case source, destination

    package var other: Side { self == .source ? .destination : .source }
}

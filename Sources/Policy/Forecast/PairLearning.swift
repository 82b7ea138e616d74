package import FleetModel

extension PairCorrection {
    /// What the last moves of a pair of hosts taught: the median of each figure, so that one odd move does
    /// not count.
    ///
    /// - Parameter moves: the pair's finished moves, the newest first; the first ten are looked at.
    /// - Returns: `nil` when none of them says anything.
    package static func learned(from moves: [PastMove]) -> PairCorrection? {
        let moves = Array(moves.prefix(10))
        let before = middle(moves.compactMap { $0.before?.seconds })
        let after = middle(moves.compactMap { $0.after?.seconds })
        let ratio = middle(moves.compactMap(speedRatio))
        guard before != nil || after != nil || ratio != nil else { return nil }
        return PairCorrection(
            before: .milliseconds(Int64((before ?? ForecastConstants.before) * 1000)),
            after: .milliseconds(Int64((after ?? ForecastConstants.after) * 1000)),
            speedRatio: ratio ?? 1, moves: moves.count)
    }

    /// Throughput over the link's speed, of a move that was long enough to tell: the switchover is in it.
    private static func speedRatio(of move: PastMove) -> Double? {
        guard let wire = move.wire, let link = move.link, let transfer = move.transfer?.seconds,
            transfer > 3, link.bytesPerSecond > 0, move.strategy == .preCopy || move.strategy == .stopAndCopy
        else { return nil }
        let ratio = Double(wire.bytes) / transfer / Double(link.bytesPerSecond)
        return ratio > 0.1 && ratio < 3 ? ratio : nil
    }

    private static func middle(_ values: [Double]) -> Double? {
        let sorted = values.filter { $0 >= 0 && $0 < 1e6 }.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

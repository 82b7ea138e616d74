package import FleetModel

extension PairCorrection {
    /// What the last moves of a pair of hosts taught.
    ///
    /// Of the seconds before and after the transfer the least of the last five: a busy moment adds to them, up
    /// to four times over, and says nothing about the next. Of the speed the median of the last ten.
    ///
    /// - Parameter moves: the pair's finished moves, the newest first.
    /// - Returns: `nil` when none of them says anything.
    package static func learned(from moves: [PastMove]) -> PairCorrection? {
        let latest = moves.prefix(5)
        let before = latest.compactMap(beforeTransfer).filter { $0 >= 0 }.min()
        let after = latest.compactMap { $0.after?.seconds }.filter { $0 >= 0 }.min()
        let ratio = middle(moves.prefix(10).compactMap(speedRatio))
        guard before != nil || after != nil || ratio != nil else { return nil }
        return PairCorrection(
            before: .milliseconds(Int64(min(1e6, before ?? ForecastConstants.before) * 1000)),
            after: .milliseconds(Int64(min(1e6, after ?? ForecastConstants.after) * 1000)),
            speedRatio: ratio ?? 1, moves: min(10, moves.count))
    }

    /// Without a relay's start, which a forecast counts by itself.
    private static func beforeTransfer(_ move: PastMove) -> Double? {
        move.before.map { $0.seconds - (move.relayed == nil ? 0 : ForecastConstants.relayStart) }
    }

    /// Throughput over the link's speed, of a move that was long enough to tell: the switchover is in it.
    private static func speedRatio(of move: PastMove) -> Double? {
        guard let wire = move.wire, let link = move.link,
            let transfer = move.transfer?.seconds,
            transfer > 3, link.bytesPerSecond > 0, move.strategy == .preCopy || move.strategy == .stopAndCopy
        else { return nil }
        let ratio = Double(wire.bytes) / transfer / Double(link.bytesPerSecond)
        return ratio > 0.1 && ratio < 3 ? ratio : nil
    }

    private static func middle(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

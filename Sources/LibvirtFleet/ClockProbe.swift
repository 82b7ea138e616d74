import FleetModel
import Migration
import Transfer

/// How far apart two hosts' wall clocks are, each compared with this machine's over its remote shell.
struct ClockProbe: Sendable {
    let source: Host
    let destination: Host

    /// A host's wall clock less this machine's monotonic one.
    private struct Reading: Sendable {
        let offset: Duration
        let error: Duration
    }

    /// Destination less source; `nil` when one of the hosts has no remote shell that answers.
    func offset() async -> ClockOffset? {
        let origin = ContinuousClock.now
        async let sourceReading = read(source, origin: origin)
        async let destinationReading = read(destination, origin: origin)
        guard let source = await sourceReading, let destination = await destinationReading else { return nil }
        return ClockOffset(
            offset: destination.offset - source.offset, error: source.error + destination.error)
    }

    /// Asks several times and keeps the quickest answer: the clock was read somewhere within its round trip.
    private func read(_ host: Host, origin: ContinuousClock.Instant) async -> Reading? {
        guard let words = host.remoteShell else { return nil }
        let shell = RemoteShell(host: host.name, words: words)
        return try? await shell.converse(
            "echo ready; while read -r line; do date +%s%N; done", to: "read the clock of \(host.name)",
            within: .seconds(2)
        ) { conversation in
            // A shell reads its script in blocks: what came too early would be taken for more of it.
            guard try await conversation.receive() == "ready" else { return nil }
            var best: Reading?
            for _ in 0..<8 {
                let asked = ContinuousClock.now
                try await conversation.send("now")
                guard let line = try await conversation.receive(), let nanoseconds = Int64(line) else {
                    break
                }
                let roundTrip = asked.duration(to: .now)
                let middle = origin.duration(to: asked) + roundTrip / 2
                let reading = Reading(offset: .nanoseconds(nanoseconds) - middle, error: roundTrip / 2)
                if reading.error < best?.error ?? .seconds(3600) { best = reading }
            }
            return best
        }
    }
}

import Glibc
import LabSupport
import Testing

extension LabTests {
    /// Has host2 say that so much memory is free, and no more.
    private func withFreeMemory(
        _ mebibytes: Int, _ body: @Sendable () async throws -> Void
    ) async throws {
        let told = "/run/meminfo"
        try await Lab.with(
            "host2",
            """
            sed -E 's/^(MemFree: ).*/\\1 \(mebibytes << 10) kB/; s/^(Buffers|Cached)(: ).*/\\1\\2 0 kB/' /proc/meminfo >\(told)
            mount --bind \(told) /proc/meminfo
            """, mending: "umount /proc/meminfo; rm -f \(told)", body)
    }

    @Test("a guest that is on its way has its memory: one that does not fit beside it is refused", .ownLab)
    func reservedMemory() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("dirty", on: lab) { slow in
            try await LabGuest.with("idle", on: lab) { guest in
                // Each needs some 331 MiB.
                try await withFreeMemory(500) {
                    let move = lab.startApus(
                        "migrate", slow.name, "--to", "host2", "--bandwidth", "2MiB/s", "--json")
                    for await line in move.errorLines where line.contains(#""phase":"pre-copy""#) { break }
                    let refused = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                    #expect(refused.status == 2, "\(refused.said)")
                    try CheckAnswer(refused).expect(
                        "memory-short", on: "host2", saying: guest.name,
                        "256 MiB of it for guests that are arriving")
                    await move.send(SIGINT)
                    #expect(try await move.outcome().status == 130)
                    // Nothing is reserved any more.
                    let second = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                    #expect(second.status == 0, "\(second.said)")
                    #expect(try await guest.places() == ["host2": "running"])
                    #expect(try await slow.places() == ["host1": "running"])
                }
            }
        }
    }

    @Test(
        "of two moves at once to a host that has room for one, one is refused and the other arrives", .ownLab)
    func roomForOne() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { first in
            try await LabGuest.with("idle", on: lab) { second in
                try await withFreeMemory(500) {
                    async let one = lab.apus("migrate", first.name, "--to", "host2", "--json")
                    async let other = lab.apus("migrate", second.name, "--to", "host2", "--json")
                    let outcomes = try await [one, other]
                    #expect(outcomes.map(\.status).sorted() == [0, 2], "\(outcomes.map(\.said))")
                    let refused = try #require(outcomes.first { $0.status == 2 })
                    let code = try #require(try MoveAnswer(refused).error).code
                    // The one that was quicker had its reservation before the other one's check, or after it.
                    #expect(["blocked", "slot-taken"].contains(code), "\(refused.said)")
                    let places = try await [first.places(), second.places()]
                    #expect(places.contains(["host2": "running"]) && places.contains(["host1": "running"]))
                }
            }
        }
    }
}

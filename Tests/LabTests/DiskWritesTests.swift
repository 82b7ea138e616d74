import LabSupport
import Testing

extension LabTests {
    @Test(
        "a guest that writes to its disk faster than the link: its writes wait for both hosts, and it arrives whole",
        .ownLab)
    func outwritesTheLink() async throws {
        _ = try await Lab.up()
        // It carries 2 MB/s.
        try await withLink("16mbit") {
            let options = ["--disk-size", "16M", "--disk-rate", "6"]
            try await Self.withDisk("raw", options) { lab, guest, _ in
                // Measures the link.
                let plan = try await lab.apus("plan", guest.name, "--to", "host2", "--json")
                #expect(plan.status == 0, "\(plan.said)")
                #expect(plan.output.contains("wait for both hosts"), "\(plan.said)")
                #expect(plan.output.contains("they would never be the same"), "\(plan.said)")

                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--timeout", "5m", "--json")
                #expect(move.status == 0, "\(move.said)")
                let story = try await lab.apus("show", guest.name)
                #expect(story.output.contains("wait for both hosts"), "\(story.said)")
                #expect(try await guest.places() == ["host2": "running"])
                try await Self.expectWhole(guest)
            }
        }
    }
}

import Glibc
import LabSupport
import Testing

extension LabTests {
    /// A sample of `make faults`: each row breaks a real move at one phase, mends what was broken, repairs, and looks.
    @Test(
        "whatever breaks, the guest runs once, whole, and nothing is left behind", .ownLab,
        arguments: Fault.rows)
    func fault(row: Fault) async throws {
        let lab = try await Lab.up()
        try await BrokenMove.with(row, on: lab) { broken in
            let move = lab.startApus(broken.words)
            let struck = await broken.await(row.phase, of: move)
            #expect(struck, "the move was over before its \(row.phase.rawValue)")
            if struck { try await broken.strike(row.what, move) }
            let outcome = try await move.outcome()
            try await broken.mend(row.what)

            if row.losesHalf {
                let evidence = try await lab.apus("repair", broken.guest.name, "--json")
                #expect(
                    evidence.status == 3 && evidence.output.contains("half of its memory"), "\(evidence.said)"
                )
                let ended = try await broken.guest.virsh(on: row.left.rawValue, "destroy", broken.guest.name)
                #expect(ended.status == 0, "\(ended.said)")
            }
            var repair = try await lab.apus("repair", broken.guest.name, "--json")
            if repair.said.contains("holds it without a QEMU") {
                #expect(repair.status == 3, "\(repair.said)")
                try await broken.guest.forgetLifelessCopy(on: "host2")
                repair = try await lab.apus("repair", broken.guest.name, "--json")
            }
            #expect(repair.status == 0, "\(repair.said)\nthe move: \(outcome.said)")
            let again = try await lab.apus("repair", broken.guest.name, "--json")
            #expect(again.status == 0 && again.output.contains(#""changed":false"#), "\(again.said)")

            if row.takesTheOnlyCopy {
                try await broken.expectEnded()
            } else {
                try await broken.expectRunningOnce("the move: \(outcome.said)\nrepair: \(repair.said)")
            }
        }
    }
}

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

/// What strikes which move, and when.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Kind: String { case memory, disk, postCopy = "post-copy" }
    /// By what Apus says of its progress; in post-copy the guest is activated while its memory is on its way.
    enum Phase: String {
        case reservation, preCopy = "pre-copy", laterRound, switchover = "stop-and-copy", activation
    }
    enum Place: String { case source = "host1", destination = "host2" }
    enum What {
        case apus(Int32), libvirtd(Place, Int32), qemu(Place, Int32)
        /// What the destination receives (`:in`), sends (`:out`) or both, for so many seconds.
        case cut(String, Int)
        case full, outOfMemory
    }

    let kind: Kind
    let phase: Phase
    let what: What

    init(_ kind: Kind, _ phase: Phase, _ what: What) {
        self.kind = kind
        self.phase = phase
        self.what = what
    }

    var testDescription: String { "\(kind.rawValue), \(phase.rawValue): \(what)" }

    /// Whether the fault kills the one QEMU that had the guest's memory: then no move can save it.
    var takesTheOnlyCopy: Bool {
        guard case .qemu(let place, SIGKILL) = what else { return false }
        return phase == .activation ? kind == .postCopy || place == .destination : place == .source
    }

    /// Whether the guest's memory was on both hosts, so that a useless half of it stays: a person ends that.
    var losesHalf: Bool { takesTheOnlyCopy && kind == .postCopy }

    /// Where that half stays.
    var left: Place {
        if case .qemu(.source, _) = what { .destination } else { .source }
    }

    static let rows: [Fault] = [
        Fault(.memory, .reservation, .apus(SIGKILL)), Fault(.memory, .preCopy, .apus(SIGKILL)),
        Fault(.memory, .laterRound, .apus(SIGKILL)), Fault(.memory, .switchover, .apus(SIGKILL)),
        Fault(.memory, .activation, .apus(SIGKILL)), Fault(.memory, .preCopy, .apus(SIGSTOP)),
        Fault(.memory, .switchover, .apus(SIGSTOP)),
        Fault(.memory, .reservation, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .preCopy, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .switchover, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .activation, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .reservation, .libvirtd(.destination, SIGKILL)),
        Fault(.memory, .laterRound, .libvirtd(.destination, SIGKILL)),
        Fault(.memory, .switchover, .libvirtd(.destination, SIGKILL)),
        Fault(.memory, .preCopy, .libvirtd(.source, SIGSTOP)),
        Fault(.memory, .laterRound, .libvirtd(.destination, SIGSTOP)),
        Fault(.memory, .laterRound, .qemu(.source, SIGKILL)),
        Fault(.memory, .preCopy, .qemu(.source, SIGSTOP)),
        Fault(.memory, .preCopy, .qemu(.destination, SIGKILL)),
        Fault(.memory, .laterRound, .qemu(.destination, SIGSTOP)),
        Fault(.memory, .preCopy, .cut("", 3)), Fault(.memory, .laterRound, .cut(":in", 3)),
        Fault(.memory, .switchover, .cut(":out", 3)), Fault(.memory, .preCopy, .cut("", 60)),
        Fault(.memory, .preCopy, .outOfMemory),
        Fault(.disk, .reservation, .apus(SIGKILL)), Fault(.disk, .preCopy, .apus(SIGKILL)),
        Fault(.disk, .activation, .apus(SIGKILL)), Fault(.disk, .preCopy, .libvirtd(.source, SIGKILL)),
        Fault(.disk, .preCopy, .libvirtd(.destination, SIGKILL)),
        Fault(.disk, .preCopy, .qemu(.destination, SIGKILL)), Fault(.disk, .preCopy, .cut("", 3)),
        Fault(.disk, .reservation, .full), Fault(.disk, .preCopy, .full),
        Fault(.disk, .preCopy, .outOfMemory),
        Fault(.postCopy, .preCopy, .apus(SIGKILL)), Fault(.postCopy, .activation, .apus(SIGKILL)),
        Fault(.postCopy, .activation, .apus(SIGSTOP)),
        Fault(.postCopy, .activation, .libvirtd(.source, SIGKILL)),
        Fault(.postCopy, .activation, .libvirtd(.destination, SIGSTOP)),
        Fault(.postCopy, .activation, .qemu(.source, SIGKILL)),
        Fault(.postCopy, .activation, .qemu(.destination, SIGKILL)),
        Fault(.postCopy, .activation, .cut("", 3)), Fault(.postCopy, .activation, .cut(":in", 60)),
    ]
}

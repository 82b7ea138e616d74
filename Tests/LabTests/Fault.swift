import Glibc
import Testing

/// What strikes which move, and when.
struct Fault: Sendable, CustomTestStringConvertible {
    enum Kind: String { case memory, disk, postCopy = "post-copy" }
    /// By what Apus says of its progress; in post-copy the guest is activated while its memory is on its way.
    enum Phase: String {
        case reservation, preCopy = "pre-copy", laterRound, switchover = "stop-and-copy", activation
    }
    /// What checks its memory, or what writes numbered records to its disk: to one that is copied along, else to a shared one.
    enum Guest: String { case pattern, records }
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
    let guest: Guest

    init(_ kind: Kind, _ phase: Phase, _ what: What, of guest: Guest = .pattern) {
        self.kind = kind
        self.phase = phase
        self.what = what
        self.guest = guest
    }

    var testDescription: String { "\(kind.rawValue) of \(guest.rawValue), \(phase.rawValue): \(what)" }

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
        Fault(.memory, .reservation, .apus(SIGKILL)), Fault(.memory, .preCopy, .apus(SIGKILL), of: .records),
        Fault(.memory, .laterRound, .apus(SIGKILL)), Fault(.memory, .switchover, .apus(SIGKILL)),
        Fault(.memory, .activation, .apus(SIGKILL)), Fault(.memory, .preCopy, .apus(SIGSTOP)),
        Fault(.memory, .switchover, .apus(SIGSTOP)),
        Fault(.memory, .reservation, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .preCopy, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .switchover, .libvirtd(.source, SIGKILL)),
        Fault(.memory, .activation, .libvirtd(.source, SIGKILL), of: .records),
        Fault(.memory, .reservation, .libvirtd(.destination, SIGKILL)),
        Fault(.memory, .laterRound, .libvirtd(.destination, SIGKILL)),
        Fault(.memory, .switchover, .libvirtd(.destination, SIGKILL), of: .records),
        Fault(.memory, .preCopy, .libvirtd(.source, SIGSTOP)),
        Fault(.memory, .laterRound, .libvirtd(.destination, SIGSTOP)),
        Fault(.memory, .laterRound, .qemu(.source, SIGKILL)),
        Fault(.memory, .preCopy, .qemu(.source, SIGSTOP)),
        Fault(.memory, .preCopy, .qemu(.destination, SIGKILL), of: .records),
        Fault(.memory, .laterRound, .qemu(.destination, SIGSTOP)),
        Fault(.memory, .preCopy, .cut("", 3), of: .records), Fault(.memory, .laterRound, .cut(":in", 3)),
        Fault(.memory, .switchover, .cut(":out", 3)), Fault(.memory, .preCopy, .cut("", 60)),
        Fault(.memory, .preCopy, .outOfMemory),
        Fault(.disk, .reservation, .apus(SIGKILL)), Fault(.disk, .preCopy, .apus(SIGKILL), of: .records),
        Fault(.disk, .activation, .apus(SIGKILL), of: .records),
        Fault(.disk, .preCopy, .libvirtd(.source, SIGKILL), of: .records),
        Fault(.disk, .preCopy, .libvirtd(.destination, SIGKILL), of: .records),
        Fault(.disk, .preCopy, .qemu(.destination, SIGKILL)),
        Fault(.disk, .preCopy, .cut("", 3), of: .records),
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

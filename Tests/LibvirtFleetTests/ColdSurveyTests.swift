import FleetModel
import Testing

@testable import LibvirtFleet

@Suite("What a host keeps for a guest that does not run")
struct ColdSurveyTests {
    private static let path = "/var/lib/libvirt/swtpm/u/tpm2/tpm2-00.permall"

    @Test("is read from what the destination answers")
    func there() {
        let answer = "file\ttpm\t\(Self.path)\t6013\t00ff\nfile\tfirmware\t/nvram/a b.fd\t540672\t\nother\n"
        #expect(
            ColdSurvey.there(.known(answer))
                == .known([
                    ColdFacts.File(kind: .tpm, path: Self.path, size: ByteCount(6013), digest: "00ff"),
                    ColdFacts.File(kind: .firmware, path: "/nvram/a b.fd", size: ByteCount(540672)),
                ]))
        #expect(ColdSurvey.there(.known("")) == .known([]))
    }

    @Test("is not known where the user may not look, or nobody answered")
    func hidden() {
        let answer = "hidden\t/var/lib/libvirt/swtpm/u: Permission denied\nfile\tfirmware\t/nvram/a.fd\t1\t\n"
        #expect(
            ColdSurvey.there(.known(answer)) == .notKnown("/var/lib/libvirt/swtpm/u: Permission denied"))
        #expect(ColdSurvey.there(.notKnown("no answer")) == .notKnown("no answer"))
    }
}

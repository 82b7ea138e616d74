import DomainXML
import Testing

@testable import LibvirtFleet

@Suite("What lies below images")
struct ChainSurveyTests {
    @Test("is read from qemu-img to the end; one that cannot be followed is not whole")
    func read() {
        let chains = ChainSurvey.read(
            """
            top\t/images/web01.qcow2
            image\t/images/web01.qcow2
            format\tqcow2
            below\tbase.qcow2 (actual path: /images/base.qcow2)
            image\t/images/base.qcow2
            format\traw
            status\t0
            top\t/images/plain.raw
            image\t/images/plain.raw
            format\traw
            status\t0
            top\t/images/broken.qcow2
            status\t1

            """)
        #expect(
            chains["/images/web01.qcow2"]
                == ChainSurvey.Chain(
                    images: [
                        DiskSource(location: .file(path: "/images/web01.qcow2"), format: "qcow2"),
                        DiskSource(location: .file(path: "/images/base.qcow2"), format: "raw"),
                    ], relative: [0], isWhole: true))
        #expect(chains["/images/plain.raw"]?.isWhole == true)
        #expect(chains["/images/broken.qcow2"]?.isWhole == false)
    }
}

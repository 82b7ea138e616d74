import FleetModel
import Testing

@testable import LibvirtFleet

@Suite("What arrives of a guest that does not run")
struct ColdArrivalTests {
    @Test("lies beside its place, under names that are apus' own and different for each file")
    func names() {
        let disk = ArrivedFile(place: "/images/web01.qcow2")
        let all = [disk, ArrivedFile(place: "/images/web02.qcow2")].flatMap { [$0.waiting, $0.unfinished] }
        #expect(Set(all).count == 4)
        for name in all { #expect(name.hasPrefix("/images/.apus-"), "\(name)") }
        #expect(disk.waiting.hasSuffix(".arrived") && disk.unfinished.hasSuffix(".partial"))
    }

    private static let files = [
        ColdPlan.File(
            part: .disk("vda", isTop: true), path: "/a", destination: "/a", size: nil, replaces: false),
        ColdPlan.File(part: .other(.tpm), path: "/t", destination: "/t", size: nil, replaces: false),
    ]

    @Test(
        "was written to where an image looks otherwise, or nobody can tell",
        arguments: [
            ("4 1.5\n6 1.0", "4 1.5\n6 1.0", false), ("4 1.5\n6 1.0", "4 1.6\n6 1.0", true),
            ("4 1.5\n6 1.0", "gone\n6 1.0", true), ("4 1.5\n6 1.0", "4 1.5\ngone", false),
            ("4 1.5\n6 1.0", "4 1.5", true), ("", "4 1.5\n6 1.0", true),
        ])
    func changed(before: String, now: String, isChanged: Bool) {
        #expect(ColdSteps.haveImagesChanged(Self.files, from: before, to: now) == isChanged)
        #expect(!ColdSteps.haveImagesChanged([], from: "", to: ""))
    }
}

import ArgumentParser
import FleetModel
import Testing

@testable import ApusCommands

@Suite("The options about disks")
struct DiskOptionsTests {
    private func request(_ words: String...) throws -> DiskRequest {
        try DiskOptions.parse(words).request
    }

    @Test("ask for nothing by themselves")
    func nothing() throws {
        #expect(try request() == DiskRequest())
    }

    @Test("say what is copied, where, and what is kept")
    func all() throws {
        let request = try request(
            "--disk", "vda=pool:fast", "--disk", "vdb=/srv/a=b/", "--remove-source-disks", "--preallocate",
            "--copy-disks", "where-needed")
        #expect(request.places == ["vda": .pool("fast"), "vdb": .path("/srv/a=b/")])
        #expect(request.removesSource && request.preallocation == .full && request.copying == .whereNeeded)
        #expect(try self.request("--copy-disks", "never").copying == .never)
    }

    @Test(
        "are refused in words when they make no sense",
        arguments: [
            (["--disk", "vda"], "TARGET=PLACE"), (["--disk", "=/a"], "TARGET=PLACE"),
            (["--disk", "vda=a/b"], "begins with /"), (["--disk", "vda=pool:"], "pool:NAME"),
            (["--disk", "vda="], "not a place for vda"), (["--copy-disks", "nevr"], "Did you mean never?"),
            (["--disk", "vda=/a", "--disk", "vda=/b"], "two places for vda"),
            (["--copy-disks", "never", "--disk", "vda=/a"], "copies nothing"),
            (["--copy-disks", "never", "--remove-source-disks"], "copies nothing"),
        ])
    func refused(words: [String], expected: String) {
        let error = #expect(throws: (any Error).self) { try DiskOptions.parse(words) }
        let said = error.map { DiskOptions.message(for: $0) } ?? ""
        #expect(said.contains(expected), "\(said)")
    }
}

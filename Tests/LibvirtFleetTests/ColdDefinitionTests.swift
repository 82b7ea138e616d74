import FleetModel
import Foundation
import Testing

@testable import LibvirtFleet

/// With libvirt's test driver, a host in this process.
@Suite("A guest that was started as its definition went")
struct ColdDefinitionTests {
    private static let identity = GuestIdentity(name: "web01", uuid: "4dea22b3-1d52-d8f3-2516-782e98ab3fa2")

    private static func node(_ state: String) -> String {
        """
        <node>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <name>\(identity.name)</name><uuid>\(identity.uuid)</uuid>
            <memory unit='KiB'>1048576</memory><vcpu>3</vcpu><os><type>hvm</type></os>
            \(state)
          </domain>
        </node>
        """
    }

    @Test(
        "gets one again, of what it runs with; any other is left alone",
        arguments: [
            ("<test:runstate>1</test:runstate><test:transient/>", true),
            ("<test:runstate>1</test:runstate>", false), ("<test:runstate>5</test:runstate>", false),
        ])
    func redefined(state: String, isDue: Bool) async throws {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "apus-node-\(UUID().uuidString).xml")
        try Data(Self.node(state).utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let link = HostLink(
            host: Host(name: "alpha", uri: "test://\(file.path)"), connector: HostConnector())
        let definition = ColdDefinition(guest: Self.identity, source: link, destination: link)
        let before = try #require(try await definition.guest(on: link))
        #expect(before.isPersistent != isDue)
        #expect(try await definition.redefineSource() == isDue)
        let after = try #require(try await definition.guest(on: link))
        #expect(after.isPersistent && after.state == before.state && after.vcpus == 3)
        #expect(try await !definition.redefineSource())
    }
}

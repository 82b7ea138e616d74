import Foundation
import Libvirt

/// A host of libvirt's test driver that nobody else shares: the driver reads the document when the connection
/// is opened and keeps what becomes of it in that connection.
enum TestDriver {
    /// The driver's built-in host. All connections of the process share it, so a test only reads from it.
    static let shared = "test:///default"

    static let running = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"
    static let shutOff = "4dea22b3-1d52-d8f3-2516-782e98ab3fa1"
    static let paused = "4dea22b3-1d52-d8f3-2516-782e98ab3fa2"

    /// Opens a host of its own; by default one with a domain in each of three states.
    static func open(_ document: String = node) async throws -> Connection {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "apus-node-\(UUID().uuidString).xml")
        try Data(document.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await Connection.open("test://\(file.path)")
    }

    static let node = """
        <node>
          <domain type='test'>
            <name>running</name><uuid>\(running)</uuid>
            <memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>1048576</currentMemory>
            <vcpu>2</vcpu><os><type>hvm</type></os>
          </domain>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <name>shut-off</name><uuid>\(shutOff)</uuid>
            <memory unit='KiB'>1048576</memory><vcpu>1</vcpu><os><type>hvm</type></os>
            <test:runstate>5</test:runstate><test:hasmanagedsave/>
          </domain>
          <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
            <name>paused</name><uuid>\(paused)</uuid>
            <memory unit='KiB'>1048576</memory><vcpu>4</vcpu><os><type>hvm</type></os>
            <test:runstate>3</test:runstate><test:transient/>
          </domain>
          <cpu>
            <mhz>1000</mhz><model>i986</model><active>8</active>
            <nodes>1</nodes><sockets>2</sockets><cores>4</cores><threads>1</threads>
          </cpu>
          <memory>8192000</memory>
        </node>
        """
}

extension Connection {
    /// Lends a domain to a closure that does not have to spell out what it throws.
    func ask<Answer: Sendable>(
        _ reference: DomainReference = .name("running"),
        _ question: @Sendable (borrowing DomainHandle) throws -> Answer
    ) throws -> Answer {
        try withDomain(reference) { domain in Result { try question(domain) } }.get()
    }
}

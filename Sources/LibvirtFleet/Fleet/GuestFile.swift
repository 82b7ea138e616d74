import DomainXML
package import FleetModel
import FoundationEssentials

/// A guest that no host knows yet: libvirt's document of it, in a file.
package struct GuestFile: Sendable {
    package let identity: GuestIdentity
    package let memory: ByteCount
    package let vcpus: Int
    package let policy: GuestPolicy

    /// - Throws: `ApusError` with `document-invalid` or `policy-invalid`.
    package init(reading path: String) throws(ApusError) {
        let definition: GuestDefinition
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            definition = try GuestDefinition(parsing: String(decoding: data, as: UTF8.self))
            // A document without a UUID gets one when it is defined.
            identity = GuestIdentity(name: try definition.name, uuid: (try? definition.uuid) ?? path)
            memory = ByteCount(try definition.memoryBytes)
            vcpus = try definition.virtualProcessors
        } catch {
            throw ApusError(
                .documentInvalid, "read the guest in \(path)", "\(error)",
                hint: "It has to be a domain's document, such as virsh dumpxml GUEST writes.")
        }
        policy =
            if let element = definition.policy {
                try GuestPolicy(element, of: identity.name)
            } else {
                GuestPolicy()
            }
    }
}

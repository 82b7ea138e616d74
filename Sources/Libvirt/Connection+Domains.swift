internal import CLibvirt

/// How a caller names a domain.
package enum DomainReference: Sendable, Hashable, CustomStringConvertible {
    case name(String)
    case uuid(String)
    /// libvirt's running number; only running domains have one.
    case id(Int32)

    package var description: String {
        switch self {
        case .name(let name): name
        case .uuid(let uuid): uuid
        case .id(let id): "id \(id)"
        }
    }
}

/// A domain in a listing.
package struct DomainSummary: Sendable, Equatable {
    package let name: String
    package let uuid: String
    package let id: Int32?
    package let state: DomainState
    package let memoryBytes: UInt64
    package let vcpus: Int
    /// What its processors have worked since it started, in nanoseconds.
    package let processorTime: UInt64
    package let isPersistent: Bool
    package let hasManagedSave: Bool
    /// What the domain's job does at this moment, when it has one that is not this listing's own.
    package let job: JobStatistics.Operation?
}

extension Connection {
    /// Looks a domain up and lends it to `body`, on this connection's queue.
    ///
    /// - Throws: `LibvirtError` with `.noDomain` when there is none; else what `body` throws.
    package func withDomain<Result: Sendable>(
        _ reference: DomainReference,
        _ body: @Sendable (borrowing DomainHandle) throws(LibvirtError) -> Result
    ) throws(LibvirtError) -> Result {
        let raw: virDomainPtr? =
            switch reference {
            case .name(let name): unsafe virDomainLookupByName(handle.raw, name)
            case .uuid(let uuid): unsafe virDomainLookupByUUIDString(handle.raw, uuid)
            case .id(let id): unsafe virDomainLookupByID(handle.raw, id)
            }
        guard let raw = unsafe raw else { throw .last("find the guest \(reference) on \(uri)") }
        let domain = unsafe DomainHandle(adopting: raw)
        return try body(domain)
    }

    /// Every domain of the host, running or not, in the daemon's order.
    ///
    /// A domain that vanishes while the list is being read is left out.
    package func domains() throws(LibvirtError) -> [DomainSummary] {
        var list: UnsafeMutablePointer<virDomainPtr?>?
        let count = try check(
            "list the guests of \(uri)", unsafe virConnectListAllDomains(handle.raw, &list, 0))
        defer { unsafe freeCArray(list) }
        var summaries: [DomainSummary] = []
        for index in 0..<Int(count) {
            guard let raw = unsafe list?[index] else { continue }
            let domain = unsafe DomainHandle(adopting: raw)
            do {
                summaries.append(try domain.summary())
            } catch  where error.code == .noDomain {
                continue
            }
        }
        return summaries
    }

    /// The document of a guest whose memory is in a file of the host, passwords included. Source:
    /// `virDomainSaveImageGetXMLDesc`.
    package func savedDocument(_ path: String) throws(LibvirtError) -> String {
        try unsafe adopt(
            "read a saved guest's definition",
            virDomainSaveImageGetXMLDesc(
                handle.raw, path, UInt32(VIR_DOMAIN_SAVE_IMAGE_XML_SECURE.rawValue)))
    }

    /// Loads a guest's memory from a file of the host; it stands paused then. Source: `virDomainRestoreFlags`.
    ///
    /// - Parameters:
    ///   - path: of the file, which stays.
    ///   - xml: the document to use instead of the one in the file: only what the host sees may differ.
    /// - Throws: `LibvirtError`, with `.operationFailed` for a file that is none, `.systemError`, `.noSupport`.
    package func restorePaused(_ path: String, xml: String?) throws(LibvirtError) {
        try check(
            "load a saved guest",
            unsafe virDomainRestoreFlags(handle.raw, path, xml, VIR_DOMAIN_SAVE_PAUSED.rawValue))
    }

    /// Defines a domain persistently from its document.
    ///
    /// - Parameters:
    ///   - xml: the document.
    ///   - validates: whether it is held against the schema first: one that a libvirt wrote itself need not be.
    /// - Throws: `LibvirtError`, with `.xmlError`, `.operationFailed` where the name or the UUID is another guest's.
    package func define(_ xml: String, validates: Bool = true) throws(LibvirtError) {
        let flags = validates ? UInt32(VIR_DOMAIN_DEFINE_VALIDATE.rawValue) : 0
        guard let raw = unsafe virDomainDefineXMLFlags(handle.raw, xml, flags)
        else { throw .last("define a guest on \(uri)") }
        unsafe virDomainFree(raw)
    }
}

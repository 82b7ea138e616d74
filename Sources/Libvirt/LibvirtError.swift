internal import CLibvirt

/// A failure that libvirt reported, copied out of its thread-local slot at once.
///
/// Source: `virGetLastError`, `virterror.h`.
package struct LibvirtError: Error, Sendable, Equatable {
    /// What was being done, in words that fit behind "could not".
    package let operation: String
    /// libvirt's `virErrorNumber`.
    package let code: Code
    /// libvirt's `virErrorDomain`: which part of libvirt raised it.
    package let domain: Int
    /// libvirt's own sentence.
    package let message: String

    package init(operation: String, code: Code, domain: Int, message: String) {
        self.operation = operation
        self.code = code
        self.domain = domain
        self.message = message
    }

    /// A `virErrorNumber`. Numbers that this build has no name for stay what they are.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        private init(_ constant: virErrorNumber) { rawValue = constant.rawValue }

        package static let noError = Code(VIR_ERR_OK)
        package static let internalError = Code(VIR_ERR_INTERNAL_ERROR)
        package static let noSupport = Code(VIR_ERR_NO_SUPPORT)
        package static let noConnection = Code(VIR_ERR_NO_CONNECT)
        package static let invalidArgument = Code(VIR_ERR_INVALID_ARG)
        package static let operationFailed = Code(VIR_ERR_OPERATION_FAILED)
        package static let remoteFailure = Code(VIR_ERR_RPC)
        package static let systemError = Code(VIR_ERR_SYSTEM_ERROR)
        package static let authenticationFailed = Code(VIR_ERR_AUTH_FAILED)
        package static let accessDenied = Code(VIR_ERR_ACCESS_DENIED)
        package static let xmlError = Code(VIR_ERR_XML_ERROR)
        /// A document that is no XML, where `xmlError` is one that libvirt does not understand.
        package static let xmlMalformed = Code(VIR_ERR_XML_DETAIL)
        package static let operationDenied = Code(VIR_ERR_OPERATION_DENIED)
        package static let blockCopyActive = Code(VIR_ERR_BLOCK_COPY_ACTIVE)
        package static let noDomain = Code(VIR_ERR_NO_DOMAIN)
        package static let domainExists = Code(VIR_ERR_DOM_EXIST)
        package static let noSnapshot = Code(VIR_ERR_NO_DOMAIN_SNAPSHOT)
        package static let noStoragePool = Code(VIR_ERR_NO_STORAGE_POOL)
        package static let noStorageVolume = Code(VIR_ERR_NO_STORAGE_VOL)
        package static let storageVolumeExists = Code(VIR_ERR_STORAGE_VOL_EXIST)
        package static let noNetwork = Code(VIR_ERR_NO_NETWORK)
        package static let noSecret = Code(VIR_ERR_NO_SECRET)
        package static let operationInvalid = Code(VIR_ERR_OPERATION_INVALID)
        package static let operationTimeout = Code(VIR_ERR_OPERATION_TIMEOUT)
        package static let operationAborted = Code(VIR_ERR_OPERATION_ABORTED)
        package static let operationUnsupported = Code(VIR_ERR_OPERATION_UNSUPPORTED)
        package static let argumentUnsupported = Code(VIR_ERR_ARGUMENT_UNSUPPORTED)
        package static let configUnsupported = Code(VIR_ERR_CONFIG_UNSUPPORTED)
        package static let migrateUnsafe = Code(VIR_ERR_MIGRATE_UNSAFE)
        package static let migratePersistFailed = Code(VIR_ERR_MIGRATE_PERSIST_FAILED)
        package static let noMetadata = Code(VIR_ERR_NO_DOMAIN_METADATA)
        package static let agentUnresponsive = Code(VIR_ERR_AGENT_UNRESPONSIVE)
        package static let agentUnsynced = Code(VIR_ERR_AGENT_UNSYNCED)
        package static let deviceMissing = Code(VIR_ERR_DEVICE_MISSING)
        package static let cpuIncompatible = Code(VIR_ERR_CPU_INCOMPATIBLE)
    }

    /// The error of the call that just failed on this thread. There must be no `await` in between.
    ///
    /// - Parameter operation: what was being done.
    /// - Returns: libvirt's error, which is then reset; `.internalError` where libvirt has none.
    static func last(_ operation: String) -> LibvirtError {
        guard let raw = unsafe virGetLastError() else {
            return LibvirtError(
                operation: operation, code: .internalError, domain: 0,
                message: "libvirt reported a failure without an error")
        }
        let error = unsafe LibvirtError(
            operation: operation,
            code: Code(rawValue: UInt32(bitPattern: raw.pointee.code)),
            domain: Int(raw.pointee.domain),
            message: raw.pointee.message.map { unsafe String(cString: $0) } ?? "unknown error")
        virResetLastError()
        return error
    }
}

/// Turns libvirt's "negative means failed" into a thrown error.
///
/// - Returns: the status, for calls that answer with a count.
@discardableResult
func check(_ operation: String, _ status: CInt) throws(LibvirtError) -> CInt {
    guard status >= 0 else { throw .last(operation) }
    return status
}

/// Takes a string that libvirt allocated: copies it and frees the original.
func adopt(_ operation: String, _ raw: UnsafeMutablePointer<CChar>?) throws(LibvirtError) -> String {
    guard let raw = unsafe raw else { throw .last(operation) }
    defer { unsafe freeCString(raw) }
    return unsafe String(cString: raw)
}

internal import CLibvirt

/// A secret that a host keeps, without its value. Source: `virConnectListAllSecrets`.
package struct SecretSummary: Sendable, Equatable {
    /// In libvirt's lower-case form with dashes.
    package let uuid: String
    /// What it is for, by libvirt's number (`virSecretUsageType`): 0 none, 1 volume, 2 ceph, 3 iscsi, 4 tls,
    /// 5 vtpm.
    package let usageType: Int
    /// How a definition names it other than by UUID; empty for none.
    package let usageID: String

    package init(uuid: String, usageType: Int, usageID: String) {
        self.uuid = uuid
        self.usageType = usageType
        self.usageID = usageID
    }
}

extension Connection {
    /// Whether the host keeps a secret; its value is not asked for. Source: `virSecretLookupByUUIDString`.
    ///
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver or the daemon has no secrets,
    ///   `.invalidArgument` for what is no UUID.
    package func hasSecret(uuid: String) throws(LibvirtError) -> Bool {
        do throws(LibvirtError) {
            guard let raw = unsafe virSecretLookupByUUIDString(handle.raw, uuid) else {
                throw .last("find the secret \(uuid) on \(uri)")
            }
            _ = unsafe SecretHandle(adopting: raw)
            return true
        } catch  where error.code == .noSecret {
            return false
        }
    }

    /// Every secret that the host keeps, in the daemon's order.
    ///
    /// - Returns: the secrets; one that vanishes while the list is being read is left out.
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver or the daemon has no secrets.
    package func secrets() throws(LibvirtError) -> [SecretSummary] {
        var list: UnsafeMutablePointer<virSecretPtr?>?
        let count = try check(
            "list the secrets of \(uri)", unsafe virConnectListAllSecrets(handle.raw, &list, 0))
        defer { unsafe freeCArray(list) }
        var secrets: [SecretSummary] = []
        for index in 0..<Int(count) {
            guard let raw = unsafe list?[index] else { continue }
            let secret = unsafe SecretHandle(adopting: raw)
            do throws(LibvirtError) {
                secrets.append(try secret.summary())
            } catch  where error.code == .noSecret {
                continue
            }
        }
        return secrets
    }
}

/// The only owner of a `virSecretPtr`.
@safe struct SecretHandle: ~Copyable {
    private let raw: virSecretPtr

    init(adopting raw: virSecretPtr) { unsafe self.raw = raw }

    deinit { unsafe virSecretFree(raw) }

    borrowing func summary() throws(LibvirtError) -> SecretSummary {
        let operation = "read a secret"
        let uuid = unsafe readUUID { unsafe virSecretGetUUIDString(raw, $0) }
        guard let uuid else { throw .last(operation) }
        let type = try check(operation, unsafe virSecretGetUsageType(raw))
        guard let usage = unsafe virSecretGetUsageID(raw) else { throw .last(operation) }
        return SecretSummary(uuid: uuid, usageType: Int(type), usageID: unsafe String(cString: usage))
    }
}

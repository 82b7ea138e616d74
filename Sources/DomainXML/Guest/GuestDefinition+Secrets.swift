/// Secrets that a host must keep for the guest to start there.
extension GuestDefinition {
    package struct SecretReference: Sendable, Equatable {
        package enum Purpose: Sendable, Equatable {
            /// The key of an encrypted image; the disk's target.
            case diskEncryption(disk: String)
            /// The password of a network disk; the disk's target.
            case diskAuthentication(disk: String)
            case hostDeviceAuthentication
            case tpmEncryption
        }

        /// In lower case; a secret is named by its UUID or by its usage.
        package let uuid: String?
        package let usage: String?
        package let purpose: Purpose
    }

    /// Every secret that the definition names, those of backing images included.
    package var secretReferences: [SecretReference] {
        var references: [SecretReference] = []
        for disk in root.all("devices/disk") {
            let target = disk.attribute("dev", at: "target") ?? ""
            // Older documents have both directly in the disk, newer ones in its source.
            var place: Element? = disk
            while let image = place {
                for holder in [image] + image.all("source") {
                    references += holder.all("encryption/secret")
                        .compactMap { SecretReference($0, .diskEncryption(disk: target)) }
                    references += holder.all("auth/secret")
                        .compactMap { SecretReference($0, .diskAuthentication(disk: target)) }
                }
                place = image.first("backingStore")
            }
        }
        references += root.all("devices/hostdev/source/auth/secret")
            .compactMap { SecretReference($0, .hostDeviceAuthentication) }
        references += root.all("devices/tpm/backend/encryption").compactMap { encryption in
            encryption["secret"].map {
                SecretReference(uuid: $0.lowercased(), usage: nil, purpose: .tpmEncryption)
            }
        }
        return references
    }
}

extension GuestDefinition.SecretReference {
    fileprivate init?(_ secret: Element, _ purpose: Purpose) {
        guard secret["uuid"] != nil || secret["usage"] != nil else { return nil }
        uuid = secret["uuid"]?.lowercased()
        usage = secret["usage"]
        self.purpose = purpose
    }
}

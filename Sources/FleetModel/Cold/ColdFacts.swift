/// What a guest that does not run has in files besides its disks, and whether its hosts can carry them.
package struct ColdFacts: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable {
        /// The UEFI variables.
        case firmware
        /// The state of the emulated TPM.
        case tpm
        /// What libvirt and QEMU wrote about the guest.
        case log
        /// The memory of a saved guest.
        case savedState = "saved-state"
    }

    /// A file of one host.
    package struct File: Sendable, Hashable, Codable {
        package let kind: Kind
        package let path: String
        package let size: ByteCount
        /// Of its content; `nil` for what is large, and where it could not be read.
        package let digest: String?

        package init(kind: Kind, path: String, size: ByteCount, digest: String? = nil) {
            self.kind = kind
            self.path = path
            self.size = size
            self.digest = digest
        }
    }

    /// Those of the guest that are there.
    package var files: Reading<[File]>
    /// UEFI variables and TPM states that the destination has where the guest's go.
    package var there: Reading<[File]> = .notKnown("it was not asked")
    package var carriers: Carriers
    /// Where the source keeps the memory of the guest when it is saved.
    package var savedPath = ""
    /// Of a saved guest, whether it ran when it was saved; `nil` where that could not be read.
    package var savedRunning: Bool?
    /// Images whose backing image is named by a path that begins where they lie.
    package var relativeBackings: Set<String> = []
    /// Files of the destination that an earlier move of this guest left there: they may be replaced.
    package var ours: Set<String> = []

    package init(files: Reading<[File]>, carriers: Carriers) {
        self.files = files
        self.carriers = carriers
    }
}

/// The apus of both hosts, which carry what libvirt does not.
package struct Carriers: Sendable, Hashable, Codable {
    /// The release on the source.
    package var sender: Reading<String>
    /// The release on the destination, asked from the source over the way that what they carry will take.
    package var receiver: Reading<String>

    package init(sender: Reading<String>, receiver: Reading<String>) {
        self.sender = sender
        self.receiver = receiver
    }
}

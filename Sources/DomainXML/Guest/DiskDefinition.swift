/// A disk or drive of a guest: `<disk>`.
package struct DiskDefinition: Sendable, Equatable {
    package enum Device: Sendable, Equatable {
        case disk
        case cdrom
        case floppy
        /// A SCSI unit passed through.
        case lun
        case other(String)
    }

    /// A second image that is kept equal by a running job: `<mirror>`.
    package struct Mirror: Sendable, Equatable {
        /// `copy` or `active-commit`.
        package let job: String?
        /// Whether it has caught up.
        package let isReady: Bool
        package let source: DiskSource?
    }

    /// The name that libvirt's calls know the disk by, such as `vda`.
    package let target: String
    /// Such as `virtio`, `scsi`, `sata`.
    package let bus: String?
    package let device: Device
    /// nil for an empty drive.
    package let source: DiskSource?
    /// QEMU's cache mode, such as `none` or `writeback`; nil is QEMU's default.
    package let cache: String?
    /// `native`, `threads` or `io_uring`.
    package let io: String?
    /// `unmap` or `ignore`.
    package let discard: String?
    package let isReadOnly: Bool
    package let isShareable: Bool
    package let isTransient: Bool
    /// Whether libvirt, or an image below the source, needs a key to read it.
    package let isEncrypted: Bool
    /// What the guest reads as the serial number.
    package let serial: String?
    package let wwn: String?
    /// What a snapshot does with the disk: `no`, `internal`, `external`, `manual`.
    package let snapshot: String?
    /// What a missing source means at start: `mandatory`, `requisite`, `optional`.
    package let startupPolicy: String?
    /// Whether the guest may reserve a SCSI unit for itself, through a helper on the host.
    package let hasReservations: Bool
    package let mirror: Mirror?
    /// The images below the source, the nearest first, as far as the definition names them.
    package var backingChain: [DiskSource]
    /// Whether the definition says where the chain ends. It does for a running guest; for one that is off,
    /// look into the images.
    package var chainEndsKnown: Bool
}

extension GuestDefinition {
    /// Every disk and drive, in document order.
    ///
    /// - Throws: `missing` for one without a target, which libvirt never writes.
    package var disks: [DiskDefinition] {
        get throws(XMLError) {
            var disks: [DiskDefinition] = []
            for element in root.all("devices/disk") {
                disks.append(try DiskDefinition(element))
            }
            return disks
        }
    }
}

extension DiskDefinition {
    init(_ element: Element) throws(XMLError) {
        guard let target = element.attribute("dev", at: "target") else {
            throw XMLError(.missing, during: "read guest definition", "a <disk> has no <target dev='…'>")
        }
        self.target = target
        bus = element.attribute("bus", at: "target")
        device = Device(element["device"])
        let driver = element.first("driver")
        source = DiskSource(in: element, format: driver?["type"])
        cache = driver?["cache"]
        io = driver?["io"]
        discard = driver?["discard"]
        isReadOnly = element.contains("readonly")
        isShareable = element.contains("shareable")
        isTransient = element.contains("transient")
        serial = element.text(at: "serial")
        wwn = element.text(at: "wwn")
        snapshot = element["snapshot"]
        startupPolicy = element.attribute("startupPolicy", at: "source")
        hasReservations = element.contains("source/reservations")
        mirror = element.first("mirror").map(Mirror.init)

        // libvirt nests the chain, and ends one that it has looked through with an empty <backingStore/>.
        var chain: [DiskSource] = []
        var isEncrypted = element.contains("encryption") || element.contains("source/encryption")
        var next = element.first("backingStore")
        while let store = next,
            let image = DiskSource(in: store, format: store.attribute("type", at: "format"))
        {
            chain.append(image)
            isEncrypted = isEncrypted || store.contains("source/encryption")
            next = store.first("backingStore")
        }
        backingChain = chain
        self.isEncrypted = isEncrypted
        chainEndsKnown = next != nil && next?.contains("source") == false
    }
}

extension DiskDefinition.Mirror {
    fileprivate init(_ element: Element) {
        job = element["job"]
        isReady = element.flag("ready") == true
        source = DiskSource(in: element, format: element.attribute("type", at: "format"))
    }
}

extension DiskDefinition.Device {
    fileprivate init(_ name: String?) {
        switch name {
        case nil, "disk": self = .disk
        case "cdrom": self = .cdrom
        case "floppy": self = .floppy
        case "lun": self = .lun
        case let name?: self = .other(name)
        }
    }
}

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

    /// The name that libvirt's calls know the disk by, such as `vda`.
    package let target: String
    /// Such as `virtio`, `scsi`, `sata`.
    package let bus: String?
    package let device: Device
    /// nil for an empty drive.
    package let source: DiskSource?
    /// QEMU's cache mode, such as `none` or `writeback`; nil is QEMU's default.
    package let cache: String?
    package let isReadOnly: Bool
    package let isShareable: Bool
    package let isTransient: Bool
    /// The images below the source, the nearest first, as far as the definition names them.
    package let backingChain: [DiskSource]
    /// Whether the definition says where the chain ends. It does for a running guest; for one that is off,
    /// look into the images.
    package let knowsWholeChain: Bool
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
        source = DiskSource(in: element, format: element.attribute("type", at: "driver"))
        cache = element.attribute("cache", at: "driver")
        isReadOnly = element.contains("readonly")
        isShareable = element.contains("shareable")
        isTransient = element.contains("transient")

        // libvirt nests the chain, and ends one that it has looked through with an empty <backingStore/>.
        var chain: [DiskSource] = []
        var next = element.first("backingStore")
        while let store = next,
            let image = DiskSource(in: store, format: store.attribute("type", at: "format"))
        {
            chain.append(image)
            next = store.first("backingStore")
        }
        backingChain = chain
        knowsWholeChain = next != nil && next?.contains("source") == false
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

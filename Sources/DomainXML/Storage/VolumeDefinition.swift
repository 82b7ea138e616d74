/// Volumes of a storage pool, as `virStorageVolCreateXML` in C takes them.
package enum VolumeDefinition {
    /// The document of a raw image that takes up no space until it is written to.
    ///
    /// - Throws: `notWritable` for what XML cannot carry.
    package static func raw(name: String, bytes: UInt64) throws(XMLError) -> String {
        try image(name: name, format: "raw", capacityBytes: bytes, allocationBytes: 0)
    }

    /// The document of an image.
    ///
    /// - Parameters:
    ///   - name: its file name.
    ///   - format: `raw` or `qcow2`.
    ///   - capacityBytes: what a guest sees.
    ///   - allocationBytes: what is taken at once.
    ///   - backing: the image below it, by its path and format; a qcow2 image alone can have one.
    /// - Returns: a `<volume>` document.
    /// - Throws: `notWritable` for what XML cannot carry.
    package static func image(
        name: String, format: String, capacityBytes: UInt64, allocationBytes: UInt64,
        backing: (path: String, format: String)? = nil
    ) throws(XMLError) -> String {
        var target = [try Element("format", attributes: ["type": format])]
        // Without this libvirt makes qcow2 images of QEMU 0.10's kind: no zero clusters, no bitmaps.
        if format == "qcow2" { target.append(try Element("compat", text: "1.1")) }
        var parts = [
            try Element("name", text: name),
            try Element("capacity", attributes: ["unit": "bytes"], text: String(capacityBytes)),
            try Element("allocation", attributes: ["unit": "bytes"], text: String(allocationBytes)),
            try Element("target", children: target),
        ]
        if let backing {
            parts.append(
                try Element(
                    "backingStore",
                    children: [
                        Element("path", text: backing.path),
                        Element("format", attributes: ["type": backing.format]),
                    ]))
        }
        return try Element("volume", children: parts).serialized()
    }
}

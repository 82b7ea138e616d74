/// Volumes of a storage pool, as `virStorageVolCreateXML` in C takes them.
package enum VolumeDefinition {
    /// The document of a raw image that takes up no space until it is written to.
    ///
    /// - Throws: `notWritable` for what XML cannot carry.
    package static func raw(name: String, bytes: UInt64) throws(XMLError) -> String {
        try Element(
            "volume",
            children: [
                Element("name", text: name),
                Element("capacity", attributes: ["unit": "bytes"], text: String(bytes)),
                Element("allocation", attributes: ["unit": "bytes"], text: "0"),
                Element("target", children: [Element("format", attributes: ["type": "raw"])]),
            ]
        ).serialized()
    }
}

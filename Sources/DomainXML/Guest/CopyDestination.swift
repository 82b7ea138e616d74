/// The image that a disk is copied into, as `virDomainBlockCopy` in C takes it.
package enum CopyDestination {
    /// The document of an image that is a file.
    ///
    /// - Throws: `notWritable` for what XML cannot carry.
    package static func file(path: String, format: String) throws(XMLError) -> String {
        try Element(
            "disk", attributes: ["type": "file"],
            children: [
                Element("driver", attributes: ["type": format]),
                Element("source", attributes: ["file": path]),
            ]
        ).serialized()
    }
}

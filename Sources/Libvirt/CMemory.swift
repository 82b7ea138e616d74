internal import Glibc

/// Gives memory back that libvirt allocated with `malloc`.
func freeCString(_ raw: UnsafeMutablePointer<CChar>) {
    unsafe free(raw)
}

/// Gives an array back that libvirt allocated with `malloc`.
func freeCArray<Element>(_ raw: UnsafeMutablePointer<Element>?) {
    unsafe free(raw)
}

/// Lends texts as an array of C strings, for the length of one call.
func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Result
) -> Result {
    let copies = unsafe texts.map { unsafe strdup($0) }
    defer { unsafe copies.forEach { unsafe free($0) } }
    var pointers = unsafe copies.map { unsafe UnsafePointer($0) }
    return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress) }
}

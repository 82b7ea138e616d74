internal import Glibc

/// Gives memory back that libvirt allocated with `malloc`.
func freeCString(_ raw: UnsafeMutablePointer<CChar>) {
    unsafe free(raw)
}

/// Gives an array back that libvirt allocated with `malloc`.
func freeCArray<Element>(_ raw: UnsafeMutablePointer<Element>?) {
    unsafe free(raw)
}

import Glibc
import SystemPackage

func readFile(_ path: FilePath) throws -> String {
    let descriptor = try FileDescriptor.open(path, .readOnly)
    return try descriptor.closeAfter {
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = try descriptor.read(into: chunk)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }
}

func unlinkFile(_ path: FilePath) {
    unlink(path.string)
}

func sendSignal(_ signal: Int32, to process: Int32) {
    kill(process, signal)
}

/// Writes a text file, replacing what is there.
package func writeFile(_ text: String, to path: String) throws {
    let descriptor = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    _ = try descriptor.closeAfter { try descriptor.writeAll(Array(text.utf8)) }
}

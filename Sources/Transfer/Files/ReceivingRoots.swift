import Glibc
import SystemPackage

/// Where a file is to go: a directory of the receiver's list, and a path below it.
package struct FilePlace: Sendable, Hashable {
    package let root: Int
    package let path: RelativePath

    package init(root: Int, path: RelativePath) {
        self.root = root
        self.path = path
    }
}

/// The directories below which the receiver's caller lets files arrive.
struct ReceivingRoots: Sendable {
    private let paths: [FilePath]

    init(_ paths: [FilePath]) {
        self.paths = paths
    }

    func text(_ place: FilePlace) -> String {
        paths.indices.contains(place.root) ? "\(paths[place.root])/\(place.path.text)" : place.path.text
    }

    /// Opens the directory that the file is to lie in: from the root's descriptor, part by part, never through a
    /// symbolic link.
    ///
    /// - Throws: `path-refused`, `disk-failed`.
    func directory(of place: FilePlace) throws(TransferError) -> OpenFile {
        guard paths.indices.contains(place.root) else {
            throw TransferError(
                .pathRefused, "find the directory to store in", "there is no directory number \(place.root)",
                hint: "Both ends must be started with the same list of directories.")
        }
        var walked = paths[place.root].string
        do {
            var directory = try OpenFile(walked, below: nil, flags: O_RDONLY | O_DIRECTORY)
            for part in place.path.parts.dropLast() {
                walked += "/\(part)"
                directory = try OpenFile(part, below: directory, flags: O_RDONLY | O_DIRECTORY)
            }
            return directory
        } catch {
            throw .file(walked, "open the directory to store in", error)
        }
    }
}

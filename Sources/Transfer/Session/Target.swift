import Glibc
import SystemPackage

/// Where an offered file is to be stored, once the receiver's policy has let it pass.
struct Target {
    let directory: OpenFile
    let name: String
    /// The whole path, for errors.
    let text: String
    private let policy: ReceivingPolicy
    private let place: FilePlace
    private let exists: Bool

    /// - Throws: `protocol-broken`, `refused`, `path-refused`, `file-exists`, `file-unsuitable`, `disk-failed`.
    init(_ offer: Offer, _ place: FilePlace, _ policy: ReceivingPolicy) throws(TransferError) {
        guard offer.blockSize == Blocks.size else {
            throw .protocolBroken("an offer has blocks of \(offer.blockSize) bytes")
        }
        let roots = ReceivingRoots(policy.roots)
        text = roots.text(place)
        self.policy = policy
        self.place = place
        guard offer.size <= min(policy.largestFile, Blocks.largestFile) else {
            throw TransferError(
                .refused, "accept the file",
                "\(text) would have \(offer.size) bytes, and \(policy.largestFile) are allowed",
                hint: "Look what is being sent; no larger file is taken.")
        }
        directory = try roots.directory(of: place)
        name = place.path.parts.last ?? ""
        let existing: stat?
        do { existing = try directory.status(of: name) } catch {
            throw .file(text, "look at the file", error)
        }
        exists = existing != nil
        guard let existing else { return }
        guard existing.isRegularFile else {
            throw TransferError(
                .fileUnsuitable, "accept the file", "\(text) exists and is not a regular file",
                hint: "Move it away.")
        }
        guard offer.replaces, policy.replaces else { throw .file(text, "accept the file", .fileExists) }
    }

    /// The older copy that the caller named for it, else the file that it replaces.
    func olderCopy(_ blocks: Blocks) throws(TransferError) -> OlderCopy? {
        let named = policy.olderCopies[place]?.string
        guard named != nil || exists else { return nil }
        let file: OpenFile
        do {
            file = try OpenFile(named ?? name, below: named == nil ? directory : nil, flags: O_RDONLY)
        } catch {
            throw .file(named ?? text, "read the older copy", error)
        }
        return try OlderCopy(named ?? text, file, for: blocks)
    }
}

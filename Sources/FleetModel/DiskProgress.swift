/// How far the copy of one disk is.
package struct DiskProgress: Sendable, Hashable, Codable {
    /// As the guest sees it: `vda`.
    package let target: String
    package let copied: ByteCount
    /// Grows while the guest writes to what was copied already; empty areas count too.
    package let total: ByteCount

    package init(target: String, copied: ByteCount, total: ByteCount) {
        self.target = target
        self.copied = copied
        self.total = total
    }

    /// Whether both copies are the same but for what is being written now.
    package var isInStep: Bool { copied >= total }

    /// In whole per cent, 100 only when nothing is left.
    package var percent: Int {
        guard total > .zero, !isInStep else { return 100 }
        return min(99, Int(Double(copied.bytes) / Double(total.bytes) * 100))
    }
}

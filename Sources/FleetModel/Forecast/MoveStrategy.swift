/// How a guest's memory gets to the destination.
package enum MoveStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Round after round over one connection while the guest runs; the rest while it is stopped.
    case preCopy = "pre-copy"
    /// Pre-copy over several connections at once.
    case multifd
    /// Pre-copy that slows the guest down when it does not converge.
    case autoConverge = "auto-converge"
    /// Pre-copy that sends what changed inside a page, where the page is in its cache.
    case xbzrle
    /// Pre-copy that switches over at the deadline and pulls the rest.
    case postCopyFallback = "post-copy-fallback"
    /// The guest switches over after one round and pulls what it misses.
    case postCopy = "post-copy"
    /// The guest is stopped for the whole transfer.
    case stopAndCopy = "stop-and-copy"
}

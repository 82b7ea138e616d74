import Transfer

/// A file of a cold move on its destination.
///
/// As long as the move may be given up it lies beside its place, under names of apus' own: what lies in the place itself
/// is never the move's then, and nothing of an earlier time is lost.
struct ArrivedFile: Sendable, Equatable {
    /// Where it goes.
    let place: String

    /// Where it lies when all of it is there and checked.
    var waiting: String {
        let suffix = ".partial"
        let path = UnfinishedFile(of: place).path
        return (path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path) + ".arrived"
    }

    /// Where it lies until then.
    var unfinished: String { UnfinishedFile(of: waiting).path }
}

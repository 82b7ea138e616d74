import FleetModel
import Journal

/// Says which moves were left unfinished, on standard error, beside whatever a command does.
struct UnfinishedMoves {
    /// More would bury what the command has to say.
    private static let shown = 5

    /// Where the journal lies.
    let directory: String
    let asJSON: Bool

    init(directory: String, asJSON: Bool) {
        self.directory = directory
        self.asJSON = asJSON
    }

    /// - Returns: `nil` for a command that has its own word on them.
    init?(of command: some CommandWithOptions) {
        guard type(of: command).mentionsUnfinishedMoves else { return nil }
        self.init(directory: command.state.directory, asJSON: command.common.json)
    }

    /// Reads the journal while the command already asks its hosts. Nothing is said where there is none, or none that can
    /// be read: a command that needs it will say so itself.
    @concurrent func mention() async {
        guard let journal = try? Journal.openReadOnly(directory: directory, patience: .milliseconds(100)),
            let moves = try? journal.unfinished()
        else { return }
        mention(moves)
    }

    /// Of these, those that nobody is at work on.
    func mention(_ moves: [Journal.Unfinished]) {
        let left = moves.filter { !$0.isHeld }
        for move in left.prefix(Self.shown) {
            let line = Self.text(move)
            Console.note(
                asJSON ? JSON.text(Notice(guest: move.move.guest.name, notice: line)) : "apus: \(line)")
        }
        if left.count > Self.shown, !asJSON {
            Console.note("apus: and \(left.count - Self.shown) more unfinished moves: apus repair")
        }
    }

    static func text(_ unfinished: Journal.Unfinished) -> String {
        let move = unfinished.move
        let what = "the \(move.route.name(of: move.guest)) (\(move.id.prefix(8)))"
        let words =
            switch move.outcome {
            case .open: "\(what) was left unfinished, begun \(WallTime.text(move.began))"
            case .notKnown: "\(what) ended without it being known where \(move.guest) is"
            case .moved, .failed, .aborted:
                "\(what) has ended (\(move.outcome.rawValue)) and left something behind"
            }
        return "\(words): apus repair \(move.guest)"
    }

    /// Among the progress lines of `--json`.
    private struct Notice: Encodable {
        let guest: String
        let notice: String
    }
}

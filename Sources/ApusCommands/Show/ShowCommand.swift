import ArgumentParser
import FleetModel
import Glibc
import Journal

/// `apus show`
struct ShowCommand: CommandWithOptions {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Tells the story of one move: what was planned and decided, why, and how it ended.",
        discussion: """
            Example: apus show web01

            A chart shows how the memory left to send shrank, round by round. Nothing is asked of any host.
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var state: StateOptions

    @Argument(
        help: ArgumentHelp(
            "The move: the beginning of its id (apus history lists them), or a guest's name or UUID for its latest.",
            valueName: "id"))
    var move: String

    func run() async throws {
        let journal = try Journal.openReadOnly(directory: state.directory)
        guard let journal else { throw unknown("no move is in the journal yet (\(state.directory))") }
        let record = try find(in: journal)
        let story = MoveStory(
            move: record, entries: try journal.entries(of: record.id),
            unfinished: try journal.unfinished().first { $0.move.id == record.id })
        if common.json {
            Envelope(command: "show", changed: false, result: ShowReport(story), error: nil).print()
        } else {
            let style = Chart.Style(environment: Console.environment)
            Console.print(story.text(width: Console.columns, style: style))
        }
    }

    /// A guest's name goes before a part of an id, since names are hexadecimal digits too (`db`).
    private func find(in journal: Journal) throws(ApusError) -> MoveRecord {
        let byID = move.isEmpty ? [] : try journal.moves(idPrefix: move)
        if let exact = byID.first, exact.id == move { return exact }
        if let latest = try journal.moves(guest: move, limit: 1).first { return latest }
        guard let first = byID.first else {
            throw unknown("no move's id begins with \(move), and no guest of that name was ever moved")
        }
        guard byID.count == 1 else {
            let ids = byID.prefix(4).map { "\($0.id) (\($0.guest))" }.joined(separator: ", ")
            throw unknown(
                "\(byID.count) moves have ids that begin with \(move): \(ids)\(byID.count > 4 ? " …" : "")")
        }
        return first
    }

    private func unknown(_ detail: String) -> ApusError {
        ApusError(.unknownMove, "find the move \(move)", detail, hint: "apus history lists them all.")
    }
}

extension Console {
    /// How wide what goes to standard output may be: `COLUMNS`, else the terminal's width, else 80.
    static var columns: Int {
        if let asked = environment("COLUMNS").flatMap({ Int($0) }), (20...1000).contains(asked) {
            return asked
        }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return 80 }
        return Int(size.ws_col)
    }
}

/// Columns for people: left-aligned text, right-aligned numbers, two spaces between.
struct Table {
    enum Alignment { case left, right }

    private let titles: [(String, Alignment)]
    private var rows: [[String]] = []

    init(_ titles: [(String, Alignment)]) {
        self.titles = titles
    }

    mutating func add(_ row: [String]) {
        rows.append(row)
    }

    func text() -> String {
        let all = [titles.map(\.0)] + rows
        let widths = titles.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return titles[column].1 == .left ? cell + padding : padding + cell
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        .joined(separator: "\n")
    }
}

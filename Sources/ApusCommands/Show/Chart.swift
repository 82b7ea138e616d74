import FleetModel

/// A quantity over time, drawn with characters: one column for each stretch of time, rounds marked below.
struct Chart {
    /// What the terminal can show.
    struct Style: Sendable {
        /// How full a cell is, from empty to full.
        let levels: [Character]
        let wall: Character
        let corner: Character
        let floor: Character
        let mark: Character

        static let blocks = Style(
            levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"], wall: "│", corner: "└", floor: "─",
            mark: "┬")
        static let ascii = Style(levels: [" ", ".", ":", "#"], wall: "|", corner: "+", floor: "-", mark: "v")

        /// Blocks where the locale's characters are UTF-8 and the terminal has them; a chart has no colours to take away.
        ///
        /// Source: locale(7), LC_ALL before LC_CTYPE before LANG. The fonts of Linux's own console lack eighths of a block.
        init(environment: (String) -> String?) {
            let locale =
                ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty } ?? ""
            let isUTF8 = locale.lowercased().replacing("-", with: "").contains("utf8")
            let isPlain = ["dumb", "linux"].contains(environment("TERM"))
            self = isUTF8 && !isPlain ? .blocks : .ascii
        }

        private init(
            levels: [Character], wall: Character, corner: Character, floor: Character, mark: Character
        ) {
            self.levels = levels
            self.wall = wall
            self.corner = corner
            self.floor = floor
            self.mark = mark
        }
    }

    struct Point: Sendable, Hashable {
        let at: Duration
        let value: UInt64
    }

    /// What stands for the readings of one column.
    enum Summary: Sendable {
        /// For an amount: what it was at the column's end.
        case last
        /// For a rate.
        case mean
    }

    let title: String
    /// In the order of time.
    let points: [Point]
    let summary: Summary
    /// When a round began, by its number.
    let rounds: [(number: Int, at: Duration)]
    /// From its left to its right end; several charts of one move share it.
    let span: ClosedRange<Duration>
    let height: Int
    let text: (UInt64) -> String

    private var top: UInt64 { points.map(\.value).max() ?? 0 }

    /// Whether there is anything to see: more than one reading, and not all of them 0.
    var isWorthDrawing: Bool { points.count > 1 && top > 0 && span.lowerBound < span.upperBound }

    /// How wide what stands on its left is.
    var labelWidth: Int { max("rounds".count, text(top).count) }

    /// - Parameters:
    ///   - width: in columns, of which the labels take some.
    ///   - labelWidth: what several charts below each other have in common, so that their times are too.
    ///   - style: the characters.
    /// - Returns: a line each.
    func lines(width: Int, labelWidth: Int, style: Style) -> [String] {
        let labels = [text(top), "0"]
        let gutter = labelWidth + 1
        let columns = max(10, width - gutter - 1)
        let steps = levels(columns: columns, fine: style.levels.count - 1)
        var lines = [title]
        for row in (0..<height).reversed() {
            let label = row == height - 1 ? labels[0] : row == 0 ? labels[1] : ""
            let cells = steps.map { level in
                style.levels[min(max(level - row * (style.levels.count - 1), 0), style.levels.count - 1)]
            }
            lines.append(pad(label, gutter - 1) + " " + String(style.wall) + String(cells))
        }
        lines += ground(gutter: gutter, columns: columns, style: style)
        return lines.map { $0.droppingTrailingBlanks }
    }

    /// How high each column is, in the finest steps; 0 before the first reading. A column without a reading of its own is
    /// as high as the one before it.
    private func levels(columns: Int, fine: Int) -> [Int] {
        var readings = [[UInt64]](repeating: [], count: columns)
        for point in points { readings[column(of: point.at, columns)].append(point.value) }
        let top = Double(top)
        var height = 0
        return readings.map { values in
            guard let last = values.last else { return height }
            let value =
                switch summary {
                case .last: Double(last)
                case .mean: values.reduce(0) { $0 + Double($1) } / Double(values.count)
                }
            let exact = value / top * Double(self.height * fine)
            // What is little is not nothing.
            height = value > 0 ? max(1, Int(exact.rounded())) : 0
            return height
        }
    }

    private func column(of time: Duration, _ columns: Int) -> Int {
        let share = (time - span.lowerBound).seconds / (span.upperBound - span.lowerBound).seconds
        return min(columns - 1, max(0, Int(share * Double(columns - 1) + 0.5)))
    }

    /// The floor with a mark where each round began, the rounds' numbers as far as they fit, and the times at both ends.
    private func ground(gutter: Int, columns: Int, style: Style) -> [String] {
        var floor = [Character](repeating: style.floor, count: columns)
        var numbers = ""
        for (number, at) in rounds {
            let column = column(of: at, columns)
            floor[column] = style.mark
            let isFree = numbers.isEmpty || column > numbers.count
            guard isFree, column + "\(number)".count <= columns else { continue }
            numbers += String(repeating: " ", count: column - numbers.count) + "\(number)"
        }
        let (left, right) = (span.lowerBound.text, span.upperBound.text)
        let gap = max(1, columns - left.count - right.count)
        var lines = [pad("", gutter) + String(style.corner) + String(floor)]
        if !rounds.isEmpty { lines.append(pad("rounds", gutter - 1) + "  " + numbers) }
        lines.append(pad("", gutter) + " " + left + String(repeating: " ", count: gap) + right)
        return lines
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    fileprivate var droppingTrailingBlanks: String { String(reversed().drop { $0 == " " }.reversed()) }
}

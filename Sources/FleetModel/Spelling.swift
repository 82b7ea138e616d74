/// Finds the names that somebody who mistyped probably meant.
package enum Spelling {
    /// The closest names first, at most three, none that is farther than a third of its length (at least 2).
    package static func nearest(to word: String, in names: some Sequence<String>) -> [String] {
        names.map { (name: $0, distance: distance(word.lowercased(), $0.lowercased())) }
            .filter { $0.distance <= max(2, $0.name.count / 3) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3)
            .map(\.name)
    }

    /// A sentence for an error's hint, or `nil` when nothing is near.
    package static func suggestion(for word: String, in names: some Sequence<String>) -> String? {
        let nearest = nearest(to: word, in: names)
        return nearest.isEmpty ? nil : "Did you mean \(nearest.joined(separator: " or "))?"
    }

    /// Levenshtein's edit distance, with two neighbouring letters swapped counting as one edit.
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let substitution = previous[column] + (left[row] == right[column] ? 0 : 1)
                var best = min(substitution, previous[column + 1] + 1, current[column] + 1)
                let swapped =
                    row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
                if swapped { best = min(best, beforePrevious[column - 1] + 1) }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}

/// A minute of the week, by the clock on the controller's wall.
package struct WeekTime: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// From Monday, 00:00; 0…10079.
    package let minute: Int

    package static let minutesOfDay = 1440
    package static let minutesOfWeek = 7 * minutesOfDay

    package init(minute: Int) {
        self.minute = ((minute % Self.minutesOfWeek) + Self.minutesOfWeek) % Self.minutesOfWeek
    }

    package init(_ day: Weekday, hour: Int, minute: Int) {
        self.init(minute: day.number * Self.minutesOfDay + hour * 60 + minute)
    }

    package var day: Weekday { Weekday.allCases[minute / Self.minutesOfDay] }

    package var description: String { "\(day.rawValue) \(MoveWindow.text(minute % Self.minutesOfDay))" }

    package static func < (left: Self, right: Self) -> Bool { left.minute < right.minute }
}

package enum Weekday: String, Sendable, Hashable, Codable, CaseIterable {
    case mon, tue, wed, thu, fri, sat, sun

    var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Hours in which a guest may be moved: `mon-fri 22:00-06:00`, `sat,sun 00:00-24:00`, `daily 01:00-05:00`.
///
/// One that ends before it begins goes on into the next day, and belongs to the day on which it begins.
package struct MoveWindow: Sendable, Hashable, Codable, CustomStringConvertible {
    package let days: Set<Weekday>
    /// Minutes after midnight, 0…1439.
    package let from: Int
    /// Minutes after midnight, 1…1440: the first minute that is not in it any more.
    package let to: Int

    package static let expected =
        "days and hours, such as 'mon-fri 22:00-06:00', 'sat,sun 00:00-24:00' or 'daily 01:00-05:00'"

    /// - Throws: `QuantityParseError` for anything else, and for a window without a minute in it.
    package init(parsing text: String) throws(QuantityParseError) {
        let mistake = QuantityParseError(text: text, expected: Self.expected)
        let parts = text.lowercased().split(separator: " ")
        guard parts.count == 2, let days = Self.days(parts[0]) else { throw mistake }
        let hours = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard hours.count == 2, let from = Self.minutes(hours[0]), let to = Self.minutes(hours[1]),
            from < WeekTime.minutesOfDay, to > 0, from != to
        else { throw mistake }
        (self.days, self.from, self.to) = (days, from, to)
    }

    package func contains(_ time: WeekTime) -> Bool {
        let length = to > from ? to - from : to + WeekTime.minutesOfDay - from
        return days.contains { day in
            let begin = day.number * WeekTime.minutesOfDay + from
            let since = (time.minute - begin + WeekTime.minutesOfWeek) % WeekTime.minutesOfWeek
            return since < length
        }
    }

    package var description: String {
        let names = Weekday.allCases.filter(days.contains)
        let days = names.count == 7 ? "daily" : Self.text(names)
        return "\(days) \(Self.text(from))-\(Self.text(to))"
    }

    /// Neighbours as a range: `mon-wed,sun`.
    private static func text(_ days: [Weekday]) -> String {
        var runs: [[Weekday]] = []
        for day in days {
            if let last = runs.last?.last, last.number + 1 == day.number {
                runs[runs.count - 1].append(day)
            } else {
                runs.append([day])
            }
        }
        return runs.map { run in
            run.count > 1 ? "\(run[0].rawValue)-\(run[run.count - 1].rawValue)" : run[0].rawValue
        }
        .joined(separator: ",")
    }

    private static func days(_ text: Substring) -> Set<Weekday>? {
        guard text != "daily" else { return Set(Weekday.allCases) }
        var days: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false)
                .map { Weekday(rawValue: String($0)) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else {
                return nil
            }
            var number = first.number
            days.insert(first)
            while number != last.number {
                number = (number + 1) % 7
                days.insert(Weekday.allCases[number])
            }
        }
        return days.isEmpty ? nil : days
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].count == 2, (1...2).contains(parts[0].count),
            text.allSatisfy({ $0.isASCII && $0.isNumber || $0 == ":" }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
            hour < 24 || hour == 24 && minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    static func text(_ minutes: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minutes / 60)):\(two(minutes % 60))"
    }
}

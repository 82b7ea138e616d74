extension GuestPolicy {
    /// What a policy can say, by the word that stands for it in a guest's metadata, on the command line and in the
    /// inventory.
    package enum Key: String, Sendable, CaseIterable {
        case profile, downtime, priority
        case neverMove = "never-move"
        case allow, prefer, affinity
        case antiAffinity = "anti-affinity"
        case window

        /// Whether it may have several values.
        package var isList: Bool {
            switch self {
            case .profile, .downtime, .priority, .neverMove: false
            case .allow, .prefer, .affinity, .antiAffinity, .window: true
            }
        }
    }

    /// Why a value is none.
    package struct Mistake: Error, Sendable, Equatable {
        /// What is wrong, and what would be right.
        package let text: String
    }

    /// Sets what a key stands for; without values it is left open.
    ///
    /// - Throws: `Mistake` for a value that is none, and for several where there can be one.
    package mutating func set(_ key: Key, to values: [String]) throws(Mistake) {
        guard key.isList || values.count <= 1 else {
            throw Mistake(text: "\(key.rawValue) can have one value, not \(values.count)")
        }
        if let empty = values.first(where: \.isEmpty) {
            throw Mistake(text: "\(key.rawValue) is '\(empty)', which is nothing")
        }
        switch key {
        case .profile: profile = values.first
        case .downtime: downtime = try values.first.map(Self.downtime)
        case .priority: priority = try values.first.map(Self.priority)
        case .neverMove: neverMoves = try values.first.map(Self.choice)
        case .allow: allowedHosts = values.isEmpty ? nil : Set(values)
        case .prefer: preferredHosts = values.isEmpty ? nil : values
        case .affinity: affinity = values.isEmpty ? nil : Set(values)
        case .antiAffinity: antiAffinity = values.isEmpty ? nil : Set(values)
        case .window:
            var windows: [MoveWindow] = []
            for value in values { windows.append(try Self.window(value)) }
            self.windows = windows.isEmpty ? nil : windows
        }
    }

    /// The values of a key as `set` reads them; none where it is left open.
    package func words(_ key: Key) -> [String] {
        switch key {
        case .profile: [profile].compactMap(\.self)
        case .downtime: [downtime.map(Self.text)].compactMap(\.self)
        case .priority: [priority.map(String.init)].compactMap(\.self)
        case .neverMove: [neverMoves.map { $0 ? "yes" : "no" }].compactMap(\.self)
        case .allow: allowedHosts.map { $0.sorted() } ?? []
        case .prefer: preferredHosts ?? []
        case .affinity: affinity.map { $0.sorted() } ?? []
        case .antiAffinity: antiAffinity.map { $0.sorted() } ?? []
        case .window: (windows ?? []).map(\.description)
        }
    }

    private static func downtime(_ text: String) throws(Mistake) -> Duration {
        do throws(QuantityParseError) { return try Duration(parsing: text) } catch {
            throw Mistake(text: "downtime is '\(text)', not \(error.expected)")
        }
    }

    private static func priority(_ text: String) throws(Mistake) -> Int {
        guard let number = Int(text), priorities.contains(number) else {
            throw Mistake(
                text: "priority is '\(text)', not a number from \(priorities.lowerBound) to "
                    + "\(priorities.upperBound)")
        }
        return number
    }

    private static func choice(_ text: String) throws(Mistake) -> Bool {
        switch text {
        case "yes": return true
        case "no": return false
        default: throw Mistake(text: "never-move is '\(text)', not yes or no")
        }
    }

    private static func window(_ text: String) throws(Mistake) -> MoveWindow {
        do throws(QuantityParseError) { return try MoveWindow(parsing: text) } catch {
            throw Mistake(text: "window is '\(text)', not \(error.expected)")
        }
    }

    /// Exactly, so that it is read as what it was.
    private static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return microseconds.isMultiple(of: 1000) ? "\(microseconds / 1000)ms" : "\(microseconds)us"
    }
}

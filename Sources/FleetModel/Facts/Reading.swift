/// A fact that was read, or why it could not be: never assumed good.
package enum Reading<Value: Sendable & Hashable & Codable>: Sendable, Hashable {
    case known(Value)
    /// The reason, in words that fit behind "not known because".
    case notKnown(String)

    package var value: Value? {
        guard case .known(let value) = self else { return nil }
        return value
    }

    package var reason: String? {
        guard case .notKnown(let reason) = self else { return nil }
        return reason
    }

    package func map<Other: Sendable & Hashable & Codable>(_ change: (Value) -> Other) -> Reading<Other> {
        switch self {
        case .known(let value): .known(change(value))
        case .notKnown(let reason): .notKnown(reason)
        }
    }
}

extension Reading: Codable {
    private enum CodingKeys: String, CodingKey { case known, notKnown }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if container.contains(.known) {
            self = .known(try container.decode(Value.self, forKey: .known))
        } else {
            self = .notKnown(try container.decode(String.self, forKey: .notKnown))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .known(let value): try container.encode(value, forKey: .known)
        case .notKnown(let reason): try container.encode(reason, forKey: .notKnown)
        }
    }
}

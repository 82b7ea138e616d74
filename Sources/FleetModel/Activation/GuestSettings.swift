/// What a guest's host keeps for it that no migration carries, or that has to be the same behind it.
package struct GuestSettings: Sendable, Hashable, Codable {
    /// Whether the host starts the guest when it starts itself.
    package let isAutostarted: Bool
    /// `<metadata>` of what runs, and of the definition; `nil` where there is none.
    package let metadata: String?
    package let definitionMetadata: String?

    package init(isAutostarted: Bool, metadata: String?, definitionMetadata: String?) {
        self.isAutostarted = isAutostarted
        self.metadata = metadata
        self.definitionMetadata = definitionMetadata
    }
}

/// How a guest's wall clock went before it was moved.
///
/// Held against the controller's own wall clock, so that another process can go on from it.
package struct GuestClockReading: Sendable, Hashable, Codable {
    /// The guest's clock less the controller's.
    package let ahead: Duration
    /// The truth is within ± this: half of what the question took.
    package let error: Duration

    package init(ahead: Duration, error: Duration) {
        self.ahead = ahead
        self.error = error
    }
}

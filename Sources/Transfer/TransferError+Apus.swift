package import FleetModel

extension ApusError {
    /// Says in our words why a transfer failed.
    ///
    /// - Parameters:
    ///   - error: what either end found.
    ///   - operation: what it was for; `nil` is the error's own.
    package init(_ error: TransferError, to operation: String? = nil) {
        let detail = operation == nil ? error.detail : "could not \(error.operation): \(error.detail)"
        self.init(
            .transferFailed, operation ?? error.operation, "\(detail) (\(error.code.rawValue))",
            hint: error.hint, underlying: error)
    }
}

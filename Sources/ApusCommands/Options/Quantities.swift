import ArgumentParser
import FleetModel

/// Reads `--downtime 300ms` and says what would have been understood where it is not.
enum QuantityOption {
    static func duration(_ text: String) throws -> Duration {
        do throws(QuantityParseError) {
            return try Duration(parsing: text)
        } catch {
            throw ValidationError("'\(error.text)' is not \(error.expected).")
        }
    }

    static func rate(_ text: String) throws -> ByteRate {
        do throws(QuantityParseError) {
            return try ByteRate(parsing: text)
        } catch {
            throw ValidationError("'\(error.text)' is not \(error.expected).")
        }
    }
}

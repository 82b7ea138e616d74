import Glibc
import Subprocess
import Testing

/// Debian's `lz4`, the other end of the interoperability tests.
struct LZ4Tool {
    struct Failure: Error { let said: String }

    /// With `CI=true` a missing tool is a failure, not a skip.
    static var isExpected: Bool { getenv("CI") != nil || access("/usr/bin/lz4", X_OK) == 0 }

    static let skipReason: Comment = "needs the lz4 tool: apt-get install lz4"

    /// What the tool writes for the content: from a file, because only then it knows the content's size.
    static func compress(_ content: [UInt8], _ options: [String] = []) async throws -> [UInt8] {
        try await run(
            """
            file=$(mktemp) && cat >"$file" && lz4 -q -c "$@" "$file"
            status=$?; rm -f "$file"; exit $status
            """, options, content)
    }

    /// What the tool reads from the frames.
    static func decompress(_ frames: [UInt8]) async throws -> [UInt8] {
        try await run("exec lz4 -q -d -c \"$@\"", [], frames)
    }

    private static func run(_ script: String, _ options: [String], _ input: [UInt8]) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .name("sh"), arguments: Arguments(["-c", script, "sh"] + options), input: .array(input),
            output: .bytes(limit: 64 << 20), error: .string(limit: 1 << 16))
        guard case .exited(0) = result.terminationStatus else {
            throw Failure(said: "\(result.terminationStatus): \(result.standardError)")
        }
        return result.standardOutput
    }
}

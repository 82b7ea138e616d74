import FleetModel
import FoundationEssentials
import Glibc

/// Facts and plans as files: JSON with keys in snake case, written and read back without loss.
enum Document {
    /// No facts of one guest come near this.
    static let limit = 16 << 20

    /// Parts of keys that are written in capitals in the code: `peer_uri` is `peerURI`.
    private static let capitals: Set<String> = ["uri", "uuid", "tpm", "qemu", "id", "cpu", "mtu"]

    /// - Throws: `ApusError` with `document-invalid`, naming the file and the place.
    static func read<Value: Decodable>(
        _ type: Value.Type, from path: String, what: String
    ) throws(ApusError) -> Value {
        guard let data = bytes(of: path) else {
            throw invalid(path, what, "it cannot be read: \(String(cString: strerror(errno)))")
        }
        return try decode(type, data, path: path, what: what)
    }

    /// A file's bytes, or standard input's for `-`; no more than tell that it is too large.
    ///
    /// - Returns: `nil` when it cannot be read; `errno` says why.
    private static func bytes(of path: String) -> Data? {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while data.count <= limit {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            data.append(contentsOf: chunk.prefix(count))
        }
        return data
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, _ data: Data, path: String, what: String
    ) throws(ApusError) -> Value {
        guard data.count <= limit else { throw invalid(path, what, "it is larger than 16 MiB") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { keys in Key(camel(keys.last?.stringValue ?? "")) }
        do {
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw invalid(path, what, place(error))
        } catch {
            throw invalid(path, what, "\(error)")
        }
    }

    static func write(_ value: some Encodable, to path: String, what: String) throws(ApusError) {
        do {
            try Data((JSON.text(value) + "\n").utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw ApusError(
                .documentInvalid, "write \(what) to \(path)", reason(folder(of: path), W_OK) ?? "\(error)",
                hint: "Name another file.")
        }
    }

    static func invalid(_ path: String, _ what: String, _ detail: String) -> ApusError {
        ApusError(
            .documentInvalid, "read \(what) from \(path)", detail,
            hint: "Give a file that this version of apus wrote.")
    }

    /// Why a path cannot be used; `nil` when it can, as far as can be told.
    private static func reason(_ path: String, _ mode: Int32) -> String? {
        access(path, mode) == 0 ? nil : String(cString: strerror(errno))
    }

    private static func folder(of path: String) -> String {
        URL(filePath: path).deletingLastPathComponent().path
    }

    /// What is wrong, and where.
    private static func place(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            let keys = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return keys.isEmpty ? "the document" : keys.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(path(context)) has no \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(path(context)): \(context.debugDescription)"
        case .dataCorrupted(let context): return "\(path(context)): \(context.debugDescription)"
        @unknown default: return "\(error)"
        }
    }

    static func camel(_ key: String) -> String {
        let words = key.split(separator: "_", omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first, words.count > 1 else { return key }
        return words.dropFirst().reduce(first) { joined, word in
            joined
                + (capitals.contains(word)
                    ? word.uppercased() : word.prefix(1).uppercased() + word.dropFirst())
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

import TransferSupport

@testable import Transfer

/// Both ends of a relay in this process, and a place for QEMU on either side. It is over when the test ends.
final class RelayScene: Sendable {
    typealias Outcome = Result<RelayCounters, TransferError>

    static let session = SessionID(high: 1, low: 2)

    let folder: String
    let source: Relay
    let destination: Relay
    private let listeners: [FileDescriptor]
    private let wire: Wire?
    private let running: Task<(Outcome, Outcome), Never>

    // With harm all bytes go through a pump; unless it harms back, it is done to what the source says.
    init(
        channels: UInt16 = 1, limits: RelayLimits = RelayLimits(), compression: RelayCompression = .adaptive,
        harm: Exchange.Harm? = nil, harmsBack: Bool = false, listens: Bool = true
    ) throws {
        let folder =
            "\(FileManager.default.temporaryDirectory.path)/apus-relay-\(UUID().uuidString.prefix(8))"
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let (one, other, wire) = try Self.ends(harm, harmsBack)
        self.wire = wire
        listeners =
            listens ? try (0..<channels).map { try LocalSockets.listen(at: "\(folder)/far\($0)") } : []
        let (source, destination) = (
            try Relay(
                listeningOn: (0..<channels).map { RelayChannel($0, at: FilePath("\(folder)/near\($0)")) },
                over: Link(adopting: one, one), session: Self.session, limits: limits,
                compression: compression),
            try Relay(
                connectingTo: (0..<channels).map { RelayChannel($0, at: FilePath("\(folder)/far\($0)")) },
                over: Link(adopting: other, other), session: nil, limits: limits, compression: compression)
        )
        (self.source, self.destination) = (source, destination)
        running = Task {
            async let one = Self.outcome(source)
            async let other = Self.outcome(destination)
            return await (one, other)
        }
    }

    deinit {
        source.end()
        for listener in listeners { try? listener.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func ends(
        _ harm: Exchange.Harm?, _ harmsBack: Bool
    ) throws -> (FileDescriptor, FileDescriptor, Wire?) {
        let (near, far) = try SocketPair.open()
        guard let harm else { return (near, far, nil) }
        let (next, last) = try SocketPair.open()
        let wire = Wire(far, next, forth: harmsBack ? .none : harm, back: harmsBack ? harm : .none)
        return (near, last, wire)
    }

    private static func outcome(_ relay: Relay) async -> Outcome {
        do { return .success(try await relay.run()) } catch { return .failure(error) }
    }

    /// A connection through the relay, as both QEMUs see it.
    func connect(_ channel: UInt16 = 0) async throws -> (near: Talker, far: Talker) {
        let near = try LocalSockets.connect(to: "\(folder)/near\(channel)")
        let listener = listeners[Int(channel)]
        let far = try await onThread { try LocalSockets.accept(listener) }
        return (Talker(near), Talker(far))
    }

    /// What came of both ends; waits for that.
    var outcomes: (source: Outcome, destination: Outcome) {
        get async {
            let (one, other) = await running.value
            if let wire { _ = await wire.finish() }
            return (one, other)
        }
    }
}

/// QEMU's end of a connection, to be used on threads that may block.
final class Talker: Sendable {
    enum Ending: Sendable, Equatable {
        case end, reset
        case failed(Errno)
    }

    let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// Writes in random pieces.
    ///
    /// - Returns: `false` when nobody takes it any more.
    @discardableResult
    func say(_ bytes: [UInt8], seed: UInt64 = 1, longest: Int = 300_000) -> Bool {
        var generator = SeededGenerator(seed: seed)
        var rest = bytes[...]
        while !rest.isEmpty {
            // As often short as long.
            let bound = min(1 << Int.random(in: 0...18, using: &generator), longest)
            let piece = rest.prefix(.random(in: 1...bound, using: &generator))
            let count = piece.withUnsafeBytes {
                send(descriptor.rawValue, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Reads so many bytes, or to the end.
    func hear(_ most: Int = .max) -> (bytes: [UInt8], ending: Ending?) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < most {
            let count = recv(descriptor.rawValue, &buffer, min(buffer.count, most - bytes.count), 0)
            if count > 0 {
                bytes += buffer.prefix(count)
            } else if count == 0 {
                return (bytes, .end)
            } else {
                return (bytes, errno == ECONNRESET ? .reset : .failed(Errno(rawValue: errno)))
            }
        }
        return (bytes, nil)
    }

    func shut() { shutdown(descriptor.rawValue, CInt(SHUT_WR)) }

    /// Closes it, with whatever has not been read; no other thread may use it.
    func leave() {
        // The number stays taken, so that it is closed once only.
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        dup2(nowhere, descriptor.rawValue)
        close(nowhere)
    }
}

/// Runs what blocks on a thread of its own; Dispatch has not enough of them.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        SessionThreads().start { continuation.resume(with: Result { try body() }) }
    }
}

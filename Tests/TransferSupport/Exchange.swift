import Dispatch
import Glibc
import Synchronization
package import SystemPackage

package import Transfer

/// A session with both ends in this process.
package struct Exchange: Sendable {
    /// What becomes of a direction's bytes on their way.
    package enum Harm: Sendable {
        case none
        /// Both directions end before this byte.
        case cut(at: Int)
        /// One bit of one byte arrives wrong.
        case flip(at: Int, bit: Int)
    }

    package struct Outcome: Sendable {
        package let sent: Result<TransferResult, TransferError>
        package let received: Result<TransferResult, TransferError>
        /// What the sender, and what the receiver has said.
        package let forth: [UInt8]
        package let back: [UInt8]

        package var sendError: TransferError? { sent.error }
        package var receiveError: TransferError? { received.error }
    }

    package var files: [OutgoingFile]
    package var policy: ReceivingPolicy
    package var forth = Harm.none
    package var back = Harm.none
    package var senderVersions = WireVersion.known
    package var receiverVersions = WireVersion.known
    package var compressors = 2
    package var throttle = Throttle()
    package var processors: ProcessorLimit?
    package var progress: @Sendable (TransferProgress) -> Void = { _ in }

    package init(_ files: [OutgoingFile], _ policy: ReceivingPolicy) {
        self.files = files
        self.policy = policy
    }

    package func run() async throws -> Outcome {
        let session = SessionID(high: 1, low: 2)
        let (nearSender, farSender) = try SocketPair.open()
        let (nearReceiver, farReceiver) = try SocketPair.open()
        let wire = Wire(farSender, farReceiver, forth: forth, back: back)
        async let sent = Self.result { () async throws(TransferError) in
            try await Sender(
                over: Link(adopting: nearSender, nearSender), session: session, throttle: throttle,
                processors: processors, compressors: compressors, versions: senderVersions, progress: progress
            ).send(files)
        }
        async let received = Self.result { () async throws(TransferError) in
            try await Receiver(
                over: Link(adopting: nearReceiver, nearReceiver), session: session, policy: policy,
                versions: receiverVersions
            ).receive()
        }
        let results = await (sent, received)
        let (said, answered) = await wire.finish()
        return Outcome(sent: results.0, received: results.1, forth: said, back: answered)
    }

    private static func result(
        _ body: @Sendable () async throws(TransferError) -> TransferResult
    ) async -> Result<TransferResult, TransferError> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension Result {
    package var error: Failure? {
        guard case .failure(let error) = self else { return nil }
        return error
    }
}

package enum SocketPair {
    package static func open() throws -> (FileDescriptor, FileDescriptor) {
        var pair: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) == 0
        else {
            throw Errno(rawValue: errno)
        }
        return (FileDescriptor(rawValue: pair[0]), FileDescriptor(rawValue: pair[1]))
    }
}

/// Passes on what the two ends say, with the harm that was asked for, and remembers it.
package final class Wire: Sendable {
    private let ends: (FileDescriptor, FileDescriptor)
    private let group = DispatchGroup()
    private let said = Mutex<(forth: [UInt8], back: [UInt8])>(([], []))

    package init(
        _ sender: FileDescriptor, _ receiver: FileDescriptor, forth: Exchange.Harm, back: Exchange.Harm
    ) {
        ends = (sender, receiver)
        DispatchQueue(label: "forth").async(group: group) {
            let bytes = self.pass(from: sender, to: receiver, forth)
            self.said.withLock { $0.forth = bytes }
        }
        DispatchQueue(label: "back").async(group: group) {
            let bytes = self.pass(from: receiver, to: sender, back)
            self.said.withLock { $0.back = bytes }
        }
    }

    package func finish() async -> (forth: [UInt8], back: [UInt8]) {
        await withCheckedContinuation { continuation in
            group.notify(queue: DispatchQueue(label: "wire")) { continuation.resume() }
        }
        for end in [ends.0, ends.1] { try? end.close() }
        return said.withLock { $0 }
    }

    private func pass(from input: FileDescriptor, to output: FileDescriptor, _ harm: Exchange.Harm) -> [UInt8]
    {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while let count = try? buffer.withUnsafeMutableBytes({ try input.read(into: $0) }), count > 0 {
            var bytes = Array(buffer.prefix(count))
            switch harm {
            case .none: break
            case .cut(let place) where place < all.count + count:
                bytes = Array(bytes.prefix(place - all.count))
                _ = try? output.writeAll(bytes)
                all += bytes
                for end in [input, output] { shutdown(end.rawValue, CInt(SHUT_RDWR)) }
                return all
            case .flip(let place, let bit) where (all.count..<all.count + count).contains(place):
                bytes[place - all.count] ^= 1 << UInt8(bit)
            case .cut, .flip: break
            }
            all += bytes
            // An end that has gone does not keep the other one from being heard.
            _ = try? output.writeAll(bytes)
        }
        shutdown(output.rawValue, CInt(SHUT_WR))
        return all
    }
}

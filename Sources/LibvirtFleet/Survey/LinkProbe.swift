import FleetModel
import Transfer

/// Measures what the link from one host to another carries: the source sends zeros to a port of the
/// destination's migration range for a moment, and the destination counts what arrives.
struct LinkProbe: Sendable {
    let source: Host
    let destination: Host

    /// How long the counted part takes; before it, a third of this is not counted (slow start, and bursts
    /// that a shaper lets through).
    private static let span = 0.3

    /// What came of it.
    enum Outcome: Sendable {
        case carried(ByteRate)
        /// The destination listened and the source could not get through.
        case blocked(String)
        case notMeasured(String)
    }

    /// - Parameter port: where to listen; the last of the migration range, which QEMU takes last.
    /// - Returns: payload bytes a second; or why it could not be measured.
    func measure(port: Int) async -> Outcome {
        guard let address = destination.migrationAddress else {
            return .notMeasured("\(destination.name) has no migration-address in the inventory")
        }
        guard let near = source.remoteShell, let far = destination.remoteShell else {
            let missing = source.remoteShell == nil ? source.name : destination.name
            return .notMeasured("\(missing) has no remote-shell")
        }
        let listener = RemoteShell(host: destination.name, words: far)
        let sender = RemoteShell(host: source.name, words: near)
        let work = Task { () async -> Outcome in
            do throws(ApusError) {
                return try await listener.converse(
                    Self.program(Self.receiver, [address, "\(port)"]), to: "listen on \(destination.name)"
                ) { conversation in
                    // A login banner may come first.
                    var ready: String?
                    while ready == nil, let line = try await conversation.receive() {
                        if line.hasPrefix("apus ") { ready = String(line.dropFirst("apus ".count)) }
                    }
                    guard let ready else {
                        return .notMeasured("\(destination.name) has no python3 for the measurement")
                    }
                    guard ready == "ready" else { return .notMeasured("\(destination.name): \(ready)") }
                    async let sending = try sender.run(
                        Self.program(Self.sender, [address, "\(port)"]), to: "send from \(source.name)")
                    let said = try await sending.split(separator: "\n").last { $0.hasPrefix("apus ") }
                    guard said == "apus sent" else {
                        let why = said?.dropFirst("apus ".count) ?? "\(source.name) has no python3"
                        return said == nil ? .notMeasured(String(why)) : .blocked(String(why))
                    }
                    guard let line = try await conversation.receive(), let rate = UInt64(line), rate > 0
                    else {
                        return .notMeasured("nothing arrived at \(address) port \(port)")
                    }
                    return .carried(ByteRate(bytesPerSecond: rate))
                }
            } catch {
                return .notMeasured(error.detail)
            }
        }
        let outcome = await withTaskCancellationHandler {
            await withFirst(of: .seconds(8)) { await work.value }
        } onCancel: {
            work.cancel()
        }
        guard let outcome else {
            work.cancel()
            return .notMeasured("it took longer than 8 s")
        }
        return outcome
    }

    private static func program(_ text: String, _ words: [String]) -> String {
        let call = (["-c", text] + words).map(RemoteShell.quote).joined(separator: " ")
        return "p=$(command -v python3 || command -v /usr/libexec/platform-python) && exec \"$p\" \(call)\n"
    }

    private static let receiver = """
        import socket, sys, time
        host, port = sys.argv[1], int(sys.argv[2])
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port)); listener.listen(1); listener.settimeout(4)
            print("apus ready", flush=True)
            link, _ = listener.accept()
        except OSError as error:
            print("apus", error, flush=True); sys.exit()
        link.settimeout(2)
        buffer = memoryview(bytearray(1 << 20))
        begun = started = None
        total = last = 0
        while True:
            try:
                count = link.recv_into(buffer)
            except OSError:
                break
            if count == 0:
                break
            now = time.monotonic()
            if begun is None:
                begun = now
            elif started is None and now - begun >= \(span / 3):
                started = now
            elif started is not None:
                total += count; last = now
        print(int(total / (last - started)) if started and last > started else 0, flush=True)
        """

    private static let sender = """
        import socket, sys, time
        try:
            link = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2)
        except OSError as error:
            print("apus", error); sys.exit()
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        block = bytes(1 << 18)
        end = time.monotonic() + \(span * 4 / 3)
        while time.monotonic() < end:
            link.sendall(block)
        link.shutdown(socket.SHUT_WR)
        print("apus sent")
        """
}

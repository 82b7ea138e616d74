import FleetModel
import Transfer

/// Asks from the source whether the destination's ports can be reached.
struct PathProbe: Sendable {
    let source: Host
    let destination: Host

    /// Where libvirt listens that the source has to talk to; `nil` for a URI that names no host.
    static func control(of uri: String) -> (address: String, port: Int)? {
        guard let address = HostDefaults(uri: uri).address else { return nil }
        let standard =
            switch transport(of: uri) {
            case "ssh", "libssh", "libssh2": 22
            case "tcp": 16509
            case "tls": 16514
            default: 0
            }
        let port = HostDefaults(uri: uri).port ?? standard
        return port > 0 ? (address, port) : nil
    }

    /// Whether a URI is reached over libvirt's own TLS, with certificates.
    static func usesTLS(_ uri: String) -> Bool { control(of: uri).map { _ in transport(of: uri) } == "tls" }

    /// The transport of a URI that names a host. Source: libvirt's "Connection URIs" page: none means TLS.
    private static func transport(of uri: String) -> String {
        let scheme = uri.prefix { $0 != ":" }
        return scheme.split(separator: "+").dropFirst().first.map(String.init) ?? "tls"
    }

    /// Opens a connection from the source to each port, all at once, and closes it without a word.
    ///
    /// - Parameter targets: addresses and ports.
    /// - Returns: an answer each, in order.
    func ask(_ targets: [(address: String, port: Int)]) async -> [PathFacts.Probe] {
        guard !targets.isEmpty else { return [] }
        guard let words = source.remoteShell else {
            return targets.map {
                PathFacts.Probe(
                    address: $0.address, number: $0.port,
                    answer: .notKnown("\(source.name) has no remote-shell to try it from"))
            }
        }
        let answer = await withFirst(of: .seconds(10)) {
            await Result(awaiting: { () async throws(ApusError) in
                try await RemoteShell(host: source.name, words: words)
                    .run(Self.script(targets), to: "try the ports of \(destination.name) from \(source.name)")
            })
        }
        let lines = (try? answer?.get())?.split(separator: "\n").map(String.init) ?? []
        return targets.enumerated().map { index, target in
            let said = lines.first { $0.hasPrefix("\(index) ") }?.dropFirst("\(index) ".count)
            return PathFacts.Probe(
                address: target.address, number: target.port,
                answer: said.map { Self.reading(String($0)) } ?? .notKnown("\(source.name) did not tell"))
        }
    }

    /// bash opens the connection; hosts without bash answer that they cannot tell.
    private static func script(_ targets: [(address: String, port: Int)]) -> String {
        let head = "LC_ALL=C; export LC_ALL\ncommand -v bash >/dev/null || exec echo 'no bash'\n"
        let tries = targets.enumerated().map { index, target in
            let path = RemoteShell.quote("/dev/tcp/\(target.address)/\(target.port)")
            return
                "{ s=$(timeout 2 bash -c 'exec 3<>\"$0\"' \(path) 2>&1); echo \"\(index) $? ${s##*: }\"; } &"
        }
        return head + tries.joined(separator: "\n") + "\nwait\n"
    }

    /// `0` is a connection; `124` is timeout(1)'s; else bash's last words say why.
    private static func reading(_ said: String) -> Reading<PathFacts.Port> {
        let parts = said.split(separator: " ", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count > 1 ? parts[1] : "") {
        case ("0", _): return .known(.open)
        case ("124", _): return .known(.unreachable("no answer within 2 s"))
        case (_, let words) where words.contains("refused"): return .known(.refused)
        case (_, let words): return .known(.unreachable(words.isEmpty ? "it failed without a word" : words))
        }
    }
}

import FleetModel
import Transfer

/// Can the source reach the destination's ports? Asked in the source's own script.
struct PathProbe: Sendable {
    struct Target: Sendable, Hashable {
        let address: String
        let port: Int
    }

    /// libvirt's own port on the destination; `nil` when the source does not have to reach it.
    let control: Target?
    /// A port of QEMU's range at the migration address; `nil` when nothing says where the memory is to flow.
    let data: Target?

    /// `firstPort` is that of the range that the destination's QEMU listens in.
    init(to destination: Host, firstPort: Int = 49152) {
        control = destination.peerURI.flatMap(Self.control(of:))
        data = destination.migrationAddress.map { Target(address: $0, port: firstPort) }
    }

    /// Where libvirt listens that the source has to talk to; `nil` for a URI that names no host.
    static func control(of uri: String) -> Target? {
        guard let address = HostDefaults(uri: uri).address else { return nil }
        let standard =
            switch transport(of: uri) {
            case "ssh", "libssh", "libssh2": 22
            case "tcp": 16509
            case "tls": 16514
            default: 0
            }
        let port = HostDefaults(uri: uri).port ?? standard
        return port > 0 ? Target(address: address, port: port) : nil
    }

    /// Whether a URI is reached over libvirt's own TLS, with certificates.
    static func usesTLS(_ uri: String) -> Bool {
        HostDefaults(uri: uri).address != nil && transport(of: uri) == "tls"
    }

    /// The transport of a URI that names a host. Source: libvirt's "Connection URIs" page: none means TLS.
    private static func transport(of uri: String) -> String {
        let scheme = uri.prefix { $0 != ":" }
        return scheme.split(separator: "+").dropFirst().first.map(String.init) ?? "tls"
    }

    /// Opens a connection to each port, all at once, and closes it without a word. bash does it; a host without
    /// bash says nothing, and nothing is known then.
    var commands: String {
        let tries = [control, data].compactMap(\.self).unique.map { target in
            let path = RemoteShell.quote("/dev/tcp/\(target.address)/\(target.port)")
            let name = RemoteShell.quote("\(target.address) \(target.port)")
            return "try \(path) \(name) &"
        }
        let program = """
            try() { s=$( (exec 3<>"$1") 2>&1); printf '%s\\t%s\\t%s\\n' "$2" $? "${s##*: }"; }
            \(tries.joined(separator: "\n"))
            wait
            """
        return "command -v bash >/dev/null && { echo bash; timeout 2 bash -c \(RemoteShell.quote(program)); }"
    }

    /// Asks again, where the destination's range turned out to begin elsewhere.
    func ask(from source: Host) async -> HostAnswers {
        var script = HostScript()
        script.path = self
        return await OpenShell(to: source).ask(script)
    }

    /// What the source's script said.
    func facts(_ answers: HostAnswers, source: Host, clockOffset: Reading<ClockOffset>) -> PathFacts {
        PathFacts(
            control: control.map { probe($0, answers, source) },
            data: data.map { probe($0, answers, source) }, clockOffset: clockOffset)
    }

    private func probe(_ target: Target, _ answers: HostAnswers, _ source: Host) -> PathFacts.Probe {
        let answer: Reading<PathFacts.Port>
        switch answers.lines("ports") {
        case .failure(let why): answer = .notKnown(why.reason)
        case .success(let lines):
            let line = lines.first { $0.first == "\(target.address) \(target.port)" && $0.count >= 3 }
            if let line {
                answer = .known(Self.reading(line[1], line[2]))
            } else if lines.contains(where: { $0.first == "bash" }) {
                answer = .known(.unreachable("no answer within 2 s"))
            } else {
                answer = .notKnown("\(source.name) has no bash to try it")
            }
        }
        return PathFacts.Probe(address: target.address, number: target.port, answer: answer)
    }

    /// `0` is a connection; else bash's last words say why there is none.
    private static func reading(_ status: String, _ words: String) -> PathFacts.Port {
        if status == "0" { return .open }
        if words.contains("refused") { return .refused }
        return .unreachable(words.isEmpty ? "it failed without a word" : words)
    }
}

import FleetModel
import FoundationEssentials
import Transfer

/// What the source keeps for a guest that does not run besides its disks, and whether apus is there to carry it.
struct ColdSurvey: Sendable {
    let guest: GuestIdentity
    let hardware: GuestHardware
    let source: Host
    let destination: Host

    func facts() async -> ColdFacts {
        guard let words = source.remoteShell else {
            let reason = "\(source.name) has no remote-shell"
            return Self.silent(reason)
        }
        do throws(ApusError) {
            let answer = try await RemoteShell(host: source.name, words: words).run(
                script, to: "look what \(source.name) keeps for \(guest)")
            return read(answer)
        } catch {
            return Self.silent(error.detail)
        }
    }

    private static func silent(_ reason: String) -> ColdFacts {
        ColdFacts(
            files: .notKnown(reason),
            carriers: Carriers(sender: .notKnown(reason), receiver: .notKnown(reason)))
    }

    private var script: String {
        let places = ColdPlaces(guest: guest)
        let looked =
            [
                ("firmware", hardware.firmware?.variables), ("log", places.log),
                ("saved-state", places.savedState),
            ]
            .compactMap { kind, path in path.map { "see \(kind) \(RemoteShell.quote($0))" } }
        let tpm = "for p in \(RemoteShell.quote(places.tpm))/*/*; do see tpm \"$p\"; done"
        return """
            t=$(printf '\\t')
            see() { [ -f "$2" ] && stat --printf="file$t$1$t%n$t%s\\n" -- "$2"; }
            \((looked + [tpm]).joined(separator: "\n"))
            [ ! -f \(RemoteShell.quote(places.savedState)) ] ||
              echo "runs$t$(od -A n -t u4 -j 24 -N 4 -- \(RemoteShell.quote(places.savedState)) | tr -d ' ')"
            echo "sender$t$(\(Self.question(source.program)) 2>&1 | tail -n 1)"
            \(receiver)

            """
    }

    private var receiver: String {
        guard let words = destination.shell(from: source) else { return "" }
        let question = RemoteShell.quote(Self.question(destination.program(seenFrom: source)))
        let command = (words + ["sh", "-s"]).map(RemoteShell.quote).joined(separator: " ")
        return "echo \"receiver$t$(printf '%s\\n' \(question) | \(command) 2>&1 | tail -n 1)\""
    }

    private static func question(_ program: String) -> String {
        let program = RemoteShell.quote(program)
        return
            "if command -v \(program) >/dev/null; then \(program) --version; else echo there is no \(program); fi"
    }

    private func read(_ answer: String) -> ColdFacts {
        var files: [ColdFacts.File] = []
        var facts = ColdFacts(
            files: .known([]),
            carriers: Carriers(
                sender: .notKnown("\(source.name) did not say whether it has apus"),
                receiver: .notKnown(
                    destination.shell(from: source) == nil
                        ? "how \(source.name) runs a command on \(destination.name) is not known"
                        : "\(source.name) did not say whether \(destination.name) has apus")))
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            switch parts.first {
            case "file" where parts.count == 4:
                guard let kind = ColdFacts.Kind(rawValue: parts[1]), let size = UInt64(parts[3]) else {
                    continue
                }
                files.append(ColdFacts.File(kind: kind, path: parts[2], size: ByteCount(size)))
            // Libvirt's header of a saved image. Source: libvirt's qemu_saveimage.h.
            case "runs" where parts.count == 2: facts.savedRunning = parts[1] != "0"
            case "sender" where parts.count == 2:
                facts.carriers.sender = Self.release(parts[1], on: source.name)
            case "receiver" where parts.count == 2:
                facts.carriers.receiver = Self.release(
                    parts[1], on: "\(destination.name), asked by \(source.name)")
            default: break
            }
        }
        facts.files = .known(files)
        return facts
    }

    /// Of `apus 0.1.0`.
    private static func release(_ answer: String, on host: String) -> Reading<String> {
        guard answer.hasPrefix("apus "), let version = answer.split(separator: " ").last else {
            let said = answer.split { $0.isWhitespace }.joined(separator: " ")
            return .notKnown("\(host): \(said.isEmpty ? "no answer" : said)")
        }
        return .known(String(version))
    }
}

/// Where libvirt keeps what belongs to a guest. Source: libvirt's `qemu_conf.c` and `qemu_tpm.c`.
struct ColdPlaces: Sendable {
    let guest: GuestIdentity

    var tpm: String { "/var/lib/libvirt/swtpm/\(guest.uuid)" }
    var log: String { "/var/log/libvirt/qemu/\(guest.name).log" }
    var savedState: String { "/var/lib/libvirt/qemu/save/\(guest.name).save" }
}

extension Host {
    /// What apus is called on it; on this machine it is this very program, unless the inventory says otherwise.
    var program: String {
        guard remoteShell == [], apus == "apus" else { return apus }
        return (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? apus
    }

    /// The same, as it is called by another host: where that host is this machine, this machine may be it too.
    func program(seenFrom other: Host) -> String { other.remoteShell == [] ? program : apus }
}

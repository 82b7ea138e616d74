import FleetModel
import FoundationEssentials
import Transfer

/// What the source keeps for a guest that does not run besides its disks, what the destination has in the places of
/// that, and whether apus is there to carry it.
struct ColdSurvey: Sendable {
    let guest: GuestIdentity
    let hardware: GuestHardware
    let source: Host
    let destination: Host

    func facts() async -> ColdFacts {
        async let there = answer(of: destination, to: destinationScript)
        var facts: ColdFacts
        switch await answer(of: source, to: script) {
        case .known(let answer): facts = read(answer)
        case .notKnown(let reason):
            facts = ColdFacts(
                files: .notKnown(reason),
                carriers: Carriers(sender: .notKnown(reason), receiver: .notKnown(reason)))
        }
        facts.there = Self.there(await there)
        return facts
    }

    private func answer(of host: Host, to script: String) async -> Reading<String> {
        guard let words = host.remoteShell else { return .notKnown("\(host.name) has no remote-shell") }
        do throws(ApusError) {
            return .known(
                try await RemoteShell(host: host.name, words: words).run(
                    script, to: "look what \(host.name) keeps for \(guest)"))
        } catch {
            return .notKnown(error.detail)
        }
    }

    // MARK: The questions

    /// Of UEFI variables and of a TPM's state also what they are: they are small, and nobody else has them.
    private static let see = """
        t=$(printf '\\t')
        see() {
          [ -f "$2" ] || return 0
          d=
          case $1 in firmware|tpm) d=$(sha256sum < "$2" | cut -d ' ' -f 1) ;; esac
          stat --printf="file$t$1$t%n$t%s$t$d\\n" -- "$2"
        }
        """

    private var states: String {
        let variables = hardware.firmware?.variables.map { "see firmware \(RemoteShell.quote($0))\n" } ?? ""
        let tpm = RemoteShell.quote(ColdPlaces(guest: guest).tpm)
        return "\(variables)for p in \(tpm)/*/*; do see tpm \"$p\"; done"
    }

    /// What this user may not see is told, too: it is not as good as nothing.
    private var destinationScript: String {
        let looked = [hardware.firmware?.variables, ColdPlaces(guest: guest).tpm].compactMap(\.self)
        return """
            \(Self.see)
            for p in \(looked.map(RemoteShell.quote).joined(separator: " ")); do
              r=$(LC_ALL=C ls -- "$p" 2>&1 >/dev/null) || case $r in
                *'No such file'*) ;;
                *) echo "hidden$t$p: ${r##*: }" ;;
              esac
            done
            \(states)

            """
    }

    private var script: String {
        let places = ColdPlaces(guest: guest)
        let looked = [("log", places.log), ("saved-state", places.savedState)]
            .map { kind, path in "see \(kind) \(RemoteShell.quote(path))" }
        return """
            \(Self.see)
            \(states)
            \(looked.joined(separator: "\n"))
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
        return "echo \"receiver$t$(printf '%s\\n' \(question) | timeout 8 \(command) 2>&1 | tail -n 1)\""
    }

    private static func question(_ program: String) -> String {
        let program = RemoteShell.quote(program)
        return
            "if command -v \(program) >/dev/null; then \(program) --version; else echo there is no \(program); fi"
    }

    // MARK: The answers

    static func there(_ answer: Reading<String>) -> Reading<[ColdFacts.File]> {
        guard let lines = answer.value?.split(separator: "\n") else { return answer.map { _ in [] } }
        if let hidden = lines.first(where: { $0.hasPrefix("hidden\t") }) {
            return .notKnown(String(hidden.dropFirst("hidden\t".count)))
        }
        return .known(lines.compactMap(file))
    }

    private static func file(_ line: Substring) -> ColdFacts.File? {
        let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == "file", let kind = ColdFacts.Kind(rawValue: parts[1]),
            let size = UInt64(parts[3])
        else { return nil }
        return ColdFacts.File(
            kind: kind, path: parts[2], size: ByteCount(size), digest: parts[4].isEmpty ? nil : parts[4])
    }

    private func read(_ answer: String) -> ColdFacts {
        var facts = ColdFacts(
            files: .known(answer.split(separator: "\n").compactMap(Self.file)),
            carriers: Carriers(
                sender: .notKnown("\(source.name) did not say whether it has apus"),
                receiver: .notKnown(
                    destination.shell(from: source) == nil
                        ? "how \(source.name) runs a command on \(destination.name) is not known"
                        : "\(source.name) did not say whether \(destination.name) has apus")))
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            switch parts.first {
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

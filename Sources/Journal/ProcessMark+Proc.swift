package import FleetModel
import FoundationEssentials
import Glibc

extension Journal {
    /// The mark of the process that calls.
    package static func currentProcess() -> ProcessMark {
        ProcessMark.of(getpid()) ?? ProcessMark(pid: getpid(), started: 0, boot: "")
    }
}

extension ProcessMark {
    /// Whether the process can still act: it is there, is the same one, and is no zombie.
    ///
    /// What cannot be told counts as alive, since what belongs to a live process must be left alone. Only
    /// processes that this machine's `/proc` shows are known: a journal is not for several machines or PID
    /// namespaces.
    package var isAlive: Bool {
        guard let boot = Self.currentBoot else { return true }
        guard boot == self.boot else { return false }
        guard let status = Self.status(of: pid) else { return kill(pid, 0) == 0 || errno != ESRCH }
        return status.started == started && !["Z", "X", "x"].contains(status.state)
    }

    /// The mark of a process that is there; `nil` when `/proc` does not show it.
    static func of(_ pid: Int32) -> ProcessMark? {
        guard let boot = currentBoot, let status = status(of: pid) else { return nil }
        return ProcessMark(pid: pid, started: status.started, boot: boot)
    }

    /// The kernel's id of this boot; `nil` without `/proc`.
    fileprivate static let currentBoot: String? = text(of: "/proc/sys/kernel/random/boot_id")?
        .split(separator: "\n").first.map(String.init)

    /// A process's state and start time; `nil` when there is none, or none to be seen.
    ///
    /// Source: proc(5), fields 3 and 22 of `/proc/PID/stat`. Field 2, the name, may hold blanks and brackets.
    fileprivate static func status(of pid: Int32) -> (state: Substring, started: UInt64)? {
        guard let text = text(of: "/proc/\(pid)/stat"), let bracket = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[text.index(after: bracket)...].split(separator: " ")
        guard fields.count >= 20, let started = UInt64(fields[19]) else { return nil }
        return (fields[0], started)
    }

    private static func text(of path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }
}

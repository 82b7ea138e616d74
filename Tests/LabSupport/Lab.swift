import FoundationEssentials
import Glibc
import Synchronization
import Testing

/// The lab that LabTests share: raised at the first use, taken down when the tests' process ends.
///
/// With `APUS_TEST_INVENTORY` the tests use hosts that exist already instead, and leave them as they were.
package struct Lab: Sendable {
    /// The repository.
    package static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The `apus` that was built together with these tests.
    package static let apusPath: String = {
        let own = URL(
            filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
        // swift test runs the tests from the folder of products, or (on Linux) by a helper of the toolchain's.
        let folders =
            [own.deletingLastPathComponent().path]
            + CommandLine.arguments.map {
                URL(filePath: $0).deletingLastPathComponent().path
            }
        return folders.map { "\($0)/apus" }.first { access($0, X_OK) == 0 } ?? "\(root)/.build/debug/apus"
    }()

    private static let script = "\(root)/Examples/lab/lab"
    /// Labs of different names live side by side. `APUS_LAB` does not count here: at the end this lab is taken down.
    private static let name = getenv("APUS_TEST_LAB").map { String(cString: $0) } ?? "test"

    /// Hosts that exist already, by their inventory; `nil` is the lab.
    package static let foreignInventory: String? = getenv("APUS_TEST_INVENTORY").map { String(cString: $0) }

    /// Why LabTests cannot run here; `nil` when they can.
    package static let missing: String? = {
        if foreignInventory != nil { return nil }
        if geteuid() != 0 { return "not root: namespaces and libvirt hosts need it (sudo make test)" }
        let tools = ["ip", "libvirtd", "virsh", "qemu-system-x86_64", "busybox", "nasm", "sshd"]
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        let absent = tools.filter { tool in !folders.contains { access("\($0)/\(tool)", X_OK) == 0 } }
        return absent.isEmpty ? nil : "missing \(absent.joined(separator: ", ")): make packages installs them"
    }()

    /// `true` on a CI machine, where a test that is skipped counts as failed.
    package static var isCI: Bool { getenv("CI").map { String(cString: $0) == "true" } ?? false }

    /// The lab, up.
    package static func up() async throws -> Lab {
        try await raised.value
    }

    private static let raised = Task<Lab, any Error> {
        if let foreignInventory { return Lab(inventory: foreignInventory, isForeign: true) }
        atexit {
            system("APUS_LAB=\(Lab.name) '\(Lab.script)' down >/dev/null 2>&1")
        }
        let outcome = try await command(["up", "--hosts", "2", "--shared", "gluster"])
        try #require(outcome.status == 0, "lab up: \(outcome.said)")
        let inventory = try await command(["inventory"])
        return Lab(inventory: inventory.output.split(separator: "\n").joined(), isForeign: false)
    }

    /// The path of the inventory.
    package let inventory: String
    /// Whether the hosts existed before the tests.
    package let isForeign: Bool

    /// Runs the lab's script.
    package static func command(_ words: [String]) async throws -> Outcome {
        try await Program([script] + words, environment: environment).run()
    }

    /// The words that run a command on a host of the lab, or in the clients' network.
    package static func words(on host: String) -> [String] {
        host == "clients" ? [script, "client"] : [script, "exec", host]
    }

    /// The words that run a command while a client watches a web guest.
    package static func watch(_ guest: String, _ command: [String]) -> [String] {
        [script, "watch", guest] + command
    }

    /// Sends a signal to a host's libvirtd, by its own pid file.
    package static func signalDaemon(on host: String, _ signal: Int32) async throws -> Outcome {
        try await command(["exec", host, "bash", "-c", "kill -\(signal) $(cat /run/libvirtd.pid)"])
    }

    /// The environment that the script needs to know which lab is meant.
    package static let environment = ["APUS_LAB": name, "APUS_BINARY": apusPath]

    // MARK: apus

    /// Runs `apus` with this lab's inventory.
    package func apus(_ words: String...) async throws -> Outcome {
        try await program(words).run()
    }

    /// Runs `apus` with this lab's inventory.
    package func apus(_ words: [String]) async throws -> Outcome {
        try await program(words).run()
    }

    /// Starts `apus` with this lab's inventory.
    package func startApus(_ words: String...) -> RunningProgram {
        program(words).start()
    }

    /// Starts `apus` with this lab's inventory.
    package func startApus(_ words: [String]) -> RunningProgram {
        program(words).start()
    }

    /// What `apus` is told of this lab: the inventory, and a journal of the tests' own.
    package var apusEnvironment: [String: String] {
        ["APUS_INVENTORY": inventory, "APUS_STATE": Self.journal, "NO_COLOR": "1"]
    }

    private func program(_ words: [String]) -> Program {
        Program([Self.apusPath] + words, environment: apusEnvironment)
    }

    /// The journal of these tests, gone when their process ends.
    private static let journal: String = {
        atexit { try? FileManager.default.removeItem(atPath: Lab.journal) }
        return "/tmp/apus-test-journal-\(getpid())"
    }()
}

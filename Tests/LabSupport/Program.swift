import Subprocess
import Synchronization
import SystemPackage

/// How a program ended; an exit status that is not 0 is a result, not an error.
package struct Outcome: Sendable {
    package let status: Int32
    package let output: String
    package let error: String

    /// Everything that it said, for a failed expectation.
    package var said: String { "exit \(status)\n\(output)\n\(error)" }
}

/// A program that a test runs to its end, or starts and sends signals to.
package struct Program: Sendable {
    private let words: [String]
    private let environment: [String: String]

    package init(_ words: [String], environment: [String: String] = [:]) {
        self.words = words
        self.environment = environment
    }

    /// Runs it and waits.
    package func run() async throws -> Outcome {
        let result = try await Subprocess.run(
            executable, arguments: Arguments(Array(words.dropFirst())), environment: mergedEnvironment,
            input: .none, output: .string(limit: 8 << 20), error: .string(limit: 8 << 20))
        return Outcome(
            status: Self.status(result.terminationStatus), output: result.standardOutput,
            error: result.standardError)
    }

    /// Starts it; its standard error is read line by line while it runs.
    package func start() -> RunningProgram {
        RunningProgram(words: words, environment: environment)
    }

    var executable: Executable { words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]) }

    var mergedEnvironment: Environment {
        Environment.inherit.updating(
            Dictionary(
                uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }

    static func status(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}

/// A program that runs beside the test.
package final class RunningProgram: Sendable {
    /// What it writes to standard error, line by line, from its start.
    package let errorLines: AsyncStream<String>
    private let task: Task<Outcome, any Error>
    private let started: AsyncStream<Void>

    init(words: [String], environment: [String: String]) {
        let (errorLines, errors) = AsyncStream.makeStream(of: String.self)
        let (started, startedContinuation) = AsyncStream.makeStream(of: Void.self)
        self.errorLines = errorLines
        self.started = started
        let program = Program(words, environment: environment)
        let box = Box()
        task = Task {
            let output = FilePath("/tmp/apus-test-\(UInt64.random(in: 0 ... .max)).out")
            let descriptor = try FileDescriptor.open(
                output, .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
            defer {
                try? descriptor.close()
                unlinkFile(output)
            }
            var said = ""
            let result = try await Subprocess.run(
                program.executable, arguments: Arguments(Array(words.dropFirst())),
                environment: program.mergedEnvironment, input: .none,
                output: .fileDescriptor(descriptor, closeAfterSpawningProcess: false), error: .sequence
            ) { execution in
                box.note(execution.processIdentifier)
                startedContinuation.yield()
                startedContinuation.finish()
                for try await line in execution.standardError.strings() {
                    said += line + "\n"
                    errors.yield(line)
                }
                errors.finish()
            }
            return Outcome(
                status: Program.status(result.terminationStatus), output: try readFile(output), error: said)
        }
        self.box = box
    }

    private let box: Box

    private final class Box: Sendable {
        private let value = Mutex<ProcessIdentifier?>(nil)
        func note(_ identifier: ProcessIdentifier) { value.withLock { $0 = identifier } }
        var identifier: ProcessIdentifier? { value.withLock { $0 } }
    }

    /// Sends it a signal.
    package func send(_ signal: Int32) async {
        for await _ in started { break }
        guard let identifier = box.identifier else { return }
        sendSignal(signal, to: identifier.value)
    }

    /// How it ended.
    package func outcome() async throws -> Outcome { try await task.value }
}

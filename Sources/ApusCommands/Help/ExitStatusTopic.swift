import ArgumentParser

/// `apus help exit-status`
struct ExitStatusTopic: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit-status", abstract: "What each exit status means.", discussion: text,
        shouldDisplay: false)

    static let text = ExitStatus.allCases
        .map { status in
            let number = "\(status.rawValue)"
            return String(repeating: " ", count: 3 - number.count) + "\(number)  \(status.meaning)"
        }
        .joined(separator: "\n")

    func run() {
        Console.print(Self.text)
    }
}

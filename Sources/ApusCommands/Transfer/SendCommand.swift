import ArgumentParser
import Dispatch
import FleetModel
import FoundationEssentials
import Glibc
import Synchronization
import Transfer

/// `apus send`, which the apus that moves a guest starts on the guest's source.
struct SendCommand: Carrier {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Sends files of a guest to the apus of another host (run by apus itself).",
        discussion: """
            Example: apus migrate web01 --to beta

            Its job comes as a line of JSON on standard input, and it says how far it is on standard output. The end of \
            its input ends it.
            """, shouldDisplay: false)

    func run() async throws {
        var ready = SendNews(.ready)
        ready.version = apusVersion
        Self.say(ready)
        var lines = InputLines()
        guard let line = lines.next() else { return }
        do throws(TransferError) {
            let job = try Self.job(line)
            let hold = try job.hold()
            Self.say(SendNews(.held))
            let throttle = Throttle(job.bandwidth.map(ByteRate.init(bytesPerSecond:)))
            Self.follow(lines, throttle)
            let heartbeat = Task {
                while (try? await Task.sleep(for: .seconds(5))) != nil { Self.say(SendNews(.alive)) }
            }
            defer { heartbeat.cancel() }
            let pace = Pace()
            let result = try await job.send(throttle: throttle) { progress in
                if pace.isDue { Self.say(SendNews(progress)) }
            }
            Self.say(SendNews(result))
            // Until the input ends.
            withExtendedLifetime(hold) { while true { pause() } }
        } catch {
            Self.say(SendNews(error))
            Glibc._exit(ExitStatus.failed.rawValue)
        }
    }

    /// Hears whoever gave the job. The end of that, or a silence, means that nobody is left to put to use what arrives; and
    /// the images must not stay held for somebody who is gone.
    private static func follow(_ lines: InputLines, _ throttle: Throttle) {
        DispatchQueue(label: "apus.send.input").async {
            var lines = lines
            while let line = lines.next() {
                guard let order = SendOrder(line) else { continue }
                switch order {
                case .bandwidth(let rate): throttle.setRate(rate)
                }
            }
            Glibc._exit(ExitStatus.done.rawValue)
        }
    }

    private static func job(_ line: String) throws(TransferError) -> SendJob {
        do {
            return try JSONDecoder().decode(SendJob.self, from: Data(line.utf8))
        } catch {
            throw TransferError(
                .versionMismatch, "read the job",
                "this apus \(apusVersion) does not understand what it is to send",
                hint: "Install the same release of apus on all hosts.")
        }
    }

    private static func say(_ news: SendNews) {
        guard let data = try? JSONEncoder().encode(news) else { return }
        Console.print(String(decoding: data, as: UTF8.self))
    }

    /// Five times a second is enough.
    private final class Pace: Sendable {
        private let last = Mutex<ContinuousClock.Instant?>(nil)

        var isDue: Bool {
            last.withLock { last in
                let now = ContinuousClock.now
                guard last.map({ $0.duration(to: now) >= .milliseconds(200) }) ?? true else { return false }
                last = now
                return true
            }
        }
    }
}

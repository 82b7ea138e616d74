import Glibc
import TransferSupport

/// `fuzz-transfer FIRST COUNT [DIRECTORY]`: so many seeds from the first one on, each against both ends of a transfer
/// of files, and every eighth against both ends of a relay.
///
/// The directory is best one in memory: what is stored is synchronized to it.
let arguments = CommandLine.arguments.dropFirst()
let numbers = arguments.prefix(2).compactMap { UInt64($0) }
guard numbers.count == 2 else {
    print("usage: fuzz-transfer FIRST COUNT [DIRECTORY]")
    exit(64)
}
let clock = ContinuousClock()
let start = clock.now
var inputs = 2 * numbers[1]
do {
    // Not a global: its files go when it does.
    let fuzz = try await TransferFuzz(below: arguments.dropFirst(2).first ?? "/dev/shm")
    let relayFuzz = try RelayFuzz(below: arguments.dropFirst(2).first ?? "/dev/shm")
    for seed in numbers[0]..<numbers[0] + numbers[1] {
        try fuzz.run(seed: seed)
        guard seed % 8 == 0 else { continue }
        try relayFuzz.run(seed: seed)
        inputs += 2
    }
    for (ending, count) in fuzz.endings.merging(relayFuzz.endings, uniquingKeysWith: +).sorted(by: {
        $0.key < $1.key
    }) { print("\(count)\t\(ending)") }
} catch {
    print(error)
    exit(1)
}
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
print(
    "\(inputs) inputs in \(start.duration(to: clock.now)), at most \(usage.ru_maxrss >> 10) MiB of memory"
)

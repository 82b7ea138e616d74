import Glibc
import LZ4

// lz4-speed FILE ROUNDS: this module and `lz4 -b1` by turns on the same content, on one core.

let arguments = CommandLine.arguments
guard arguments.count == 3, let rounds = Int(arguments[2]), rounds > 0 else {
    print("usage: lz4-speed FILE ROUNDS")
    exit(64)
}
let content = try readFile(arguments[1])

// The tool inherits the core, so that neither has one that the other has not.
pinToOneCore()

let candidates: [(name: String, run: () throws -> Speeds)] = [
    ("frames of 1 MiB, blocks of 1 MiB", { try wholeFrames(content, FrameOptions(blockSize: .mebibyte1)) }),
    (
        "frames of 1 MiB, blocks of 64 KiB",
        { try wholeFrames(content, FrameOptions(blockSize: .kibibytes64)) }
    ),
    ("stream, linked blocks of 256 KiB", { try stream(content, FrameOptions(blockSize: .kibibytes256)) }),
    ("stream, linked blocks of 64 KiB", { try stream(content, FrameOptions(blockSize: .kibibytes64)) }),
    (
        "stream, blocks of 1 MiB, not linked",
        { try stream(content, FrameOptions(blockSize: .mebibyte1, linksBlocks: false)) }
    ),
]

var tool: [Speeds] = []
var ours: [[Speeds]] = candidates.map { _ in [] }
for round in 1...rounds {
    print("round \(round) of \(rounds)")
    for (position, candidate) in candidates.enumerated() {
        tool.append(try toolSpeeds(arguments[1]))
        ours[position].append(try candidate.run())
    }
}

print(
    "\nMB/s on one core, medians of \(rounds) rounds; in brackets the median ratio to the lz4 -b1 run just before."
)
print(
    "lz4 -b1 works on bare blocks and computes no checksum. Ours has the checksum of the content in it, written"
)
print(
    "and verified. Each side's figure in a round is its fastest pass within a second, as lz4 -b1 reports it.\n"
)
print(
    "lz4 -b1".padded(40), median(tool.map(\.compression)), median(tool.map(\.decompression)),
    median(tool.map(\.shrinkage)))
for (position, candidate) in candidates.enumerated() {
    // The tool ran once before each candidate in each round.
    let before = stride(from: position, to: tool.count, by: candidates.count).map { tool[$0] }
    let pairs = zip(ours[position], before)
    print(
        candidate.name.padded(40),
        median(ours[position].map(\.compression)),
        "(\(median(pairs.map { $0.compression / $1.compression })))",
        median(ours[position].map(\.decompression)),
        "(\(median(pairs.map { $0.decompression / $1.decompression })))",
        median(ours[position].map(\.shrinkage)))
}

import Glibc
import LZ4

// lz4-speed FILE ROUNDS: this module and `lz4 -b1` by turns on the same content, on one core.

let arguments = CommandLine.arguments
guard arguments.count == 3, let rounds = Int(arguments[2]), rounds > 0 else {
    print("usage: lz4-speed FILE ROUNDS")
    exit(64)
}
let content = try readFile(arguments[1])
let size = content.count
let linked = FrameOptions(blockSize: .kibibytes64)
let bare = BareBlock(size)
let unchecked = try Stream("reading what lz4 --no-frame-crc wrote", linked, size)
let candidates: [any Candidate] = [
    try WholeFrames("frames of 256 KiB, one block", FrameOptions(blockSize: .mebibyte1), size, chunk: 256 << 10),
    try WholeFrames("frames of 512 KiB, one block", FrameOptions(blockSize: .mebibyte1), size, chunk: 512 << 10),
    try WholeFrames("frames of 1 MiB, one block", FrameOptions(blockSize: .mebibyte1), size),
    try WholeFrames("frames of 1 MiB, blocks of 64 KiB", linked, size),
    try Stream("stream, blocks of 256 KiB, linked", FrameOptions(), size),
    try Stream("stream, blocks of 64 KiB, linked", linked, size),
    try Stream("stream, blocks of 1 MiB", FrameOptions(blockSize: .mebibyte1, linksBlocks: false), size),
]
unchecked.adopt(try output(of: "lz4 -1 -q -c -B4 -BD --no-frame-crc '\(arguments[1])'"))

/// A pass each way.
struct Trip {
    let compression: Pass?
    let decompression: Pass
}

@MainActor func trip(_ candidate: any Candidate) throws -> Trip {
    let compression = candidate === unchecked ? nil : try Pass { try candidate.compress(content) }
    let decompression = try Pass { try candidate.decompress() }
    guard candidate.contentBytes == size else {
        throw Failure(detail: "\(candidate.name): \(candidate.contentBytes) bytes came back")
    }
    return Trip(compression: compression, decompression: decompression)
}

var tool: [(compression: Double, decompression: Double)] = []
var pairs: [[(bare: Trip, ours: Trip)]] = (candidates + [unchecked]).map { _ in [] }
for round in 0...rounds {
    // The first round only warms up.
    if round > 0 { tool.append(try toolSpeeds(arguments[1])) }
    for (position, candidate) in (candidates + [unchecked]).enumerated() {
        let pair = (bare: try trip(bare), ours: try trip(candidate))
        if round > 0 { pairs[position].append(pair) }
    }
}

func speed(_ seconds: Double) -> String { (Double(size) / 1e6 / seconds).rounded(to: 0) }

print(
    "\n\(size) bytes, \(rounds) rounds, medians, one core. The content's checksum is in all figures of ours, written"
)
print(
    "and verified; lz4 -b1 has none. MB/s and ratios are of processor time, against the bare block's pass just"
)
print("before; then, of the same passes, by the clock on the wall.\n")
print("".padded(40), "out MB/s  ratio (wall)    in MB/s  ratio (wall)   shrinks to")
for (position, candidate) in (candidates + [unchecked]).enumerated() {
    let pairs = pairs[position]
    func column(_ pass: (Trip) -> Pass?) -> String {
        let both = pairs.compactMap { pair in
            if let ours = pass(pair.ours), let bare = pass(pair.bare) {
                (ours: ours, bare: bare)
            } else {
                nil
            }
        }
        guard !both.isEmpty else { return "–".padded(24) }
        let ratio = median(both.map { $0.bare.processor / $0.ours.processor }).rounded(to: 2)
        let wall = median(both.map { $0.bare.wall / $0.ours.wall }).rounded(to: 2)
        return "\(speed(median(both.map(\.ours.processor))))  \(ratio) (\(wall))".padded(24)
    }
    print(
        candidate.name.padded(40), column(\.compression), column { $0.decompression },
        "\((100 * Double(candidate.compressedBytes) / Double(size)).rounded(to: 1)) %")
}
let bareTrips = pairs.flatMap { $0.map(\.bare) }
print(
    bare.name.padded(40), speed(median(bareTrips.compactMap(\.compression?.processor))).padded(24),
    speed(median(bareTrips.map(\.decompression.processor))).padded(24),
    "\((100 * Double(bare.compressedBytes) / Double(size)).rounded(to: 1)) %")
print(
    "lz4 -b1 -i1 itself, wall clock".padded(40), median(tool.map(\.compression)).rounded(to: 0).padded(24),
    median(tool.map(\.decompression)).rounded(to: 0))

import Dispatch
import FoundationEssentials
import Glibc
import SystemPackage
import Transfer

// relay-speed FILE MEBIBYTES ROUNDS unix|tcp: a stream through both ends of a relay in this process, by turns with one through
// a socket pair; then the round trip of one byte. All of it shares this machine's cores.

let arguments = CommandLine.arguments
guard arguments.count == 5, let mebibytes = Int(arguments[2]), let rounds = Int(arguments[3]), rounds > 0
else {
    print("usage: relay-speed FILE MEBIBYTES ROUNDS unix|tcp")
    exit(64)
}
signal(SIGPIPE, SIG_IGN)
let folder = FileManager.default.temporaryDirectory.path + "/apus-relay-speed-\(getpid())"
mkdir(folder, 0o700)
let content = try readFile(arguments[1], atMost: mebibytes << 20)
let kinds: [(name: String, compression: RelayCompression?)] = [
    ("no relay", nil), ("never", .never), ("always", .always), ("adaptive", .adaptive),
]

func readFile(_ path: String, atMost length: Int) throws -> [UInt8] {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: length)
    var count = 0
    while count < length {
        let more = try bytes.withUnsafeMutableBytes {
            try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
        if more == 0 { break }
        count += more
    }
    return Array(bytes.prefix(count))
}

/// Seconds for all of the content, until its last byte is there.
@MainActor func bulk(_ route: Route) throws -> Double {
    let start = ContinuousClock.now
    let (near, content) = (route.near, content)
    let group = DispatchGroup()
    DispatchQueue(label: "writer").async(group: group) {
        for begin in stride(from: 0, to: content.count, by: 1 << 18) {
            _ = try? near.writeAll(content[begin..<min(begin + 1 << 18, content.count)])
        }
    }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var count = 0
    while count < content.count {
        let more = try buffer.withUnsafeMutableBytes { try route.far.read(into: $0) }
        guard more > 0 else { throw Failure(detail: "only \(count) bytes came") }
        count += more
    }
    group.wait()
    return start.duration(to: .now) / .seconds(1)
}

/// Seconds of one byte there and back, the median of many.
func ping(_ route: Route) throws -> Double {
    let far = route.far
    let count = 2000
    let group = DispatchGroup()
    DispatchQueue(label: "echo").async(group: group) {
        var byte: [UInt8] = [0]
        for _ in 0..<count {
            guard let read = try? byte.withUnsafeMutableBytes({ try far.read(into: $0) }), read == 1 else {
                return
            }
            _ = try? far.writeAll(byte)
        }
    }
    var times: [Double] = []
    var byte: [UInt8] = [1]
    for _ in 0..<count {
        let start = ContinuousClock.now
        try route.near.writeAll(byte)
        _ = try byte.withUnsafeMutableBytes { try route.near.read(into: $0) }
        times.append(start.duration(to: .now) / .seconds(1))
    }
    group.wait()
    return times.sorted()[count / 2]
}

print("\(content.count) bytes, \(rounds) rounds, medians")
var speeds: [[Double]] = kinds.map { _ in [] }
var pings = speeds
var shares = speeds
for _ in 0..<rounds {
    for (place, kind) in kinds.enumerated() {
        let route = try Route(kind.compression, overTCP: arguments[4] == "tcp", in: folder)
        pings[place].append(try ping(route))
        let before = route.wireBytes
        speeds[place].append(Double(content.count) / 1e6 / (try bulk(route)))
        shares[place].append(Double(route.wireBytes - before) / Double(content.count))
        try route.close()
    }
}
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
for (place, kind) in kinds.enumerated() {
    print(
        "\(kind.name): \(Int(median(speeds[place]))) MB/s, \(Int(100 * median(shares[place]))) % on the wire, "
            + "1-byte round trip \(Int(median(pings[place]) * 1e6)) µs")
}
rmdir(folder)

import Glibc

/// Megabytes (10^6 bytes) of content a second, and content divided by frames.
struct Speeds {
    var compression: Double
    var decompression: Double
    var shrinkage: Double
}

struct Failure: Error { let detail: String }

/// The fastest of the passes that fit into a second.
func fastest(_ bytes: Int, _ pass: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(1)
    var least = Duration.seconds(1000)
    repeat {
        least = try min(least, clock.measure(pass))
    } while clock.now < end
    return Double(bytes) / 1e6 / (least / .seconds(1))
}

/// What `lz4 -b1` says of the file: "1#name : 67108864 -> 30131733 (2.227), 412.1 MB/s ,2104.5 MB/s".
func toolSpeeds(_ path: String) throws -> Speeds {
    guard let pipe = popen("lz4 -b1 -i1 '\(path)' 2>&1", "r") else { throw Failure(detail: "no lz4") }
    defer { pclose(pipe) }
    var text = ""
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, CInt(buffer.count), pipe) != nil {
        text += String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    // It repaints its line; the last one counts.
    let line = text.split(whereSeparator: { "\r\n".contains($0) }).last { $0.contains("MB/s") } ?? ""
    let numbers = line.split(whereSeparator: { !"0123456789.".contains($0) }).compactMap { Double($0) }
    guard numbers.count >= 3 else { throw Failure(detail: "lz4 -b1 says: \(text)") }
    let tail = numbers.suffix(3)
    return Speeds(
        compression: tail[tail.startIndex + 1], decompression: tail[tail.startIndex + 2],
        shrinkage: tail[tail.startIndex])
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw Failure(detail: "cannot read \(path)") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
}

func pinToOneCore() {
    var cores = cpu_set_t()
    cores.__bits.0 = 1 << 1
    sched_setaffinity(0, MemoryLayout<cpu_set_t>.size, &cores)
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[sorted.count / 2] * 1000).rounded() / 1000
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 0)) }
}

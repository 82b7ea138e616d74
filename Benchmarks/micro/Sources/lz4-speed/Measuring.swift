import Glibc

/// Seconds of one pass over the content.
struct Pass {
    /// By the clock on the wall, which also counts what others do on this core meanwhile.
    var wall: Double
    /// Of the processor, for this thread.
    var processor: Double

    init(_ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let (start, started) = (clock.now, Self.processorSeconds())
        try body()
        processor = Self.processorSeconds() - started
        wall = (clock.now - start) / .seconds(1)
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

struct Failure: Error { let detail: String }

/// What `lz4 -b1` says of the file, in MB/s: its last line has "(1.786), 412.1 MB/s ,2104.5 MB/s".
func toolSpeeds(_ path: String) throws -> (compression: Double, decompression: Double) {
    let text = String(decoding: try output(of: "lz4 -b1 -i1 '\(path)' 2>&1"), as: UTF8.self)
    let lines = text.split { "\r\n".contains($0) }
    guard let line = lines.last(where: { $0.split(separator: "MB/s").count >= 2 && $0.contains("), ") }),
        let figures = line.split(separator: "), ").last
    else { throw Failure(detail: "lz4 -b1 says: \(text)") }
    let numbers = figures.split { !"0123456789.".contains($0) }.compactMap { Double($0) }
    guard numbers.count >= 2 else { throw Failure(detail: "lz4 -b1 says: \(line)") }
    return (numbers[0], numbers[1])
}

func output(of command: String) throws -> [UInt8] {
    guard let pipe = popen(command, "r") else { throw Failure(detail: "cannot run \(command)") }
    defer { pclose(pipe) }
    return read(pipe)
}

func readFile(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw Failure(detail: "cannot read \(path)") }
    defer { fclose(file) }
    return read(file)
}

private func read(_ file: UnsafeMutablePointer<FILE>) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted[sorted.count / 2]
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}

extension Double {
    /// With so many digits behind the point.
    func rounded(to digits: Int) -> String {
        let scale = pow(10, Double(digits))
        return "\((self * scale).rounded() / scale)"
    }
}

import TestSupport

/// Changes a recorded stream: half of the time blindly, half of the time frame by frame with right checks, because
/// a blind change hardly ever gets behind them.
struct Mutator {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func next(_ stream: [UInt8]) -> [UInt8] {
        guard Bool.random(using: &generator) else { return blind(stream) }
        var frames = RawFrames(stream).frames
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !frames.isEmpty { change(&frames) }
        let bytes = RawFrames(frames).bytes
        return Int.random(in: 0..<8, using: &generator) == 0 ? blind(bytes) : bytes
    }

    private mutating func blind(_ stream: [UInt8]) -> [UInt8] {
        var bytes = stream
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[place] = .random(in: .min ... .max, using: &generator)
            case 2: bytes.removeSubrange(place...)
            case 3:
                bytes.removeSubrange(place..<min(place + .random(in: 1...40, using: &generator), bytes.count))
            case 4: bytes.insert(contentsOf: noise(.random(in: 1...40, using: &generator)), at: place)
            default: bytes.insert(contentsOf: bytes[place..<min(place + 64, bytes.count)], at: place)
            }
        }
        return bytes
    }

    private mutating func change(_ frames: inout [RawFrames.Frame]) {
        // The greeting is left alone most of the time, so that what follows is read.
        let first = frames.count > 1 && Int.random(in: 0..<10, using: &generator) > 0 ? 1 : 0
        let place = Int.random(in: first..<frames.count, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: frames.remove(at: place)
        case 1: frames.insert(frames[place], at: place)
        case 2: frames.swapAt(place, .random(in: first..<frames.count, using: &generator))
        case 3: frames[place].type = .random(in: 0...0x24, using: &generator)
        case 4: frames[place].body = noise(.random(in: 0...80, using: &generator))
        case 5:
            let count = frames[place].body.count
            frames[place].body.removeLast(.random(in: 0...min(count, 8), using: &generator))
        default: changeValue(&frames[place].body)
        }
    }

    /// Most fields lie in the first bytes; a value near an edge says more than one in the middle.
    private mutating func changeValue(_ body: inout [UInt8]) {
        guard !body.isEmpty else { return }
        let reach = Bool.random(using: &generator) ? min(body.count, 48) : body.count
        let place = Int.random(in: 0..<reach, using: &generator)
        let edges: [UInt8] = [0, 1, 2, 0x2e, 0x2f, 0x7f, 0x80, 0xff]
        for offset in place..<min(place + 1 << Int.random(in: 0...3, using: &generator), body.count) {
            body[offset] = edges.randomElement(using: &generator) ?? 0
        }
        if Bool.random(using: &generator) { body[place] = .random(in: .min ... .max, using: &generator) }
    }

    private mutating func noise(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}

@testable import Transfer

/// Where the frames of a stream begin.
enum FrameBoundaries {
    static func of(_ stream: [UInt8]) throws -> [Int] {
        var places: [Int] = []
        var place = 0
        while place < stream.count {
            let header = try FrameHeader(
                parsing: stream[place..<place + FrameHeader.length], sequence: UInt64(places.count))
            places.append(place)
            place += FrameHeader.length + header.bodyLength
        }
        return places
    }
}

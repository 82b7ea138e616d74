package import FleetModel
import Libvirt
import Transfer

/// Compresses some of a running guest's memory, to see what a relay would make of it.
struct MemorySampler: Sendable {
    let guest: Guest
    let link: HostLink

    /// Blocks of 64 KiB, spread evenly; each takes QEMU 2 to 5 ms.
    private static let blocks = 24
    private static let blockSize = 64 << 10
    private static let pageSize = 4096
    /// Pages that are not zero tell something from so many on.
    private static let fewest = 32

    func sample() async -> Reading<MemorySample> {
        let reference = DomainReference.uuid(guest.identity.uuid)
        let addresses = DirtySampler.addresses(
            Self.blocks, blockSize: UInt64(Self.blockSize), memory: guest.memory.bytes)
        let blocks = await link.read { (connection) throws(LibvirtError) in
            try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                var blocks: [[UInt8]] = []
                for address in addresses {
                    blocks.append(try domain.memory(at: address, count: Self.blockSize))
                }
                return blocks
            }
        }
        guard let blocks = blocks.value else { return .notKnown(blocks.reason ?? "") }
        let pieces = blocks.map(Self.withoutZeros)
        guard pieces.reduce(0, { $0 + $1.count }) >= Self.fewest * Self.pageSize else {
            return .notKnown("what was looked at is almost all zeros")
        }
        do {
            let sample = try CompressedSample(of: pieces)
            let rate = Double(sample.content) / max(sample.time.seconds, 1e-6)
            return .known(
                MemorySample(
                    content: ByteCount(UInt64(sample.content)),
                    compressed: ByteCount(UInt64(sample.compressed)),
                    rate: ByteRate(bytesPerSecond: UInt64(rate))))
        } catch {
            return .notKnown(error.detail)
        }
    }

    /// QEMU sends no pages of zeros.
    private static func withoutZeros(_ block: [UInt8]) -> [UInt8] {
        var rest: [UInt8] = []
        for start in stride(from: 0, to: block.count, by: pageSize) {
            let page = block[start..<min(start + pageSize, block.count)]
            if page.contains(where: { $0 != 0 }) { rest += page }
        }
        return rest
    }
}

extension MoveSession {
    /// How the guest's memory compresses; a tenth of a second. On a connection of its own, so that nobody waits for it.
    package func memorySample() async -> Reading<MemorySample> {
        await MemorySampler(guest: guest, link: worker).sample()
    }
}

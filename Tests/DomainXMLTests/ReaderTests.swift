import DomainXML
import TestSupport
import Testing

@Suite("Readers")
struct ReaderTests {
    static let samples = [
        Sample.tied, Sample.running, Sample.capabilities, DomainCapabilitiesTests.text,
    ]

    /// What numbers, sets and words of a document are swapped for.
    static let pieces = [
        "", " ", "-1", "0", "18446744073709551615", "99999999999999999999999", "0x", "0xffffffffffffffff",
        "-9223372036854775808", "yes", "0-16383,^1", "٣", "é", "domain", "EiB", "\u{301}",
    ]

    @Test(
        "answer for whatever is accepted: values swapped, elements lost, doubled and renamed",
        arguments: [1, 2, 3, 4, 5, 6])
    func mutated(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<300 {
            let sample = Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)]
            var text = sample
            for _ in 0...Int.random(in: 0...8, using: &random) {
                text = Self.mutate(text, using: &random)
            }
            guard let document = try? Document(parsing: text) else { continue }
            read += 1
            Self.readEverything(document)
        }
        #expect(read > 50)
    }

    /// Swaps one quoted value, or takes a line away, or doubles one.
    private static func mutate(_ text: String, using random: inout SeededGenerator) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let index = Int.random(in: 0..<lines.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0 where lines[index].contains("/>"): lines.remove(at: index)
        case 1 where lines[index].contains("/>"): lines.insert(lines[index], at: index)
        default:
            var parts = lines[index].split(separator: "'", omittingEmptySubsequences: false).map(String.init)
            guard parts.count > 2 else { break }
            let value = Int.random(in: 0..<(parts.count / 2), using: &random) * 2 + 1
            parts[value] = pieces[Int.random(in: 0..<pieces.count, using: &random)]
            lines[index] = parts.joined(separator: "'")
        }
        return lines.joined(separator: "\n")
    }

    private static func readEverything(_ document: Document) {
        _ = try? HostCapabilities(document)
        _ = try? DomainCapabilities(document)
        _ = try? NetworkDefinition(document)
        _ = try? PoolDefinition(document)
        guard let guest = try? GuestDefinition(document) else { return }
        _ = try? guest.disks
        _ = try? guest.memoryBytes
        _ = try? guest.onlineVirtualProcessors
        _ = (guest.cpu, guest.hasInvariantTSC, guest.timers, guest.firmware, guest.tpm, guest.vsock)
        _ = (guest.interfaces, guest.hostDevices, guest.fileSystems, guest.sharedMemory, guest.graphics)
        _ = (guest.characterDevices, guest.leases, guest.inputPaths, guest.iommu, guest.launchSecurity)
        _ = (guest.memoryBacking, guest.memoryDevices, guest.numaTuning, guest.numaCells)
        _ = guest.secretReferences
        let pinning = guest.processorPinning
        let sets = [pinning?.processors, pinning?.emulator] + (pinning?.pins.map(\.set) ?? [])
        _ = sets.compactMap { $0.flatMap(CPUSet.init(parsing:)) }
    }

    @Test("take what is repeated ten thousand times, or nested as deep as is accepted")
    func huge() throws {
        func many(_ element: String) -> String { String(repeating: element, count: 10_000) }
        let devices = [
            "<hostdev type='usb'><source><vendor id='1'/></source></hostdev>",
            "<interface type='bridge'><source bridge='b'/></interface>", "<rng/>", "<shmem/>",
        ]
        for device in devices {
            let text = "<domain><devices>\(many(device))</devices></domain>"
            let guest = try GuestDefinition(parsing: text)
            Self.readEverything(guest.document)
        }
        let depth = 100
        let chain =
            String(repeating: "<backingStore type='file'><source file='/b'/>", count: depth)
            + String(repeating: "</backingStore>", count: depth)
        let guest = try GuestDefinition(
            parsing: "<domain><devices><disk><target dev='vda'/>\(chain)</disk></devices></domain>")
        #expect(try guest.disks.first?.backingChain.count == depth)
        #expect(guest.secretReferences.isEmpty)
    }
}

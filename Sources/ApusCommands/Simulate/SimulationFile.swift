import FleetModel
import FoundationEssentials
import Policy
import Simulator
import Yams

/// A fleet that does not exist, and what happens to it: `apus simulate FILE`.
struct SimulationFile {
    var fleet = Fleet(hosts: [], guests: [])
    var curves: [FleetDay.Curve] = []
    var failures: [FleetDay.Failure] = []

    private static let hostKeys = ["memory", "processors", "fails-at"]
    private static let guestKeys =
        ["host", "memory", "load", "swing", "peak", "noise", "policy"]

    /// - Throws: `ApusError` with `document-invalid`, naming the line and the nearest known key.
    init(reading path: String) throws(ApusError) {
        let reader = InventoryParser(file: path)
        let root: Node?
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            root = try Yams.compose(yaml: String(decoding: data, as: UTF8.self), .basic)
        } catch {
            throw reader.invalid(nil, "\(error)")
        }
        guard let root else { throw reader.invalid(nil, "it is empty") }
        var guests: Node?
        for (key, value) in try reader.mapping(root, "the simulation") {
            switch try reader.scalar(key, "a key") {
            case "hosts": try read(hosts: value, reader)
            case "guests": guests = value
            case let word: throw reader.unknown(key, word, among: ["hosts", "guests"])
            }
        }
        if let guests { try read(guests: guests, reader) }
        guard !fleet.hosts.isEmpty else { throw reader.invalid(root, "it has no hosts") }
    }

    private mutating func read(hosts node: Node, _ reader: InventoryParser) throws(ApusError) {
        for (key, description) in try reader.mapping(node, "hosts") {
            let name = try reader.scalar(key, "a host's name")
            var (memory, processors) = (ByteCount.zero, 0)
            for (key, value) in try reader.mapping(description, "host \(name)") {
                let word = try reader.scalar(key, "a key of host \(name)")
                switch word {
                case "memory": memory = try size(value, "memory of host \(name)", reader)
                case "processors":
                    processors = Int(try number(value, "processors of host \(name)", 1...4096, reader))
                case "fails-at":
                    failures.append(
                        FleetDay.Failure(
                            host: fleet.hosts.count,
                            hour: try number(value, "fails-at of host \(name)", 0...8760, reader)))
                default: throw reader.unknown(key, word, among: Self.hostKeys)
                }
            }
            guard memory > .zero, processors > 0 else {
                throw reader.invalid(key, "host \(name) needs memory (such as 256GiB) and processors")
            }
            fleet.hosts.append(FleetHost(name: name, memory: memory, processors: processors))
        }
    }

    private mutating func read(guests node: Node, _ reader: InventoryParser) throws(ApusError) {
        for (key, description) in try reader.mapping(node, "guests") {
            let name = try reader.scalar(key, "a guest's name")
            var (host, memory, policy) = (Int?.none, ByteCount.zero, GuestPolicy())
            var curve = FleetDay.Curve(middle: 0)
            for (key, value) in try reader.mapping(description, "guest \(name)") {
                let word = try reader.scalar(key, "a key of guest \(name)")
                let what = "\(word) of guest \(name)"
                switch word {
                case "host":
                    let wanted = try reader.scalar(value, what)
                    guard let place = fleet.host(named: wanted) else {
                        throw reader.invalid(
                            value, "there is no host '\(wanted)'",
                            hint: Spelling.suggestion(for: wanted, in: fleet.hosts.map(\.name))
                                ?? "Name it under hosts.")
                    }
                    host = place
                case "memory": memory = try size(value, what, reader)
                case "load": curve.middle = try number(value, what, 0...4096, reader)
                case "swing": curve.swing = try number(value, what, 0...1, reader)
                case "peak": curve.peak = try number(value, what, 0...24, reader) / 24
                case "noise": curve.noise = try number(value, what, 0...1, reader)
                case "policy": try reader.readPolicy(value, "policy of guest \(name)", into: &policy)
                default: throw reader.unknown(key, word, among: Self.guestKeys)
                }
            }
            guard let host, memory > .zero else {
                throw reader.invalid(key, "guest \(name) needs a host and memory (such as 4GiB)")
            }
            fleet.guests.append(
                FleetGuest(
                    GuestIdentity(name: name, uuid: name), on: host, memory: memory, load: curve.middle,
                    policy: policy, moveSeconds: SimulationFile.seconds(memory)))
            curves.append(curve)
        }
    }

    /// What a move over 10 Gbit/s takes.
    static func seconds(_ memory: ByteCount) -> Double { 2 + Double(memory.bytes) / 1.1e9 }

    private func size(_ node: Node, _ what: String, _ reader: InventoryParser) throws(ApusError) -> ByteCount
    {
        let text = try reader.scalar(node, what)
        do throws(QuantityParseError) { return try ByteCount(parsing: text) } catch {
            throw reader.invalid(node, "\(what) is '\(text)', not \(error.expected)")
        }
    }

    private func number(
        _ node: Node, _ what: String, _ range: ClosedRange<Double>, _ reader: InventoryParser
    ) throws(ApusError) -> Double {
        let text = try reader.scalar(node, what)
        guard let number = Double(text), range.contains(number) else {
            throw reader.invalid(
                node, "\(what) is '\(text)', not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}

import FleetModel
import Yams

/// Reads an inventory strictly: every key is known, every value has its type, and an error says where.
struct InventoryParser {
    let file: String

    func parse(_ text: String) throws(ApusError) -> Inventory {
        let root: Node?
        do {
            // Every scalar is read as text; its key says what it has to be, so no type is guessed.
            root = try Yams.compose(yaml: text, .basic)
        } catch let error as YamlError {
            throw invalid(nil, "\(error)".split(separator: "\n").first.map(String.init) ?? "not YAML")
        } catch {
            throw invalid(nil, "\(error)")
        }
        guard let root else { throw invalid(nil, "it is empty") }
        let top = try mapping(root, "the inventory")
        var hosts: [Host] = []
        var settings = PolicySettings()
        for (key, value) in top {
            let name = try scalar(key, "a key")
            switch name {
            case "hosts":
                for (hostKey, description) in try mapping(value, "hosts") {
                    hosts.append(
                        try host(named: try scalar(hostKey, "a host's name"), at: hostKey, description))
                }
            case "profile": settings.policy.profile = try scalar(value, "profile")
            case "profiles": try readProfiles(value, into: &settings)
            case "policy": try readPolicy(value, "policy", into: &settings.policy)
            case "groups": try readGroups(value, into: &settings)
            case "guests": try readGuests(value, into: &settings)
            default:
                throw unknown(
                    key, name, among: ["hosts", "profile", "profiles", "policy", "groups", "guests"])
            }
        }
        let names = hosts.map(\.name)
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw invalid(nil, "host \(twice) is there twice")
        }
        let inventory = Inventory(
            hosts: hosts, profiles: settings.profiles, guestPolicies: settings.guestPolicies,
            policy: settings.policy)
        for (guest, policy) in settings.all {
            if let mistake = inventory.mistakes(in: policy).first {
                throw invalid(nil, guest.map { "guest \($0): \(mistake)" } ?? mistake)
            }
        }
        return inventory
    }

    private static let keys = [
        "uri", "peer-uri", "migration-address", "tls-name", "remote-shell", "peer-shell", "apus", "transport",
        "max-incoming",
        "max-outgoing",
    ]

    private func host(named name: String, at place: Node, _ description: Node) throws(ApusError) -> Host {
        var texts: [String: String] = [:]
        var shells: [String: [String]] = [:]
        var limits: [String: Int] = [:]
        for (key, value) in try mapping(description, "host \(name)") {
            let word = try scalar(key, "a key of host \(name)")
            switch word {
            case "uri", "peer-uri", "migration-address", "tls-name", "apus", "transport":
                texts[word] = try scalar(value, "\(word) of host \(name)")
            case "remote-shell", "peer-shell":
                shells[word] = try words(value, "\(word) of host \(name)")
            case "max-incoming", "max-outgoing":
                let text = try scalar(value, "\(word) of host \(name)")
                guard let number = Int(text), (1...1000).contains(number) else {
                    throw invalid(value, "\(word) of host \(name) is '\(text)', not a number from 1 to 1000")
                }
                limits[word] = number
            default:
                throw unknown(key, word, among: Self.keys)
            }
        }
        guard let uri = texts["uri"] else {
            throw invalid(place, "host \(name) has no uri (such as qemu+ssh://\(name)/system)")
        }
        for (key, value) in texts where key.hasSuffix("uri") && !value.contains(":/") {
            throw invalid(
                description,
                "\(key) of host \(name) is '\(value)', not a libvirt URI such as qemu+ssh://\(name)/system")
        }
        return Host(
            name: name, uri: uri, peerURI: texts["peer-uri"], migrationAddress: texts["migration-address"],
            remoteShell: shells["remote-shell"], peerShell: shells["peer-shell"], apus: texts["apus"],
            transport: try transport(texts["transport"], of: name, at: description),
            maxIncoming: limits["max-incoming"] ?? 2, maxOutgoing: limits["max-outgoing"] ?? 2,
            tlsName: texts["tls-name"],
            filling: HostDefaults(uri: uri))
    }

    private func transport(
        _ text: String?, of name: String, at place: Node
    ) throws(ApusError) -> Host.Transport {
        guard let text else { return .shell }
        guard let transport = Host.Transport(rawValue: text) else {
            let known = Host.Transport.allCases.map(\.rawValue)
            throw invalid(
                place, "transport of host \(name) is '\(text)'",
                hint: Spelling.suggestion(for: text, in: known)
                    ?? "There are \(known.joined(separator: " and ")).")
        }
        return transport
    }

    // MARK: Types

    func mapping(_ node: Node, _ what: String) throws(ApusError) -> [(Node, Node)] {
        guard case .mapping(let mapping) = node else {
            throw invalid(node, "\(what) must be keys with values")
        }
        return mapping.map { ($0.key, $0.value) }
    }

    func scalar(_ node: Node, _ what: String) throws(ApusError) -> String {
        guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
            throw invalid(node, "\(what) must be a single value")
        }
        return scalar.string
    }

    private func words(_ node: Node, _ what: String) throws(ApusError) -> [String] {
        guard case .sequence(let sequence) = node else {
            throw invalid(node, "\(what) must be a list of words, such as [ssh, alpha]")
        }
        var words: [String] = []
        for element in sequence { words.append(try scalar(element, "each word of \(what)")) }
        return words
    }

    // MARK: Errors

    func unknown(_ place: Node, _ key: String, among known: [String]) -> ApusError {
        invalid(
            place, "unknown key '\(key)'",
            hint: Spelling.suggestion(for: key, in: known)
                ?? "Known keys here: \(known.joined(separator: ", ")).")
    }

    func invalid(_ place: Node?, _ detail: String, hint: String? = nil) -> ApusError {
        let line = place?.mark.map { ", line \($0.line)" } ?? ""
        return ApusError(
            .inventoryInvalid, "read the inventory", "\(file)\(line): \(detail)",
            hint: hint ?? "docs/inventory.md shows what an inventory looks like.")
    }
}

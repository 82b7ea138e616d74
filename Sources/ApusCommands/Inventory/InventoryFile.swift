import FleetModel
import FoundationEssentials
import Glibc

/// The file that names the hosts: where it is, and what it says.
struct InventoryFile {
    let path: String

    /// Without any inventory there is still this machine's own libvirt.
    static let thisMachineAlone = Inventory(hosts: [
        Host(name: "localhost", uri: "qemu:///system", filling: HostDefaults(uri: "qemu:///system"))
    ])

    /// The file that applies: the one asked for, or the first default that exists; `nil` when there is none.
    ///
    /// - Throws: `ApusError` with `inventory-unreadable` when one was asked for and is not there.
    static func find(explicit: String?) throws(ApusError) -> InventoryFile? {
        if let asked = explicit ?? Console.environment("APUS_INVENTORY"), !asked.isEmpty {
            guard access(asked, R_OK) == 0 else {
                throw unreadable(asked, String(cString: strerror(errno)))
            }
            return InventoryFile(path: asked)
        }
        let configuration =
            Console.environment("XDG_CONFIG_HOME") ?? Console.environment("HOME").map { "\($0)/.config" }
        let places = [configuration.map { "\($0)/apus/fleet.yaml" }, "/etc/apus/fleet.yaml"].compactMap(
            \.self)
        return places.first { access($0, F_OK) == 0 }.map(InventoryFile.init(path:))
    }

    func read() throws(ApusError) -> Inventory {
        let text: String
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= 1 << 20 else { throw Self.unreadable(path, "it is larger than 1 MiB") }
            text = String(decoding: data, as: UTF8.self)
        } catch let error as ApusError {
            throw error
        } catch {
            throw Self.unreadable(path, "\(error)")
        }
        return try InventoryParser(file: path).parse(text)
    }

    private static func unreadable(_ path: String, _ detail: String) -> ApusError {
        ApusError(
            .inventoryUnreadable, "read the inventory", "\(path): \(detail)",
            hint: "Name another with --inventory FILE; docs/inventory.md shows what one looks like.")
    }
}

internal import CLibvirt

/// A network that libvirt manages. Source: `virConnectListAllNetworks`.
package struct VirtualNetwork: Sendable, Equatable {
    package let name: String
    package let isActive: Bool
    /// The bridge that guests are plugged into; `nil` for a network without one, such as macvtap's.
    package let bridge: String?
    /// The `<network>` document.
    package let xml: String
}

extension Connection {
    /// Every network that libvirt manages, running or not, in the daemon's order.
    ///
    /// - Returns: the networks; one that vanishes while the list is being read is left out.
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver or the daemon has no networks.
    package func networks() throws(LibvirtError) -> [VirtualNetwork] {
        var list: UnsafeMutablePointer<virNetworkPtr?>?
        let count = try check(
            "list the networks of \(uri)", unsafe virConnectListAllNetworks(handle.raw, &list, 0))
        defer { unsafe freeCArray(list) }
        var networks: [VirtualNetwork] = []
        for index in 0..<Int(count) {
            guard let raw = unsafe list?[index] else { continue }
            let network = unsafe NetworkHandle(adopting: raw)
            do throws(LibvirtError) {
                networks.append(try network.description())
            } catch  where error.code == .noNetwork {
                continue
            }
        }
        return networks
    }
}

/// The only owner of a `virNetworkPtr`.
@safe struct NetworkHandle: ~Copyable {
    private let raw: virNetworkPtr

    init(adopting raw: virNetworkPtr) { unsafe self.raw = raw }

    deinit { unsafe virNetworkFree(raw) }

    borrowing func description() throws(LibvirtError) -> VirtualNetwork {
        let operation = "read a network"
        guard let name = unsafe virNetworkGetName(raw) else { throw .last(operation) }
        return VirtualNetwork(
            name: unsafe String(cString: name),
            isActive: try check(operation, unsafe virNetworkIsActive(raw)) == 1,
            bridge: try bridge(),
            xml: try unsafe adopt(operation, virNetworkGetXMLDesc(raw, 0)))
    }

    /// libvirt has no code of its own for a network without a bridge.
    private borrowing func bridge() throws(LibvirtError) -> String? {
        do throws(LibvirtError) {
            return try unsafe adopt("read a network's bridge", virNetworkGetBridgeName(raw))
        } catch  where error.code == .internalError {
            return nil
        }
    }
}

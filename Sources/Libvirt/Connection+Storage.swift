internal import CLibvirt

/// A storage pool of a host. Source: `virConnectListAllStoragePools`.
package struct StoragePool: Sendable, Equatable {
    package let name: String
    /// In libvirt's lower-case form with dashes.
    package let uuid: String
    package let isActive: Bool
    /// Whether a definition stays when the pool is stopped.
    package let isPersistent: Bool
    /// The `<pool>` document.
    package let xml: String
}

/// A volume of a storage pool. Source: `virStorageVolGetInfo`, `virStorageVolGetPath`.
package struct StorageVolume: Sendable, Equatable {
    package let name: String
    package let path: String
    /// What a guest would see.
    package let capacityBytes: UInt64
    /// What it takes up now.
    package let allocationBytes: UInt64
}

/// The space of a storage pool; for a directory, that of its whole file system, as of the last refresh.
///
/// Source: `virStoragePoolGetInfo`.
package struct PoolSpace: Sendable, Equatable {
    package let capacityBytes: UInt64
    package let allocationBytes: UInt64
    package let availableBytes: UInt64
}

extension Connection {
    // MARK: Pools

    /// Every storage pool, running or not, in the daemon's order.
    ///
    /// - Returns: the pools; one that vanishes while the list is being read is left out.
    /// - Throws: `LibvirtError`, with `.noSupport` where the driver or the daemon has no storage.
    package func storagePools() throws(LibvirtError) -> [StoragePool] {
        var list: UnsafeMutablePointer<virStoragePoolPtr?>?
        let count = try check(
            "list the storage pools of \(uri)", unsafe virConnectListAllStoragePools(handle.raw, &list, 0))
        defer { unsafe freeCArray(list) }
        var pools: [StoragePool] = []
        for index in 0..<Int(count) {
            guard let raw = unsafe list?[index] else { continue }
            let pool = unsafe StoragePoolHandle(adopting: raw)
            do throws(LibvirtError) {
                pools.append(try pool.description())
            } catch  where error.code == .noStoragePool {
                continue
            }
        }
        return pools
    }

    /// Starts a pool that is forgotten when it is stopped. Nothing is built or formatted.
    ///
    /// Source: `virStoragePoolCreateXML`, flags 0.
    ///
    /// - Parameter xml: a `<pool>` document.
    /// - Throws: `LibvirtError`; `.operationFailed` where another pool has the name or the same source.
    package func createTransientPool(_ xml: String) throws(LibvirtError) {
        guard let raw = unsafe virStoragePoolCreateXML(handle.raw, xml, 0) else {
            throw .last("start a storage pool on \(uri)")
        }
        _ = unsafe StoragePoolHandle(adopting: raw)
    }

    /// Stops a pool; its volumes stay where they are, a transient pool is then forgotten.
    ///
    /// Source: `virStoragePoolDestroy`.
    ///
    /// - Throws: `LibvirtError`, with `.noStoragePool`, or `.operationInvalid` for one that is not running.
    package func destroyPool(named name: String) throws(LibvirtError) {
        try pool(named: name).destroy()
    }

    /// Has the daemon look again at what the pool contains. Source: `virStoragePoolRefresh`.
    ///
    /// - Throws: `LibvirtError`, with `.noStoragePool`, or `.operationInvalid` for one that is not running.
    package func refreshPool(named name: String) throws(LibvirtError) {
        try pool(named: name).refresh()
    }

    /// The space of a pool, as the daemon knows it since the last refresh.
    ///
    /// - Throws: `LibvirtError`, with `.noStoragePool`.
    package func poolSpace(named name: String) throws(LibvirtError) -> PoolSpace {
        try pool(named: name).space()
    }

    // MARK: Volumes

    /// A volume by its name, as the daemon knows it since the last refresh. Source:
    /// `virStorageVolLookupByName`.
    ///
    /// - Returns: the volume, `nil` when the pool has none of that name.
    /// - Throws: `LibvirtError`, with `.noStoragePool`, or `.operationInvalid` where the pool is not running.
    package func volume(named name: String, inPool pool: String) throws(LibvirtError) -> StorageVolume? {
        do throws(LibvirtError) {
            return try self.pool(named: pool).volume(named: name).description()
        } catch  where error.code == .noStorageVolume {
            return nil
        }
    }

    /// Creates a volume, with the space that its document asks for. Source: `virStorageVolCreateXML`.
    ///
    /// - Parameters:
    ///   - xml: a `<volume>` document.
    ///   - pool: the name of a running pool.
    ///   - preallocatesMetadata: whether a qcow2 image has its tables written at once; with an allocation as large
    ///     as its capacity, its space is taken too.
    /// - Returns: the volume as it was made.
    /// - Throws: `LibvirtError`, with `.noStoragePool`, `.storageVolumeExists`, `.operationInvalid` where the
    ///   pool is not running, `.systemError` where the file system refuses.
    package func createVolume(
        _ xml: String, inPool pool: String, preallocatesMetadata: Bool = false
    ) throws(LibvirtError) -> StorageVolume {
        let flags = preallocatesMetadata ? VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA.rawValue : 0
        return try self.pool(named: pool).createVolume(xml, flags: flags).description()
    }

    /// Deletes a volume and what is in it. Source: `virStorageVolDelete`.
    ///
    /// - Throws: `LibvirtError`, with `.noStoragePool`, `.noStorageVolume`, `.systemError`.
    package func deleteVolume(named name: String, inPool pool: String) throws(LibvirtError) {
        try self.pool(named: pool).volume(named: name).delete()
    }

    private func pool(named name: String) throws(LibvirtError) -> StoragePoolHandle {
        guard let raw = unsafe virStoragePoolLookupByName(handle.raw, name) else {
            throw .last("find the storage pool \(name) on \(uri)")
        }
        return unsafe StoragePoolHandle(adopting: raw)
    }
}

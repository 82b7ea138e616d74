internal import CLibvirt

/// The only owner of a `virStoragePoolPtr`.
@safe struct StoragePoolHandle: ~Copyable {
    private let raw: virStoragePoolPtr

    init(adopting raw: virStoragePoolPtr) { unsafe self.raw = raw }

    deinit { unsafe virStoragePoolFree(raw) }

    borrowing func description() throws(LibvirtError) -> StoragePool {
        let operation = "read a storage pool"
        guard let name = unsafe virStoragePoolGetName(raw) else { throw .last(operation) }
        let uuid = unsafe readUUID { unsafe virStoragePoolGetUUIDString(raw, $0) }
        guard let uuid else { throw .last(operation) }
        return StoragePool(
            name: unsafe String(cString: name), uuid: uuid,
            isActive: try check(operation, unsafe virStoragePoolIsActive(raw)) == 1,
            isPersistent: try check(operation, unsafe virStoragePoolIsPersistent(raw)) == 1,
            xml: try unsafe adopt(operation, virStoragePoolGetXMLDesc(raw, 0)))
    }

    borrowing func space() throws(LibvirtError) -> PoolSpace {
        var info = virStoragePoolInfo()
        try check("read the space of a storage pool", unsafe virStoragePoolGetInfo(raw, &info))
        return PoolSpace(
            capacityBytes: info.capacity, allocationBytes: info.allocation, availableBytes: info.available)
    }

    borrowing func destroy() throws(LibvirtError) {
        try check("stop a storage pool", unsafe virStoragePoolDestroy(raw))
    }

    borrowing func refresh() throws(LibvirtError) {
        try check("refresh a storage pool", unsafe virStoragePoolRefresh(raw, 0))
    }

    borrowing func volume(named name: String) throws(LibvirtError) -> StorageVolumeHandle {
        guard let volume = unsafe virStorageVolLookupByName(raw, name) else {
            throw .last("find the volume \(name)")
        }
        return unsafe StorageVolumeHandle(adopting: volume)
    }

    borrowing func createVolume(_ xml: String, flags: UInt32) throws(LibvirtError) -> StorageVolumeHandle {
        guard let volume = unsafe virStorageVolCreateXML(raw, xml, flags) else {
            throw .last("create a volume")
        }
        return unsafe StorageVolumeHandle(adopting: volume)
    }
}

/// The only owner of a `virStorageVolPtr`.
@safe struct StorageVolumeHandle: ~Copyable {
    private let raw: virStorageVolPtr

    init(adopting raw: virStorageVolPtr) { unsafe self.raw = raw }

    deinit { unsafe virStorageVolFree(raw) }

    borrowing func description() throws(LibvirtError) -> StorageVolume {
        let operation = "read a volume"
        guard let name = unsafe virStorageVolGetName(raw) else { throw .last(operation) }
        var info = virStorageVolInfo()
        try check(operation, unsafe virStorageVolGetInfo(raw, &info))
        return StorageVolume(
            name: unsafe String(cString: name),
            path: try unsafe adopt(operation, virStorageVolGetPath(raw)),
            capacityBytes: info.capacity, allocationBytes: info.allocation)
    }

    borrowing func delete() throws(LibvirtError) {
        try check("delete a volume", unsafe virStorageVolDelete(raw, 0))
    }
}

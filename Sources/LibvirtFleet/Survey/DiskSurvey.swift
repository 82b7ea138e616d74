import DomainXML
import FleetModel
import Libvirt

/// Is each image of a guest the same storage on both hosts?
struct DiskSurvey: Sendable {
    let guest: GuestReading
    let source: HostLink
    let destination: HostLink
    let here: HostAnswers
    let there: HostAnswers
    let run: ProbeRun
    /// What libvirt tells of each disk's size, by target.
    let sizes: [String: BlockInformation]
    /// Running guests that have an image open, by place, as `guest on host`.
    let usersHere: [DiskFacts.Location: [String]]
    let usersThere: [DiskFacts.Location: [String]]

    /// File systems that libvirt 9.0.0 counts as shared, by the names that df(1) gives them.
    ///
    /// Source: libvirt's virfile.c (NFS, GFS2, OCFS2, AFS, SMB, CIFS, Ceph, GPFS; FUSE for Quobyte and
    /// GlusterFS).
    static let libvirtsShared: Set<String> = [
        "nfs", "nfs4", "gfs2", "ocfs2", "afs", "smb", "cifs", "ceph", "gpfs", "fuse.glusterfs",
        "fuse.quobyte",
    ]

    /// What a survey's script has to look at for these disks.
    static func add(_ disks: [DiskDefinition], to script: inout HostScript) {
        for disk in disks {
            for (number, image) in disk.images.enumerated() {
                switch image.location {
                case .file(let path):
                    script.paths.append(path)
                    script.directories.append(Path.directory(of: path))
                    if disk.isReadOnly || number > 0 { script.samples.append(path) }
                case .block(let path):
                    script.paths.append(path)
                    script.devices.append(path)
                default: break
                }
            }
        }
    }

    /// Every disk of the guest. Creates and removes probe files where nothing else can prove the matter.
    func facts() async -> [DiskFacts] {
        let verdicts = await probe()
        return guest.disks.map { definition in
            var disk = DiskFacts(target: definition.target)
            disk.device = DiskFacts.Device(definition.device)
            disk.isReadOnly = definition.isReadOnly
            disk.isShareable = definition.isShareable
            disk.isTransient = definition.isTransient
            disk.cache = definition.cache
            disk.job = definition.mirror.map { $0.job ?? "copy" }
            disk.isChainComplete = definition.source == nil || definition.endsKnown
            disk.capacity = sizes[definition.target].map { ByteCount($0.capacityBytes) }
            disk.allocation = sizes[definition.target].map { ByteCount($0.allocationBytes) }
            disk.chain = definition.images.enumerated().map { number, image in
                let location = DiskFacts.Location(image.location)
                let isWritten = number == 0 && !definition.isReadOnly
                return DiskFacts.Image(
                    location: location, format: image.format,
                    sharing: sharing(location, isWritten: isWritten, verdicts))
            }
            if let top = disk.chain.first, !definition.isReadOnly { complete(&disk, top) }
            return disk
        }
    }

    private func complete(_ disk: inout DiskFacts, _ top: DiskFacts.Image) {
        let isOneStorage: Bool
        switch top.sharing {
        case .proven, .notProven: isOneStorage = true
        case .different, .absent: isOneStorage = false
        }
        disk.otherUsers =
            (usersHere[top.location] ?? []) + (isOneStorage ? usersThere[top.location] ?? [] : [])
        if case .proven = top.sharing { return }
        guard case .file(let path) = top.location else { return }
        let directory = Path.directory(of: path)
        disk.place = there.read("file-systems") { lines in
            let line = lines.first { $0.first == directory && $0.count >= 4 }
            return DiskFacts.Place(
                exists: there.size(of: path) != nil, directoryExists: line != nil,
                isWritable: line?[3] == "yes", free: ByteCount(line.flatMap { UInt64($0[2]) } ?? 0))
        }
    }

    // MARK: Files

    /// A directory here and the one there that should be the same.
    private struct Pair: Hashable {
        let here: String
        let there: String
    }

    private func pair(for path: String) -> Pair {
        Pair(
            here: Path.directory(of: here.resolved(path) ?? path),
            there: Path.directory(of: there.resolved(path) ?? path))
    }

    /// Probes each directory with an image of a disk that the guest writes, all at once.
    private func probe() async -> [Pair: StorageProbe.Verdict] {
        var pairs: Set<Pair> = []
        for image in guest.disks.filter({ !$0.isReadOnly }).flatMap(\.images) {
            guard case .file(let path) = image.location, !isAbsent(path) else { continue }
            pairs.insert(pair(for: path))
        }
        let probe = StorageProbe(run: run, source: source, destination: destination)
        return await withTaskGroup(of: (Pair, StorageProbe.Verdict).self) { group in
            for (number, pair) in pairs.enumerated() {
                let isCached = there.fileSystem(of: pair.there).map(Self.isNetwork) ?? true
                group.addTask {
                    let verdict = await probe.compare(
                        pair.here, with: pair.there, number: number, cached: isCached)
                    return (pair, verdict)
                }
            }
            var verdicts: [Pair: StorageProbe.Verdict] = [:]
            for await (pair, verdict) in group { verdicts[pair] = verdict }
            return verdicts
        }
    }

    private static func isNetwork(_ fileSystem: String) -> Bool {
        libvirtsShared.contains(fileSystem) || fileSystem.hasPrefix("fuse") || fileSystem.hasPrefix("smb")
    }

    private func isAbsent(_ path: String) -> Bool {
        there.knowsPaths && there.size(of: path) == nil
    }

    private func sharing(
        _ location: DiskFacts.Location, isWritten: Bool, _ verdicts: [Pair: StorageProbe.Verdict]
    ) -> DiskFacts.Sharing {
        switch location {
        case .network: return .proven("both hosts use the same network disk", libvirtAgrees: true)
        case .block(let path): return blockSharing(path)
        case .other(let kind): return .notProven("storage of this kind is not looked at (\(kind))")
        case .file(let path):
            if isAbsent(path) { return .absent("\(path) is not there on \(destination.host.name)") }
            guard isWritten else {
                // What a network file system caches may differ for a while: the probe asked it beyond that.
                if case .same(let how) = verdicts[pair(for: path)] {
                    return .proven(how, libvirtAgrees: true)
                }
                return sameContent(path)
            }
            switch verdicts[pair(for: path)] {
            case .same(let how):
                let kind = here.fileSystem(of: Path.directory(of: path)) ?? ""
                return .proven(how, libvirtAgrees: Self.libvirtsShared.contains(kind))
            case .different(let how): return .different(how)
            case .notKnown(let why): return .notProven(why)
            case nil: return .notProven("it was not probed")
            }
        }
    }

    /// A read-only image only has to hold the same bytes.
    private func sameContent(_ path: String) -> DiskFacts.Sharing {
        guard let near = here.sample(of: path), let far = there.sample(of: path) else {
            return .notProven(
                here.reason ?? there.reason ?? "\(path) could not be read on both hosts to compare it")
        }
        let sizes = (here.size(of: path), there.size(of: path))
        if sizes.0 != sizes.1 {
            return .different(
                "\(path) has \(sizes.0 ?? 0) bytes on \(source.host.name) and \(sizes.1 ?? 0) on "
                    + destination.host.name)
        }
        return near == far
            ? .proven("same size, same first and last 64 KiB", libvirtAgrees: true)
            : .different("\(path) has other content on \(destination.host.name) than on \(source.host.name)")
    }

    // MARK: Block devices

    /// libvirt assumes that a block device of the same name is the same one: only an identity proves it.
    private func blockSharing(_ path: String) -> DiskFacts.Sharing {
        guard let near = here.device(path) else {
            return .notProven(here.reason ?? "\(path) told no size on \(source.host.name)")
        }
        guard let far = there.device(path) else {
            return there.reason.map { .notProven($0) }
                ?? .absent("\(path) is not a block device on \(destination.host.name)")
        }
        if near.size != far.size {
            return .different(
                "\(path) has \(ByteCount(near.size)) on \(source.host.name) and \(ByteCount(far.size)) on "
                    + destination.host.name)
        }
        guard !near.identity.isEmpty, !far.identity.isEmpty else {
            let silent = near.identity.isEmpty ? source.host.name : destination.host.name
            return .notProven("\(path) has no WWN, serial or device-mapper UUID on \(silent)")
        }
        return near.identity == far.identity
            ? .proven("same identity \(near.identity) and size", libvirtAgrees: true)
            : .different(
                "\(path) is \(near.identity) on \(source.host.name) and \(far.identity) on "
                    + destination.host.name)
    }
}

extension DiskDefinition {
    /// The source and all that is below it.
    var images: [DiskSource] { (source.map { [$0] } ?? []) + backingChain }

    /// Whether nothing can be below the last image that is named.
    var endsKnown: Bool { chainEndsKnown || images.last?.format == "raw" }
}

extension DiskFacts.Device {
    fileprivate init(_ device: DiskDefinition.Device) {
        switch device {
        case .disk: self = .disk
        case .cdrom: self = .cdrom
        case .floppy: self = .floppy
        case .lun: self = .lun
        case .other: self = .other
        }
    }
}

extension DiskFacts.Location {
    init(_ location: DiskSource.Location) {
        switch location {
        case .file(let path): self = .file(path)
        case .block(let device): self = .block(device)
        case .network(let image):
            let hosts = image.hosts.map { "\($0.name ?? $0.socket ?? "")\($0.port.map { ":\($0)" } ?? "")" }
            self = .network("\(image.protocol)://\(hosts.joined(separator: ","))/\(image.name ?? "")")
        case .volume(let pool, let name): self = .other("volume \(pool)/\(name)")
        case .directory(let path): self = .other(path)
        case .nvme(let address): self = .other("nvme \(address)")
        case .vhostUser(let socket): self = .other(socket)
        case .vhostVDPA(let device): self = .other(device)
        case .other(let type): self = .other(type)
        }
    }
}

extension HostAnswers {
    var knowsPaths: Bool { read("paths") { !$0.isEmpty }.value != nil }

    func size(of path: String) -> UInt64? {
        line("paths", path).flatMap { $0.count > 2 ? UInt64($0[2]) : nil }
    }

    func resolved(_ path: String) -> String? {
        line("links-resolved", path).flatMap { $0.count > 1 && !$0[1].isEmpty ? $0[1] : nil }
    }

    func fileSystem(of directory: String) -> String? {
        line("file-systems", directory).flatMap { $0.count > 1 ? $0[1] : nil }
    }

    func sample(of path: String) -> String? {
        line("samples", path).flatMap { $0.count > 1 ? $0[1] : nil }
    }

    func device(_ path: String) -> (size: UInt64, identity: String)? {
        guard let line = line("devices", path), line.count > 2, let size = UInt64(line[1]) else { return nil }
        return (size, line[2].split(separator: " ").joined(separator: " "))
    }

    private func line(_ section: String, _ key: String) -> [String]? {
        guard case .success(let lines) = lines(section) else { return nil }
        return lines.first { $0.first == key }
    }
}

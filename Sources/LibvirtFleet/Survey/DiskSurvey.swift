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
    /// Where copies would go on the destination, by target.
    let goals: [String: String]
    /// Whether the guest does not run: then its images may go as they are.
    let isCold: Bool
    /// Targets of the disks that the user wants to have copied.
    let wanted: Set<String>
    /// Running guests that have an image open, by place, as `guest on host`.
    let usersHere: ImageUsers
    let usersThere: ImageUsers

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

    /// Where a copy of each disk that the guest writes would go on the destination, by target; those that need to
    /// be told are left out.
    static func goals(
        _ disks: [DiskDefinition], _ places: [String: DiskRequest.Place], in pools: [HostDetails.Pool]
    ) -> [String: String] {
        disks.reduce(into: [:]) { goals, disk in
            guard let source = disk.source, !disk.isReadOnly else { return }
            goals[disk.target] = DiskFacts.Location(source.location)
                .copyPath(of: disk.target, to: places[disk.target], in: pools)
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
            disk.isEncrypted = definition.isEncrypted
            disk.cache = definition.cache
            disk.job = definition.mirror.map { $0.job ?? "copy" }
            disk.isChainComplete = definition.source == nil || definition.endsKnown
            disk.capacity = sizes[definition.target].map { ByteCount($0.capacityBytes) }
            disk.chain = definition.images.enumerated().map { number, image in
                let location = DiskFacts.Location(image.location)
                let isWritten = number == 0 && !definition.isReadOnly
                return DiskFacts.Image(
                    location: location, format: image.format,
                    sharing: sharing(location, isWritten: isWritten, verdicts), size: size(location))
            }
            // Of a running guest's image libvirt tells how far it was ever written, holes and all.
            disk.allocation =
                disk.chain.first?.size ?? sizes[definition.target].map { ByteCount($0.allocationBytes) }
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
        func names(_ answers: HostAnswers) -> [DiskFacts.Location] {
            guard case .file(let path) = top.location else { return [top.location.normal] }
            return [top.location.normal] + (answers.resolved(path).map { [.file($0)] } ?? [])
        }
        disk.otherUsers = usersHere.of(names(here)) + (isOneStorage ? usersThere.of(names(there)) : [])
        disk.otherUsersUnread = usersHere.unread ?? (isOneStorage ? usersThere.unread : nil)
        let isWhole = disk.chain.allSatisfy { image in
            guard case .proven = image.sharing else { return false }
            return true
        }
        guard !isWhole || wanted.contains(disk.target) else { return }
        disk.place = goals[disk.target].map(place)
        guard isCold else { return }
        for number in disk.chain.indices.dropFirst() {
            guard case .file(let path) = disk.chain[number].location else { continue }
            disk.chain[number].place = place(path)
        }
    }

    /// What a file would find on the destination.
    private func place(_ path: String) -> Reading<DiskFacts.Place> {
        let directory = Path.directory(of: path)
        return there.presence(of: directory).map { isThere in
            DiskFacts.Place(
                path: path, exists: there.size(of: path) != nil, directoryExists: isThere,
                isWritable: there.isWritable(directory),
                free: ByteCount(there.fileSystem(of: directory)?.available ?? 0))
        }
    }

    /// File systems where a file takes up less than what is in it.
    private static let compressing: Set<String> = ["btrfs", "zfs", "bcachefs", "f2fs"]

    /// What an image takes up on the source; `nil` where the file system may have made less of it than a copy needs.
    private func size(_ location: DiskFacts.Location) -> ByteCount? {
        guard case .file(let path) = location else { return nil }
        let kind = here.fileSystem(of: Path.directory(of: path))?.kind
        guard let kind, !Self.compressing.contains(kind) else { return nil }
        return here.space(of: path).map(ByteCount.init)
    }

    // MARK: Files

    /// Whether disks are to move on the guest's own host.
    private var isOneHost: Bool { source.host == destination.host }

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
        guard !isOneHost else { return [:] }
        var pairs: Set<Pair> = []
        for image in guest.disks.filter({ !$0.isReadOnly }).flatMap(\.images) {
            guard case .file(let path) = image.location, !isAbsent(path) else { continue }
            pairs.insert(pair(for: path))
        }
        let probe = StorageProbe(run: run, source: source, destination: destination)
        return await withTaskGroup(of: (Pair, StorageProbe.Verdict).self) { group in
            for (number, pair) in pairs.enumerated() {
                let isCached = (there.fileSystem(of: pair.there)?.kind).map(Self.isNetwork) ?? true
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

    private func isAbsent(_ path: String) -> Bool { there.presence(of: path) == .known(false) }

    private func sharing(
        _ location: DiskFacts.Location, isWritten: Bool, _ verdicts: [Pair: StorageProbe.Verdict]
    ) -> DiskFacts.Sharing {
        if isOneHost { return .proven("it is the guest's own host", libvirtAgrees: true) }
        switch location {
        case .network: return .proven("both hosts use the same network disk", libvirtAgrees: true)
        case .block(let path): return blockSharing(path)
        case .other(let kind): return .notProven("storage of this kind is not looked at (\(kind))")
        case .file(let path):
            if isAbsent(path) { return .absent("it is not there on \(destination.host.name)") }
            guard isWritten else {
                // What a network file system caches may differ for a while: the probe asked it beyond that.
                if case .same(let how) = verdicts[pair(for: path)] {
                    return .proven(how, libvirtAgrees: true)
                }
                return sameContent(path)
            }
            switch verdicts[pair(for: path)] {
            case .same(let how):
                let kind = here.fileSystem(of: Path.directory(of: path))?.kind ?? ""
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
        if near != far {
            return .different(
                "\(path) has other content on \(destination.host.name) than on \(source.host.name)")
        }
        return near.isWhole
            ? .proven("same size, same SHA-256", libvirtAgrees: true)
            : .notProven("\(path) has the same size and the same ends on both; the rest was not compared")
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

    /// All that is open for it: its images, and the copy that a job makes of them.
    var openImages: [DiskSource] { images + [mirror?.source].compactMap(\.self) }

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
    /// Whether a path is there; not known where the host itself could not tell.
    func presence(of path: String) -> Reading<Bool> {
        switch lines("paths") {
        case .failure(let why): return .notKnown(why.reason)
        case .success(let lines):
            if lines.contains(where: { $0.first == path && $0.count > 2 }) { return .known(true) }
            let reason = line("missing", path).flatMap { $0.count > 1 ? $0[1] : nil } ?? "stat said nothing"
            let isGone = reason == "No such file or directory" || reason == "Not a directory"
            return isGone ? .known(false) : .notKnown(reason)
        }
    }

    func size(of path: String) -> UInt64? {
        line("paths", path).flatMap { $0.count > 2 ? UInt64($0[2]) : nil }
    }

    /// What a file takes up on its file system, without its holes.
    func space(of path: String) -> UInt64? {
        guard let line = line("paths", path), line.count > 5, let blocks = UInt64(line[4]),
            let block = UInt64(line[5])
        else { return nil }
        return blocks * block
    }

    /// Where a path leads through symbolic links, by its place among the paths that were asked for.
    func resolved(_ path: String) -> String? {
        guard let place = paths.firstIndex(of: path), case .success(let lines) = lines("resolved"),
            lines.count == paths.count
        else { return nil }
        return lines[place].first
    }

    /// The file system that a directory is on, by df's columns: kind, bytes available, the directory.
    func fileSystem(of directory: String) -> (kind: String, available: UInt64)? {
        guard case .success(let lines) = lines("file-systems") else { return nil }
        for line in lines {
            let columns = line[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard columns.count == 3, columns[2].drop(while: { $0 == " " }) == directory,
                let available = UInt64(columns[1])
            else { continue }
            return (String(columns[0]), available)
        }
        return nil
    }

    func isWritable(_ directory: String) -> Bool { line("writable", directory) != nil }

    /// A digest of a file, or of its two ends.
    func sample(of path: String) -> (isWhole: Bool, digest: String)? {
        line("samples", path).flatMap { $0.count > 2 ? ($0[1] == "whole", $0[2]) : nil }
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

import DomainXML
import FleetModel
import Libvirt
import Transfer

/// Which guests of a host have which images open.
struct ImageUsers: Sendable {
    /// `guest on host`, by where the image is; files by the path that links lead to, where that could be told.
    private let users: [DiskFacts.Location: [String]]
    /// Why the list may lack some; `nil` when it is whole.
    let unread: String?
    private let host: Host

    /// Of the guests that run.
    ///
    /// - Parameters:
    ///   - link: the host that is asked.
    ///   - own: a guest that does not count.
    ///   - isAsked: whether anybody needs to know.
    init(link: HostLink, except own: GuestIdentity, isAsked: Bool) async {
        guard isAsked else {
            self.init(nobodyOn: link.host)
            return
        }
        await self.init(link) { $0.id != nil && $0.uuid != own.uuid }
    }

    /// Of all guests that would miss an image.
    ///
    /// - Parameters:
    ///   - link: the host that is asked.
    ///   - alsoDefined: whether those that do not run count too.
    ///   - own: a guest that counts only while it runs.
    init(link: HostLink, alsoDefined: Bool, exceptDefinitionOf own: GuestIdentity?) async {
        await self.init(link) { $0.id != nil || (alsoDefined && $0.uuid != own?.uuid) }
    }

    private init(nobodyOn host: Host) {
        (users, unread) = ([:], nil)
        self.host = host
    }

    private init(_ link: HostLink, where counts: @escaping @Sendable (DomainSummary) -> Bool) async {
        host = link.host
        do throws(ApusError) {
            let images = try await Self.images(link, where: counts)
            let paths = images.compactMap { image -> String? in
                guard case .file(let path) = image.location else { return nil }
                return path
            }.unique
            let resolved = await Self.resolve(paths, on: link.host)
            var users: [DiskFacts.Location: [String]] = [:]
            for image in images {
                let user = "\(image.guest) on \(link.host.name)"
                users[image.location, default: []].append(user)
                if case .file(let path) = image.location, let real = resolved[path], real != path {
                    users[.file(real), default: []].append(user)
                }
            }
            (self.users, unread) = (users, nil)
        } catch {
            (users, unread) = ([:], error.detail)
        }
    }

    /// Those that have a file open, whatever name it goes by.
    func of(_ path: String) async -> [String] {
        let names = [Path.normal(path)] + (await Self.resolve([path], on: host)[path].map { [$0] } ?? [])
        return of(names.map { .file($0) })
    }

    /// Those that have the image open, under any of its names.
    func of(_ names: [DiskFacts.Location]) -> [String] {
        names.flatMap { users[$0] ?? [] }.unique
    }

    private struct Image: Sendable {
        let guest: String
        let location: DiskFacts.Location
    }

    private static func images(
        _ link: HostLink, where counts: @escaping @Sendable (DomainSummary) -> Bool
    ) async throws(ApusError) -> [Image] {
        let documents = try await link.ask { (connection) throws(LibvirtError) in
            var documents: [(name: String, xml: String, runs: Bool)] = []
            for domain in try await connection.domains() where counts(domain) {
                do throws(LibvirtError) {
                    let xml = try await connection.withDomain(.uuid(domain.uuid)) {
                        (handle) throws(LibvirtError) in try handle.xml(.live)
                    }
                    documents.append((domain.name, xml, domain.id != nil))
                } catch {
                    // A guest that ends between the two questions uses nothing any more.
                    guard error.code == .noDomain else { throw error }
                }
            }
            return documents
        }
        var images: [Image] = []
        var volumes: [(guest: String, pool: String, name: String)] = []
        // What is below the images of a guest that does not run stands in the images alone.
        var resting: [(guest: String, path: String)] = []
        for (name, xml, runs) in documents {
            do throws(XMLError) {
                for source in try GuestDefinition(parsing: xml).disks.flatMap(\.openImages) {
                    if !runs, source.format != "raw", case .file(let path) = source.location {
                        resting.append((guest: name, path: path))
                    }
                    images.append(Image(guest: name, location: DiskFacts.Location(source.location).normal))
                    if case .volume(let pool, let volume) = source.location {
                        volumes.append((guest: name, pool: pool, name: volume))
                    }
                }
            } catch {
                throw ApusError(
                    .guestUnreadable, "read the disks of \(name)",
                    "the definition of \(name) on \(link.host.name) cannot be read: \(error.detail)",
                    hint: "See what libvirt has there: virsh -c \(link.host.uri) dumpxml \(name)",
                    underlying: error)
            }
        }
        let chains = await ChainSurvey(host: link.host).chains(of: resting.map(\.path).unique)
        for (guest, path) in resting {
            for image in chains[path]?.images.dropFirst() ?? [] {
                images.append(Image(guest: guest, location: DiskFacts.Location(image.location).normal))
            }
        }
        for volume in volumes {
            // A definition may name a pool that is not there; what is not there nobody has open.
            let path = try? await link.ask { (connection) throws(LibvirtError) in
                try await connection.volume(named: volume.name, inPool: volume.pool)?.path
            }
            guard let path else { continue }
            images.append(Image(guest: volume.guest, location: .file(Path.normal(path))))
        }
        return images
    }

    /// Where links lead; what cannot be told is left out.
    private static func resolve(_ paths: [String], on host: Host) async -> [String: String] {
        guard !paths.isEmpty, let words = host.remoteShell else { return [:] }
        let script = "realpath -m -- \(paths.map(RemoteShell.quote).joined(separator: " "))\n"
        let output = try? await RemoteShell(host: host.name, words: words)
            .run(script, to: "follow links on \(host.name)")
        let lines = output?.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
        guard let lines, lines.count == paths.count else { return [:] }
        return Dictionary(zip(paths, lines)) { first, _ in first }
    }
}

extension DiskFacts.Location {
    /// Without doubled slashes, so that one file has one name.
    var normal: Self {
        switch self {
        case .file(let path): .file(Path.normal(path))
        case .block(let path): .block(Path.normal(path))
        case .network, .other: self
        }
    }
}

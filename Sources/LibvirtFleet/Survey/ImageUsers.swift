import DomainXML
import FleetModel
import Libvirt
import Transfer

/// Which running guests of a host have which images open.
struct ImageUsers: Sendable {
    /// `guest on host`, by where the image is; files by the path that links lead to, where that could be told.
    private let users: [DiskFacts.Location: [String]]
    /// Why the list may lack some; `nil` when it is whole.
    let unread: String?

    /// - Parameters:
    ///   - link: the host that is asked.
    ///   - own: a guest that does not count.
    ///   - isAsked: whether anybody needs to know.
    init(link: HostLink, except own: GuestIdentity, isAsked: Bool) async {
        guard isAsked else {
            (users, unread) = ([:], nil)
            return
        }
        do throws(ApusError) {
            let images = try await Self.images(link, except: own.uuid)
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

    /// Those that have the image open, under any of its names.
    func of(_ names: [DiskFacts.Location]) -> [String] {
        names.flatMap { users[$0] ?? [] }.unique
    }

    private struct Image: Sendable {
        let guest: String
        let location: DiskFacts.Location
    }

    private static func images(_ link: HostLink, except own: String) async throws(ApusError) -> [Image] {
        let documents = try await link.ask { (connection) throws(LibvirtError) in
            var documents: [(name: String, xml: String)] = []
            for domain in try await connection.domains() where domain.id != nil && domain.uuid != own {
                do throws(LibvirtError) {
                    let xml = try await connection.withDomain(.uuid(domain.uuid)) {
                        (handle) throws(LibvirtError) in try handle.xml(.live)
                    }
                    documents.append((domain.name, xml))
                } catch {
                    // A guest that ends between the two questions uses nothing any more.
                    guard error.code == .noDomain else { throw error }
                }
            }
            return documents
        }
        var images: [Image] = []
        for (name, xml) in documents {
            do throws(XMLError) {
                for source in try GuestDefinition(parsing: xml).disks.flatMap(\.images) {
                    images.append(Image(guest: name, location: DiskFacts.Location(source.location).normal))
                }
            } catch {
                throw ApusError(
                    .guestUnreadable, "read the disks of \(name)",
                    "the definition of \(name) on \(link.host.name) cannot be read: \(error.detail)",
                    hint: nil, underlying: error)
            }
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

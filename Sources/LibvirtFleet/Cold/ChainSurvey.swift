import DomainXML
import FleetModel
import Transfer

/// What lies below the images of a guest that does not run: libvirt itself looks only when it starts it.
struct ChainSurvey: Sendable {
    /// One image and all below it.
    struct Chain: Sendable, Equatable {
        var images: [DiskSource] = []
        /// Whether the images name what is below them relative to where they lie, by number.
        var relative: Set<Int> = []
        /// Whether it was followed to its end.
        var isWhole = false
    }

    let host: Host

    /// Reads the chains of images, by path; those that cannot be read are left out.
    ///
    /// Reads the heads of the images alone, also of those that somebody has open. Source: qemu-img(1), `info`.
    func chains(of paths: [String]) async -> [String: Chain] {
        guard let words = host.remoteShell, !paths.isEmpty else { return [:] }
        let script = """
            LC_ALL=C; export LC_ALL; t=$(printf '\\t')
            for p in \(paths.map(RemoteShell.quote).joined(separator: " ")); do
              o=$(qemu-img info -U --backing-chain -- "$p" 2>/dev/null); s=$?
              echo "top$t$p"
              printf '%s\\n' "$o" | sed -n "s/^image: /image$t/p; s/^file format: /format$t/p; s/^backing file: /below$t/p"
              echo "status$t$s"
            done

            """
        let shell = RemoteShell(host: host.name, words: words)
        let answer = try? await shell.run(script, to: "look below the images of a guest")
        return Self.read(answer ?? "")
    }

    static func read(_ answer: String) -> [String: Chain] {
        var chains: [String: Chain] = [:]
        var top = ""
        var chain = Chain()
        var path: String?
        var isNamed = false
        for line in answer.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let value = String(parts[1])
            switch parts[0] {
            case "top": (top, chain, path, isNamed) = (value, Chain(), nil, false)
            case "image": (path, isNamed) = (value, false)
            case "format":
                guard let image = path else { continue }
                // Something behind a server or in a form of its own is named in another way.
                let location: DiskSource.Location =
                    image.hasPrefix("/") ? .file(path: image) : .other(type: image)
                chain.images.append(DiskSource(location: location, format: value))
                path = nil
            case "below":
                isNamed = true
                if !value.hasPrefix("/") { chain.relative.insert(chain.images.count - 1) }
            case "status":
                chain.isWhole = value == "0" && !chain.images.isEmpty && !isNamed
                chains[top] = chain
            default: break
            }
        }
        return chains
    }
}

extension GuestReading {
    /// The paths of the disks whose chains libvirt does not tell.
    var openChains: [String] {
        disks.compactMap { disk in
            guard !disk.endsKnown, case .file(let path)? = disk.source?.location else { return nil }
            return path
        }.unique
    }

    /// Puts in what lies below the images.
    mutating func add(_ chains: [String: ChainSurvey.Chain]) {
        for index in disks.indices {
            guard case .file(let path)? = disks[index].source?.location, let chain = chains[path] else {
                continue
            }
            disks[index].backingChain = Array(chain.images.dropFirst())
            disks[index].chainEndsKnown = chain.isWhole
        }
    }
}

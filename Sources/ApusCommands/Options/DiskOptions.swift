import ArgumentParser
import FleetModel

/// What becomes of a guest's disks.
struct DiskOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Whether disks that are not shared are copied while the guest runs: where-needed, or never, which "
                + "refuses such a move.", valueName: "when"),
        transform: Self.copying)
    var copyDisks: DiskRequest.Copying = .whereNeeded

    @Option(
        name: .customLong("disk"),
        help: ArgumentHelp(
            "Copy a disk to another place on the destination: vda=pool:NAME, or vda=/path (a directory when it ends "
                + "in /). Repeatable.", valueName: "target=place"),
        transform: DiskPlace.init)
    var places: [DiskPlace] = []

    @Flag(
        name: .customLong("remove-source-disks"),
        help: "Remove the source's images of copied disks once the guest is proven to run on the destination."
    )
    var removeSourceDisks = false

    @Flag(help: "Take the whole space of copied disks at once.")
    var preallocate = false

    func validate() throws {
        let targets = places.map(\.target)
        if let twice = targets.first(where: { target in targets.count { $0 == target } > 1 }) {
            throw ValidationError("--disk names two places for \(twice).")
        }
        if copyDisks == .never, !places.isEmpty || removeSourceDisks || preallocate {
            throw ValidationError(
                "--copy-disks never copies nothing: leave out --disk, --remove-source-disks and --preallocate, or "
                    + "--copy-disks.")
        }
    }

    var request: DiskRequest {
        var request = DiskRequest()
        request.copying = copyDisks
        request.places = Dictionary(places.map { ($0.target, $0.place) }) { first, _ in first }
        request.removesSource = removeSourceDisks
        request.preallocation = preallocate ? .full : .none
        return request
    }

    private static func copying(_ text: String) throws -> DiskRequest.Copying {
        if let copying = DiskRequest.Copying(rawValue: text) { return copying }
        let known = DiskRequest.Copying.allCases.map(\.rawValue)
        throw ValidationError(
            "'\(text)' is not \(known.joined(separator: " or ")). "
                + (Spelling.suggestion(for: text, in: known) ?? ""))
    }
}

/// `vda=pool:fast`, `vda=/srv/fast/`.
struct DiskPlace: Sendable, Hashable {
    let target: String
    let place: DiskRequest.Place

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ValidationError(
                "'\(text)' is not TARGET=PLACE, such as vda=pool:fast or vda=/srv/fast/web01.qcow2.")
        }
        target = parts[0]
        let place = parts[1]
        if place.hasPrefix("/") {
            self.place = .path(place)
        } else if place.hasPrefix("pool:"), place.count > 5 {
            self.place = .pool(String(place.dropFirst(5)))
        } else {
            throw ValidationError(
                "'\(place)' is not a place for \(target): write pool:NAME for a storage pool, or a path that begins "
                    + "with /.")
        }
    }
}

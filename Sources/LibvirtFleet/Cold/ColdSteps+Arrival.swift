import FleetModel
import Migration
import Transfer

/// What arrived, from beside its place into it, and back.
extension ColdSteps {
    /// Has the receiver find the image of an earlier time under the name that it stores the new one by: what both have in
    /// common is not sent again. Where a file system knows no second names, all of it is.
    var lendingOlderImages: [String] {
        cold.files.filter { $0.replaces && $0.isImage }.map { file in
            let place = RemoteShell.quote(file.destination)
            let waiting = RemoteShell.quote(ArrivedFile(place: file.destination).waiting)
            return "{ [ -e \(waiting) ] || ln -- \(place) \(waiting) 2>/dev/null || :; }"
        }
    }

    /// - Throws: `image-exists` where somebody has put a file into a place since the move was planned.
    func refuseForeign() async throws(ApusError) {
        let places = cold.files.filter { !$0.replaces }.map(\.destination)
        guard !places.isEmpty else { return }
        let operation = "put the files of \(plan.guest) into their places on \(destination.host.name)"
        let answer = try await run(
            "for p in \(places.map(RemoteShell.quote).joined(separator: " ")); do\n"
                + "  if [ -e \"$p\" ] || [ -L \"$p\" ]; then echo \"$p\"; fi\ndone\n",
            on: .destination, to: operation)
        let taken = answer.split(separator: "\n")
        guard taken.isEmpty else {
            throw ApusError(
                .imageExists, operation,
                "\(taken.joined(separator: ", ")) came to be there while the move was under way; it was not touched",
                hint: "Move it aside on \(destination.host.name), and give the same command again.")
        }
    }

    /// Puts everything into its place, safe against a crash of the host. May be done again.
    func putInPlace() async throws(ApusError) {
        guard !cold.files.isEmpty else { return }
        let puts = cold.files.map { file in
            let words = [
                ArrivedFile(place: file.destination).waiting, file.destination, file.replaces ? "-f" : "-n",
            ]
            return "put \(words.map(RemoteShell.quote).joined(separator: " "))"
        }
        let directories = cold.files.map { Path.directory(of: $0.destination) }.unique
        _ = try await run(
            """
            put() {
              if [ -e "$1" ]; then mv "$3" -T -- "$1" "$2" || exit 1; fi
              if [ -e "$1" ]; then echo "$2 is there, and not of this move" >&2; exit 1; fi
              if [ ! -e "$2" ]; then echo "$2 has gone" >&2; exit 1; fi
            }
            \(puts.joined(separator: "\n"))
            sync -- \(directories.map(RemoteShell.quote).joined(separator: " "))

            """, on: .destination, to: "put the files of \(plan.guest) into their places",
            within: .seconds(120))
    }

    /// Takes out of the places again what is there as it arrived: how that looked is in the seal. What replaced something
    /// stays, as that has gone, and so does what a guest uses.
    func putBack(_ seal: String) async throws(ApusError) {
        let lines = seal.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == cold.files.count else { return }
        var commands: [String] = []
        for (file, line) in zip(cold.files, lines) where !file.replaces {
            do throws(ApusError) {
                try await StoredFile(path: file.destination, on: destination)
                    .refuseOpen(alsoDefined: true, except: nil)
            } catch  where error.code == .imageInUse {
                continue
            }
            let words = [ArrivedFile(place: file.destination).waiting, file.destination, String(line)]
            commands.append("back \(words.map(RemoteShell.quote).joined(separator: " "))")
        }
        guard !commands.isEmpty else { return }
        _ = try await run(
            """
            back() {
              [ "$(stat -c '\(Self.aspects)' -- "$2" 2>/dev/null)" = "$3" ] && [ ! -e "$1" ] || return 0
              mv -n -T -- "$2" "$1"
            }
            \(commands.joined(separator: "\n"))

            """, on: .destination, to: "take the files of \(plan.guest) out of their places")
    }

    /// Takes away what arrived of a file.
    ///
    /// - Returns: whether another file lies in its place, which stays.
    func takeAway(_ trace: UndoRecord.Trace) async throws(ApusError) -> Bool {
        guard case .arriving(let place, let replaces) = trace else { return false }
        let file = ArrivedFile(place: place)
        let answer = try await run(
            "rm -f -- \([file.waiting, file.unfinished].map(RemoteShell.quote).joined(separator: " ")) || exit 1\n"
                + "[ ! -e \(RemoteShell.quote(place)) ] || echo stays\n",
            on: .destination, to: "remove what arrived of \(place)")
        return !replaces && !answer.isEmpty
    }

    // MARK: How the files look

    /// stat(1)'s size and time of the last write: a file keeps both when it gets another name.
    private static let aspects = "%s %.9Y"

    /// How the guest's files look on both hosts, a line each in the plan's order.
    func seal() async throws(ApusError) -> (source: String, destination: String) {
        let files = cold.files
        async let here = Result(awaiting: { () async throws(ApusError) in
            try await look(at: files.map { [$0.path] }, on: .source)
        })
        async let there = Result(awaiting: { () async throws(ApusError) in
            try await look(
                at: files.map { [ArrivedFile(place: $0.destination).waiting, $0.destination] },
                on: .destination)
        })
        return (try await here.get(), try await there.get())
    }

    /// Looks at the first of each file's names that is there.
    private func look(at files: [[String]], on side: Side) async throws(ApusError) -> String {
        guard !files.isEmpty else { return "" }
        let looks = files.map { "see \($0.map(RemoteShell.quote).joined(separator: " "))" }
        let answer = try await run(
            """
            see() {
              for p in "$@"; do
                if [ -e "$p" ]; then stat -c '\(Self.aspects)' -- "$p"; return; fi
              done
              echo gone
            }
            \(looks.joined(separator: "\n"))

            """, on: side, to: "look at the files of \(plan.guest)")
        return answer.split(separator: "\n").joined(separator: "\n")
    }

    /// Whether an image was written to between two looks at one host. What cannot be compared counts as written to.
    static func haveImagesChanged(_ files: [ColdPlan.File], from before: String, to now: String) -> Bool {
        let (before, now) = (before.split(separator: "\n"), now.split(separator: "\n"))
        guard before.count == files.count, now.count == files.count else { return true }
        return zip(files, zip(before, now)).contains { file, lines in
            file.isImage && lines.0 != lines.1
        }
    }
}

import FoundationEssentials
import LabSupport
import Testing

extension Lab {
    /// Listens to all that comes to a host, and says whether words of a guest's memory were among it.
    ///
    /// - Parameters:
    ///   - words: what is looked for.
    ///   - host: who listens.
    ///   - body: what is done meanwhile.
    /// - Returns: how many MiB came, and whether the words were seen.
    /// - Throws: what `body` threw, or that nobody could listen.
    fileprivate static func listening(
        for words: String, on host: String, while body: @Sendable () async throws -> Void
    ) async throws -> (mebibytes: Int, isSeen: Bool) {
        let listener = Program(
            Lab.words(on: host) + ["python3", "-c", script, words], environment: Lab.environment
        ).start()
        for await line in listener.errorLines where line.contains("ready") { break }
        try await undoing(body, by: { try await run(on: host, "touch /run/wire.stop") })
        let outcome = try await listener.outcome()
        let parts = outcome.output.split { $0.isWhitespace }.compactMap { Int($0) }
        try #require(outcome.status == 0 && parts.count == 2, "\(outcome.said)")
        return (parts[0] >> 20, parts[1] > 0)
    }

    private static let script = """
        import os, socket, sys
        stop, words = "/run/wire.stop", sys.argv[1].encode()
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        wire.setsockopt(socket.SOL_SOCKET, 33, 256 << 20)
        wire.settimeout(0.2)
        print("ready", file=sys.stderr, flush=True)
        total = seen = 0
        while not os.path.exists(stop):
            try:
                frame = wire.recv(1 << 17)
            except TimeoutError:
                continue
            total += len(frame)
            seen += words in frame
        os.unlink(stop)
        print(total, seen)
        """
}

extension LabTests {
    @Test("an encrypted move shows nothing of the guest's memory to the network; an open one does", .ownLab)
    func encryption() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("web", on: lab) { guest in
            let ways: [(options: [String], isOpen: Bool)] = [
                ([], true), (["--tls"], false), (["--tls", "--strategy", "multifd"], false),
            ]
            var hosts = ("host1", "host2")
            for way in ways {
                let (source, destination) = hosts
                // A page that the guest itself wrote: its definition goes over libvirt's own connection.
                let heard = try await Lab.listening(for: "web guest at 198.51.100.", on: destination) {
                    let move = try await lab.apus(
                        ["migrate", guest.name, "--to", destination, "--bandwidth", "60MiB/s"] + way.options)
                    #expect(move.status == 0, "\(move.said)")
                }
                #expect(heard.mebibytes > 30)
                #expect(heard.isSeen == way.isOpen, "\(way.options): \(heard)")
                #expect(try await guest.places() == [destination: "running"])
                hosts = (destination, source)
            }
        }
    }

    @Test("disks that are copied along go through TLS too, and are whole", .ownLab)
    func encryptedDisk() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("disk", on: lab) { guest in
            let heard = try await Lab.listening(for: "numbered record ", on: "host2") {
                let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--tls")
                #expect(move.status == 0, "\(move.said)")
            }
            #expect(!heard.isSeen, "\(heard)")
            #expect(try await guest.places() == ["host2": "running"])
            let open = try await Lab.listening(for: "numbered record ", on: "host1") {
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host1", "--disk", "vda=/var/lib/libvirt/images/again.raw")
                #expect(move.status == 0, "\(move.said)")
            }
            #expect(open.isSeen, "\(open)")
            try await Lab.run(on: "host2", "rm -f /var/lib/libvirt/images/\(guest.name).raw")
        }
        try await Lab.run(on: "host1", "rm -f /var/lib/libvirt/images/again.raw")
    }

    @Test(
        "a certificate without the right name, over, or missing is said before the move; tls-name is another name",
        .ownLab)
    func certificatesOfQEMU() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            let good = try await lab.check(guest, "--tls")
            #expect(good.blockers.isEmpty)
            let plan = try await lab.apus("plan", guest.name, "--to", "host2", "--tls")
            #expect(plan.output.contains("has to bear the name 192.0.2.12"), "\(plan.said)")
            try await Lab.with(
                "host1", "mv /etc/pki/qemu/client-cert.pem /etc/pki/qemu/away",
                mending: "mv /etc/pki/qemu/away /etc/pki/qemu/client-cert.pem"
            ) {
                try await lab.check(guest, "--tls")
                    .expect("tls-files-missing", on: "host1", saying: "client-cert.pem", "/etc/pki/qemu")
                #expect(try await lab.check(guest).blockers.isEmpty)
            }
            try await Lab.undoing(
                {
                    try await Lab.require("certificate", "host2", "--days", "-3")
                    try await lab.check(guest, "--tls")
                        .expect("certificate-expired", on: "host2", saying: "expired")
                    try await Lab.require("certificate", "host2", "--names", "DNS:other.example")
                    try await lab.check(guest, "--tls").expect(
                        "certificate-name-mismatch", on: "host2", saying: "192.0.2.12", "other.example")
                    // Where nobody can look at the certificate, the move itself says what was refused.
                    let refused = try await lab.apus(
                        "migrate", guest.name, "--to", "host2", "--tls", "--json", "--ignore",
                        "certificate-name-mismatch")
                    #expect(refused.status == 1, "\(refused.said)")
                    let error = try #require(try MoveAnswer(refused).error)
                    #expect(error.code == "migration-failed")
                    #expect(error.detail.contains("the encrypted connection from host1 to host2 was refused"))
                    #expect(error.hint?.contains("has to bear the name 192.0.2.12") == true, "\(error)")
                    #expect(try await guest.places() == ["host1": "running"])
                    try await lab.inventory({ text in
                        text.replacing("  host2:\n", with: "  host2:\n    tls-name: other.example\n")
                    }) { named in
                        let move = try await lab.apus(
                            "migrate", guest.name, "--to", "host2", "--tls", "--inventory", named)
                        #expect(move.status == 0, "\(move.said)")
                        #expect(try await guest.places() == ["host2": "running"])
                    }
                }, by: { try await Lab.require("certificate", "host2") })
        }
    }
}

import FoundationEssentials
import LabSupport
import Testing

extension LabTests {
    @Test(
        "a TLS certificate that is over, ends soon or has another name is named; a good one carries a move",
        .ownLab)
    func certificates() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            try await lab.inventory({ $0.replacing("qemu+tcp://", with: "qemu+tls://") }) { tls in
                try await Lab.undoing(
                    {
                        try await Lab.require("certificate", "host2", "--days", "-3")
                        let expired = try await lab.check(guest, "--inventory", tls)
                        expired.expect("certificate-expired", on: "host2", saying: "expired", "day")
                        try await Lab.require("certificate", "host2", "--days", "12")
                        let soon = try await lab.check(guest, "--inventory", tls)
                        soon.expect("certificate-expires-soon", "warning", on: "host2", saying: "days")
                        #expect(soon.blockers.isEmpty)
                        try await Lab.require("certificate", "host2", "--names", "DNS:other.example")
                        let other = try await lab.check(guest, "--inventory", tls)
                        other.expect(
                            "certificate-name-mismatch", on: "host2", saying: "192.0.2.12", "other.example")
                        // Without TLS between the hosts nobody looks at it.
                        #expect(!(try await lab.check(guest)).codes.contains("certificate-name-mismatch"))
                    }, by: { try await Lab.require("certificate", "host2") })
                let move = try await lab.apus(
                    "migrate", guest.name, "--to", "host2", "--json", "--inventory", tls)
                #expect(move.status == 0, "\(move.said)")
                #expect(try await guest.places() == ["host2": "running"])
            }
        }
    }

    @Test("a secret that the destination lacks is named with what it opens", .ownLab)
    func missingSecret() async throws {
        let lab = try await Lab.up()
        let secret = "5ec4e700-0000-4000-8000-0000000a9005"
        let define = """
            printf pass >/run/secret
            echo "<secret ephemeral='yes' private='yes'><uuid>\(secret)</uuid></secret>" >/run/secret.xml
            virsh -q secret-define /run/secret.xml
            virsh -q secret-set-value \(secret) --plain --file /run/secret
            """
        let undefine =
            "virsh -q secret-undefine \(secret); rm -f /run/secret /run/secret.xml /srv/shared/t.luks"
        // It measures the processor's time, which a busy machine gives it too little of now and then.
        let make = """
            for i in {1..20}; do
                qemu-img create -q -f luks --object secret,id=s,file=/run/secret \\
                    -o key-secret=s,iter-time=10 /srv/shared/t.luks 1M && exit
            done 2>/dev/null; exit 1
            """
        try await Lab.with("host1", "\(define)\n\(make)", mending: undefine) {
            try await LabGuest.with("idle", Device.luks("/srv/shared/t.luks", secret: secret), on: lab) {
                guest in
                try await lab.check(guest)
                    .expect("secret-missing", on: "host2", saying: secret, guest.name, "vdb")
                try await Lab.with("host2", define, mending: "virsh -q secret-undefine \(secret)") {
                    #expect(try await lab.check(guest).blockers.isEmpty)
                    let move = try await lab.apus("migrate", guest.name, "--to", "host2")
                    #expect(move.status == 0, "\(move.said)")
                }
            }
        }
    }
}

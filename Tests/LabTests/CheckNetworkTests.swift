import LabSupport
import Testing

extension LabTests {
    @Test("a bridge, a network or a device that is missing, not started or narrower is named", .ownLab)
    func interfacesElsewhere() async throws {
        let lab = try await Lab.up()
        try await Self.withNetworks(on: "host1") {
            let options =
                Device.interface("bridge", "bridge='br7'") + Device.interface("network", "network='lan'")
                + Device.interface("direct", "dev='v7' mode='bridge'")
            // udev makes the node of a macvtap device elsewhere; a host of the lab has none.
            let node = Task { try await Lab.run(on: "host1", Self.makeTapNode) }
            try await LabGuest.with("idle", options, on: lab) { guest in
                _ = try await node.value
                let bare = try await lab.check(guest)
                bare.expect("bridge-missing", on: "host2", saying: "br7", guest.name)
                bare.expect("network-missing", on: "host2", saying: "lan", guest.name)
                bare.expect("network-device-missing", on: "host2", saying: "v7", guest.name)

                try await Self.withNetworks(on: "host2") {
                    try await Lab.run(on: "host2", "ip link set br7 mtu 1400; virsh -q net-destroy lan")
                    let narrow = try await lab.check(guest)
                    narrow.expect("mtu-differs", "warning", on: "host2", saying: "br7", "1400", "1500")
                    narrow.expect("network-inactive", on: "host2", saying: "lan")
                    #expect(narrow.blockers == ["network-inactive"])

                    try await Lab.run(on: "host2", "ip link set br7 mtu 1500; virsh -q net-start lan")
                    let whole = try await lab.check(guest)
                    #expect(
                        whole.codes.isDisjoint(
                            with: narrow.codes.union(bare.blockers).subtracting(Self.always)))
                }
            }
        }
    }

    /// Notes that a lab's guest may have on any machine: its processor is never checked.
    static let always: Set<String> = ["cpu-features-not-known", "cpu-lacking-on-both"]

    /// A bridge br7, a libvirt network lan over br0, and a device v7, gone again afterwards.
    private static func withNetworks(on host: String, _ body: @Sendable () async throws -> Void) async throws
    {
        try await Lab.with(
            host,
            """
            set -e; ip link add v7 type veth peer v8; ip link set v7 up; ip link set v8 up
            ip link add br7 type bridge; ip link set br7 up
            echo "<network><name>lan</name><forward mode='bridge'/><bridge name='br0'/></network>" \\
                >/run/lan.xml
            virsh -q net-define /run/lan.xml; virsh -q net-start lan
            """,
            mending: """
                ip link delete v7; ip link delete br7; virsh -q net-destroy lan; virsh -q net-undefine lan
                rm -f /run/lan.xml /dev/tap*; true
                """, body)
    }

    private static let makeTapNode = """
        for ((i = 0; i < 1200; i++)); do
            for tap in /sys/class/net/macvtap*/tap*; do
                [ ! -e "$tap/dev" ] || { mknod "/dev/${tap##*/}" c $(tr : ' ' <"$tap/dev"); exit; }
            done
            sleep 0.02
        done
        """

    @Test("a port that a firewall closes is named, and nothing is attempted", .ownLab)
    func firewall() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            try await Self.withFirewall("tcp dport 16509 reject") {
                let answer = try await lab.check(guest)
                answer.expect("destination-unreachable", on: "host2", saying: "host1", "16509", "192.0.2.12")
                #expect(answer.blockers == ["destination-unreachable"])
                // Without the hosts talking to each other it could be done.
                #expect(try await lab.check(guest, "--direct").blockers.isEmpty)

                let move = try await lab.apus("migrate", guest.name, "--to", "host2", "--json")
                #expect(move.status == 2, "\(move.said)")
                try CheckAnswer(move).expect("destination-unreachable", on: "host2", saying: "16509")
                #expect(try await guest.places() == ["host1": "running"])
            }
            try await Self.withFirewall("tcp dport { 16509, 49152-49215 } drop") {
                let answer = try await lab.check(guest)
                answer.expect("destination-unreachable", on: "host2", saying: "16509", "no answer")
                answer.expect("data-port-unreachable", on: "host2", saying: "49152", "no answer")
            }
            // A port that refuses looks like one where nothing listens yet: only a listener tells.
            try await Self.withFirewall("tcp dport 49152-49215 reject") {
                let answer = try await lab.check(guest)
                answer.expect("data-port-unreachable", on: "host2", saying: "49215", "listened")
            }
            #expect(try await lab.check(guest).blockers.isEmpty)
        }
    }

    private static func withFirewall(_ rule: String, _ body: @Sendable () async throws -> Void) async throws {
        try await Lab.with(
            "host2",
            """
            nft 'table inet apustest { chain input { type filter hook input priority 0; \(rule); }; }'
            """, mending: "nft delete table inet apustest", body)
    }

    @Test("a host whose own name is loopback is named, as a blocker where its name is what counts", .ownLab)
    func loopbackName() async throws {
        let lab = try await Lab.up()
        try await LabGuest.with("idle", on: lab) { guest in
            try await Lab.with(
                "host2",
                """
                sed '/host2/d' /etc/hosts >/run/names; echo '127.0.1.1 host2' >>/run/names
                mount --bind /run/names /etc/hosts
                """, mending: "umount /etc/hosts; rm -f /run/names"
            ) {
                let harmless = try await lab.check(guest)
                harmless.expect("hostname-loopback", "note", on: "host2", saying: "127.0.1.1")
                #expect(harmless.blockers.isEmpty)
                // Neither migration-address nor a host in peer-uri: libvirt would use the name.
                try await lab.inventory({ text in
                    text.split(separator: "\n").filter {
                        !$0.contains("migration-address") && !$0.contains("peer-uri")
                    }
                    .joined(separator: "\n") + "\n"
                }) { path in
                    let blocked = try await lab.check(guest, "--direct", "--inventory", path)
                    blocked.expect("hostname-loopback", on: "host2", saying: "127.0.1.1", "host1")
                    let peer = try await lab.check(guest, "--inventory", path)
                    peer.expect("peer-uri-missing", on: "host2", saying: "host1")
                }
            }
        }
    }
}

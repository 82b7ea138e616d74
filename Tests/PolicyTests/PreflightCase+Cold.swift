import FleetModel

extension PreflightCase {
    /// Guests that do not run.
    static let cold = coldDisks + coldStates + coldWay + coldStart + relayed

    private static let coldDisks = [
        PreflightCase("nothing but a note against a guest that is shut off", [.diskNotShared: .note]) {
            $0.shutOff()
        },
        PreflightCase("nothing against one whose disk is shared", [:]) {
            $0.shutOff()
            $0.disks = [Sample.disk()]
        },
        PreflightCase(
            "a file in the place of an image", [.targetExists: .blocker, .diskNotShared: .note]
        ) { $0.shutOff { $0.place = .known(Sample.place(exists: true)) } },
        PreflightCase("nothing against one that the guest left there", [.diskNotShared: .note]) {
            $0.shutOff { $0.place = .known(Sample.place(exists: true)) }
            $0.cold?.ours = ["/images/web01.qcow2"]
        },
        PreflightCase("a block device that the destination has not", [.diskNotShared: .blocker]) {
            $0.shutOff()
            $0.disks = [Sample.disk(.absent("no such device"), at: .block("/dev/vg0/web01"))]
        },
        PreflightCase(
            "two disks that would go to one file", [.diskPlaceUnusable: .blocker, .diskNotShared: .note],
            request: together
        ) {
            $0.shutOff { $0.place = .known(Sample.place("/fast/disk.qcow2")) }
            $0.disks = ["vda", "vdb"].map { target in
                Sample.disk(.absent("no such file"), at: .file("/\(target)/disk.qcow2")) {
                    $0.target = target
                    $0.place = .known(Sample.place("/fast/disk.qcow2"))
                }
            }
        },
        PreflightCase("a base that is another one on the destination", [.diskNotShared: .blocker]) {
            $0.shutOff {
                $0.chain.append(
                    DiskFacts.Image(
                        location: .file("/images/base.qcow2"), format: "qcow2",
                        sharing: .different("other size")))
            }
        },
        PreflightCase(
            "a chain that could not be followed", [.diskChainOpen: .blocker, .diskNotShared: .note]
        ) {
            $0.shutOff { $0.isChainComplete = false }
        },
        PreflightCase(
            "snapshots of a disk that would be elsewhere",
            [.snapshotsPresent: .blocker, .diskNotShared: .note],
            request: placed
        ) {
            $0.shutOff { $0.place = .known(Sample.place("/fast/web01.qcow2")) }
            $0.hardware.snapshots = Sample.snapshots
        },
        PreflightCase("nothing against snapshots inside of the image", [.diskNotShared: .note]) {
            $0.shutOff()
            $0.hardware.snapshots = Sample.snapshots
        },
    ]

    private static let coldStates = [
        PreflightCase(
            "a TPM's state on the destination that nobody left there", [.guestStateExists: .blocker]
        ) { $0.leave("other") },
        PreflightCase("nothing against the very same", [:]) { $0.leave("same") },
        PreflightCase("nothing against one that an earlier move left there", [:]) {
            $0.leave("other")
            $0.cold?.ours = [Sample.tpmState]
        },
        PreflightCase("nothing against that of a definition that is there", [.definitionReplaced: .note]) {
            $0.leave("other")
            $0.sameUUID = Sample.guest(on: "beta", GuestState(.shutOff, reason: "shutdown"))
        },
        PreflightCase("one that could not be read", [.guestStateExists: .blocker]) { $0.leave(nil) },
        PreflightCase("a destination that does not say what it has", [.notKnown: .blocker]) {
            $0.leave("other")
            $0.cold?.there = .notKnown("/var/lib/libvirt/swtpm: Permission denied")
        },
        PreflightCase("nothing against the same where nothing goes there", [.diskNotShared: .note]) {
            $0.shutOff()
            $0.cold?.there = .notKnown("beta has no remote-shell")
        },
    ]

    private static let coldWay = [
        PreflightCase("no apus on the destination", [.apusMissing: .blocker, .diskNotShared: .note]) {
            $0.shutOff()
            $0.destination.peerShell = ["ssh", "beta"]
            $0.cold = Sample.cold(receiver: .notKnown("beta, asked by alpha: there is no apus"))
        },
        PreflightCase("no way from host to host", [.apusMissing: .blocker, .diskNotShared: .note]) {
            $0.shutOff()
            $0.cold = Sample.cold(receiver: .notKnown("how alpha runs a command on beta is not known"))
        },
        PreflightCase("nothing against that where no file has to go", [:]) {
            $0.shutOff()
            $0.disks = [Sample.disk()]
            $0.cold = Sample.cold(receiver: .notKnown("there is no apus"))
        },
        PreflightCase("other releases of apus", [.apusDiffers: .warning, .diskNotShared: .note]) {
            $0.shutOff()
            $0.cold = Sample.cold(receiver: .known("0.2.0"))
        },
        PreflightCase("firmware whose variables nobody can look for", [.notKnown: .blocker]) {
            $0.shutOff()
            $0.disks = [Sample.disk()]
            $0.hardware.firmware = GuestHardware.Firmware(
                loader: nil, variables: "/nvram/web01.fd", template: nil)
            $0.destination.details.presentPaths = .known(["/nvram/web01.fd"])
            $0.cold = ColdFacts(
                files: .notKnown("alpha has no remote-shell"),
                carriers: Carriers(sender: .notKnown("none"), receiver: .notKnown("none")))
        },
    ]

    private static let relayed = [
        PreflightCase("nothing against apus on both hosts", [:], request: alwaysRelayed) {
            $0.relay = Carriers(sender: .known("0.1.0"), receiver: .known("0.1.0"))
        },
        PreflightCase(
            "no apus on the source of a relayed move", [.apusMissing: .blocker], request: alwaysRelayed
        ) {
            $0.relay = Carriers(sender: .notKnown("alpha: there is no apus"), receiver: .known("0.1.0"))
        },
        PreflightCase(
            "AppArmor without libvirt's rule for migration sockets", [.relayConfined: .blocker],
            request: alwaysRelayed
        ) {
            $0.relay = Carriers(sender: .known("0.1.0"), receiver: .known("0.1.0"))
            $0.destination.details.relayConfinement = .known(.strictAppArmor)
        },
        PreflightCase("SELinux on the source", [.relayConfined: .blocker], request: alwaysRelayed) {
            $0.relay = Carriers(sender: .known("0.1.0"), receiver: .known("0.1.0"))
            $0.source.details.relayConfinement = .known(.seLinux)
        },
        PreflightCase("AppArmor with that rule", [:], request: alwaysRelayed) {
            $0.relay = Carriers(sender: .known("0.1.0"), receiver: .known("0.1.0"))
            $0.destination.details.relayConfinement = .known(.appArmor)
        },
    ]

    private static var alwaysRelayed: MoveRequest {
        var request = MoveRequest()
        request.relaying = .always
        return request
    }

    private static let coldStart = [
        PreflightCase("nothing against a processor that only a start needs", [.diskNotShared: .note]) {
            $0.shutOff()
            $0.cpu = .known(Sample.cpu(destination: .lacks(reason: "no", features: ["avx512f"])))
        },
        PreflightCase(
            "a processor that it is to be started with", [.cpuIncompatible: .blocker, .diskNotShared: .note],
            request: started
        ) {
            $0.shutOff()
            $0.cpu = .known(Sample.cpu(destination: .lacks(reason: "no", features: ["avx512f"])))
        },
        PreflightCase(
            "a bridge that its next start needs", [.bridgeMissing: .warning, .diskNotShared: .note]
        ) {
            $0.shutOff()
            $0.interfaces = [InterfaceFacts(name: "52:54:00:00:00:01", connection: .bridge("br7"))]
        },
    ]

    private static var started: MoveRequest {
        var request = MoveRequest()
        request.starts = true
        return request
    }

    private static var together: MoveRequest {
        var disks = DiskRequest()
        disks.places = ["vda": .path("/fast/"), "vdb": .path("/fast/")]
        return MoveRequest(disks: disks)
    }

    private static var placed: MoveRequest {
        var disks = DiskRequest()
        disks.places["vda"] = .path("/fast/web01.qcow2")
        return MoveRequest(disks: disks)
    }
}

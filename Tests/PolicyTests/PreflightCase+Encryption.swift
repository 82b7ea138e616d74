import FleetModel

extension PreflightCase {
    static let encryption = [
        PreflightCase("nothing against hosts that can encrypt", [:], request: MoveRequest(tls: true)) {
            $0.encrypt()
        },
        PreflightCase("nothing of certificates where nothing is encrypted", [:]) {
            $0.destination.details.encryption = files(missing: ["ca-cert.pem"])
        },
        PreflightCase(
            "files that the destination lacks", [.tlsFilesMissing: .blocker], request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.destination.details.encryption = files(missing: ["server-cert.pem", "server-key.pem"], nil)
        },
        PreflightCase(
            "files that the source lacks", [.tlsFilesMissing: .blocker], request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.source.details.encryption = files(missing: ["client-cert.pem"], nil)
        },
        PreflightCase(
            "a server's certificate that is over", [.certificateExpired: .blocker],
            request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.destination.details.encryption = files(days: -3)
        },
        PreflightCase(
            "a client's certificate that is nearly over", [.certificateExpiresSoon: .warning],
            request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.source.details.encryption = files(["alpha"], days: 12)
        },
        PreflightCase(
            "a server's certificate for another name", [.certificateNameMismatch: .blocker],
            request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.destination.details.encryption = files(["beta.example"])
        },
        PreflightCase(
            "nothing against a certificate for the tls-name", [:], request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.destination.tlsName = "beta.example"
            $0.destination.details.encryption = files(["beta.example"])
        },
        PreflightCase(
            "certificates that could not be looked at", [.notKnown: .warning], request: MoveRequest(tls: true)
        ) {
            $0.encrypt()
            $0.source.details.encryption = .notKnown("alpha has no remote-shell")
        },
    ]

    fileprivate static func files(
        _ names: [String] = ["192.0.2.12"], days: Int = 300
    ) -> Reading<HostDetails.Encryption> {
        files(missing: [], HostDetails.Certificate(names: names, remaining: .seconds(days * 86400)))
    }

    fileprivate static func files(
        missing: [String],
        _ certificate: HostDetails.Certificate? = .init(names: ["192.0.2.12"], remaining: .seconds(8_640_000))
    ) -> Reading<HostDetails.Encryption> {
        .known(
            HostDetails.Encryption(directory: "/etc/pki/qemu", missing: missing, certificate: certificate))
    }
}

extension Sample {
    /// Both hosts have what it takes.
    fileprivate mutating func encrypt() {
        source.details.encryption = PreflightCase.files(["alpha"])
        destination.details.encryption = PreflightCase.files()
    }
}

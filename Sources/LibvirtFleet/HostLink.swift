import FleetModel
import Libvirt

/// A connection to one host that is opened anew after it broke.
actor HostLink {
    nonisolated let host: Host
    private let connector: HostConnector
    private var connection: Connection?

    init(host: Host, connector: HostConnector) {
        self.host = host
        self.connector = connector
    }

    /// The open connection; opened now if there is none.
    func open() async throws(ApusError) -> Connection {
        if let connection { return connection }
        let opened = try await connector.connect(to: host)
        connection = opened
        return opened
    }

    /// Runs `work` on the connection and says in our words why it failed.
    ///
    /// A connection that broke is forgotten, so that the next call opens another.
    func use<Value: Sendable>(
        _ work: @Sendable (Connection) async throws(LibvirtError) -> Value
    ) async throws(ApusError) -> Value {
        let connection = try await open()
        do throws(LibvirtError) {
            return try await work(connection)
        } catch {
            let translated = ApusError(error, host: host)
            if translated.code == .connectionLost { self.connection = nil }
            throw translated
        }
    }

    /// Asks something that must not take long: a host whose storage hangs answers nobody.
    ///
    /// A connection that is stuck in a call is left behind, so that the next call opens another.
    func ask<Value: Sendable>(
        within limit: Duration = .seconds(10),
        _ work: @escaping @Sendable (Connection) async throws(LibvirtError) -> Value
    ) async throws(ApusError) -> Value {
        let answer = await withFirst(of: limit) {
            await Result(awaiting: { () async throws(ApusError) in try await self.use(work) })
        }
        guard let answer else {
            connection = nil
            throw ApusError(
                .hostUnreachable, "ask \(host.name)", "\(host.name) did not answer within \(limit.text)",
                hint: "See whether its storage answers: a dead network file system holds libvirtd up.")
        }
        return try answer.get()
    }

    /// The guest on this host, or `nil` when the host knows none of that name or UUID.
    ///
    /// - Parameters:
    ///   - reference: which guest.
    ///   - limit: how long the host may take; `nil` is as long as it likes.
    /// - Returns: the guest, if the host knows it.
    /// - Throws: `ApusError` as `use` and `ask` do.
    func guest(_ reference: DomainReference, within limit: Duration? = nil) async throws(ApusError) -> Guest?
    {
        @Sendable func look(_ connection: Connection) async throws(LibvirtError) -> DomainSummary? {
            do throws(LibvirtError) {
                return try await connection.withDomain(reference) { (domain) throws(LibvirtError) in
                    try domain.summary()
                }
            } catch {
                guard error.code == .noDomain else { throw error }
                return nil
            }
        }
        guard let limit else { return try await use(look).map { Guest($0, host: host) } }
        return try await ask(within: limit, look).map { Guest($0, host: host) }
    }
}

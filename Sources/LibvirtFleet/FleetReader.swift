import DomainXML
package import FleetModel
import Libvirt

/// What one host answered, or why it did not.
package struct HostReading<Value: Sendable>: Sendable {
    package let host: Host
    package let value: Result<Value, ApusError>
}

/// Reads facts from libvirt; changes nothing.
package struct FleetReader: Sendable {
    private let connector: HostConnector

    package init(connector: HostConnector = HostConnector()) {
        self.connector = connector
    }

    /// What every host says of itself, all asked at once, in the given order.
    package func hosts(_ hosts: [Host]) async -> [HostReading<HostFacts>] {
        await readAll(hosts) { (host, connection) throws(ApusError) in try await facts(of: host, connection) }
    }

    /// The guests of every host, all asked at once, in the given order.
    package func guests(of hosts: [Host]) async -> [HostReading<[Guest]>] {
        await readAll(hosts) { (host, connection) throws(ApusError) in
            do throws(LibvirtError) {
                return try await connection.domains().map { Guest($0, host: host) }
            } catch {
                throw ApusError(error, host: host)
            }
        }
    }

    /// The running migrations of every host, with their figures, as their sources tell them.
    package func moves(on hosts: [Host]) async -> [HostReading<[RunningMove]>] {
        await readAll(hosts) { (host, connection) throws(ApusError) in
            do throws(LibvirtError) {
                var moves: [RunningMove] = []
                for domain in try await connection.domains() where domain.job == .migrationOut {
                    // A move that ends between the two questions is no move any more.
                    let statistics = try? await connection.withDomain(.uuid(domain.uuid)) {
                        (handle) throws(LibvirtError) in try handle.jobStatistics()
                    }
                    guard let statistics = statistics ?? nil else { continue }
                    moves.append(RunningMove(guest: Guest(domain, host: host), sample: JobSample(statistics)))
                }
                return moves
            } catch {
                throw ApusError(error, host: host)
            }
        }
    }

    func facts(of host: Host, _ connection: Connection) async throws(ApusError) -> HostFacts {
        do throws(LibvirtError) {
            let capabilities = try await connection.capabilities()
            return try await facts(of: host, connection, try? HostCapabilities(parsing: capabilities))
        } catch {
            throw ApusError(error, host: host)
        }
    }

    /// What a host says of itself, with capabilities that were read before: libvirt examines the host anew at
    /// each question for them.
    func facts(
        of host: Host, _ connection: Connection, _ capabilities: HostCapabilities?
    ) async throws(LibvirtError) -> HostFacts {
        let node = try await connection.node()
        return HostFacts(
            host: host, uuid: capabilities?.uuid,
            libvirtVersion: SoftwareVersion(try await connection.libvirtVersion()),
            hypervisorVersion: try await hypervisorVersion(of: connection),
            processors: node.processors, memory: ByteCount(node.memoryBytes),
            freeMemory: node.freeMemoryBytes.map(ByteCount.init))
    }

    /// `none` where libvirt finds no emulator: preflight has a finding for that, with what to do.
    private func hypervisorVersion(of connection: Connection) async throws(LibvirtError) -> SoftwareVersion {
        do throws(LibvirtError) {
            return SoftwareVersion(try await connection.hypervisorVersion())
        } catch {
            guard error.code == .internalError, error.message.contains("suitable emulator") else {
                throw error
            }
            return .none
        }
    }

    private func readAll<Value: Sendable>(
        _ hosts: [Host],
        _ read: @escaping @Sendable (Host, Connection) async throws(ApusError) -> Value
    ) async -> [HostReading<Value>] {
        await withTaskGroup(of: (Int, HostReading<Value>).self) { group in
            for (index, host) in hosts.enumerated() {
                group.addTask {
                    do throws(ApusError) {
                        let connection = try await connector.connect(to: host)
                        return (
                            index, HostReading(host: host, value: .success(try await read(host, connection)))
                        )
                    } catch {
                        return (index, HostReading(host: host, value: .failure(error)))
                    }
                }
            }
            var readings: [(Int, HostReading<Value>)] = []
            for await reading in group { readings.append(reading) }
            return readings.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

/// A move that libvirt carries out now, whoever asked for it.
package struct RunningMove: Sendable, Hashable {
    /// On its source.
    package let guest: Guest
    package let sample: JobSample
}

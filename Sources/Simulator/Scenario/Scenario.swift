package import FleetModel

/// One run, all of it drawn from a seed: the guest, the plan, and what breaks.
package struct Scenario: Sendable {
    package let seed: UInt64
    package var guest: SimulatedGuest
    package var plan: MovePlan
    /// Bytes a second.
    package var linkRate: Double
    /// Other moves over the same link.
    package var neighbours: [Neighbour]
    package var schedule: FaultSchedule
    /// What else is random: latencies and the like.
    package var random: SeededGenerator
    /// `apus repair` is run while the move's own process lives.
    package var isMeddledWith: Bool

    package init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        guest = Self.guest(&random)
        linkRate = random.spread(50e6, 1.2e9)
        let needsPostCopy = !guest.wasPaused && random.chance(0.25)
        if needsPostCopy {
            // It writes about as fast as the link sends: only the switch ends that, and the rest takes its time.
            guest.dirtyRate = linkRate * random.spread(0.7, 3)
            guest.workingSet = guest.memory * random.spread(0.3, 1)
        }
        if random.chance(0.4) { guest.snapshots = ["first", "second"] }
        if !guest.wasPaused, random.chance(0.3) { guest.devices = ["hostdev0"] }
        var method = TransferMethod()
        method.allowsPostCopy = needsPostCopy || random.chance(0.3)
        method.slowsGuestDown = random.chance(0.4)
        plan = Self.plan(
            guest, request: Self.request(method, needsPostCopy, &random), method: method,
            images: 1 + random.index(below: 2), pool: random.chance(0.5) ? "fast" : nil,
            removesSource: random.chance(0.3))
        schedule = FaultSchedule(seed: random.next(), expectsPostCopy: needsPostCopy)
        isMeddledWith = random.chance(0.03)
        let linkRate = linkRate
        neighbours = (0..<[0, 0, 0, 1, 1, 2][random.index(below: 6)]).map { number in
            // Some were there first.
            let begins: Duration = random.chance(0.4) ? .zero : .seconds(random.spread(0.05, 60))
            return Neighbour(
                number: number + 1, begins: begins, ends: begins + .seconds(random.spread(0.1, 120)),
                limit: random.chance(0.3)
                    ? ByteRate(bytesPerSecond: UInt64(linkRate * random.spread(0.05, 0.8))) : nil)
        }
        self.random = random.fork()
    }

    /// One that was thought up.
    package init(
        guest: SimulatedGuest, linkRate: Double = 1e9, request: MoveRequest = MoveRequest(),
        method: TransferMethod = TransferMethod(), removesSource: Bool = false,
        schedule: FaultSchedule = .none, neighbours: [Neighbour] = [],
        seed: UInt64 = 1
    ) {
        self.seed = seed
        self.guest = guest
        self.linkRate = linkRate
        self.schedule = schedule
        self.neighbours = neighbours
        plan = Self.plan(
            guest, request: request, method: method, images: 1, pool: nil, removesSource: removesSource)
        isMeddledWith = false
        random = SeededGenerator(seed: seed)
    }

    package static let guestIdentity = GuestIdentity(
        name: "web", uuid: "6a1ff5a5-7a1c-4f0b-9a2e-0f6d5d3c2b1a")

    private static func guest(_ random: inout SeededGenerator) -> SimulatedGuest {
        let memory = random.spread(32e6, 4e9)
        return SimulatedGuest(
            memory: memory, dirtyRate: random.chance(0.3) ? 0 : random.spread(1e5, 1.5e9),
            workingSet: memory * random.spread(0.01, 1),
            disk: random.element(of: SimulatedGuest.Disk.allCases), diskBytes: random.spread(1e6, 4e9),
            isPersistent: random.chance(0.7), wasPaused: random.chance(0.1))
    }

    /// Where the plan wants the guest's snapshots to be known when it has arrived.
    var snapshotsFate: SnapshotsFate { Self.fate(guest, plan.request) }

    private static func fate(_ guest: SimulatedGuest, _ request: MoveRequest) -> SnapshotsFate {
        guard guest.disk == .copied else { return .carried }
        return request.keepDefinition && guest.isPersistent ? .kept : .givenUp
    }

    private static func belongings(_ guest: SimulatedGuest, _ request: MoveRequest) -> [Preparation] {
        let snapshots = guest.snapshots.sorted().map {
            CarriedSnapshot(name: $0, parent: nil, isCurrent: false)
        }
        let uuid = guestIdentity.uuid
        return
            (snapshots.isEmpty
            ? []
            : [
                Preparation(
                    .forgetSnapshots, on: .source,
                    undoneBy: .snapshots(guest: uuid, snapshots, fate(guest, request)))
            ])
            + guest.devices.sorted().map {
                Preparation(
                    .unplug(alias: $0), on: .source,
                    undoneBy: .device(guest: uuid, CarriedDevice(alias: $0, name: $0)))
            }
    }

    private static func plan(
        _ guest: SimulatedGuest, request: MoveRequest, method: TransferMethod, images: Int, pool: String?,
        removesSource: Bool
    ) -> MovePlan {
        let orders = (0..<(guest.disk == .copied ? images : 0)).map { number in
            ImageOrder(
                disk: "vd\(["a", "b"][number])", pool: pool, path: "/images/web-\(number).qcow2",
                format: "qcow2", capacity: ByteCount(UInt64(guest.diskBytes)))
        }
        return MovePlan(
            guest: guestIdentity, source: Host(name: "alpha", uri: "qemu+ssh://alpha/system"),
            destination: Host(name: "beta", uri: "qemu+ssh://beta/system"), request: request,
            wasPaused: guest.wasPaused, isPersistent: guest.isPersistent, wasDefinedThere: false,
            method: method,
            vouchesForStorage: false, memory: ByteCount(UInt64(guest.memory)),
            disks: orders.map {
                DiskPlan(target: $0.disk, treatment: .copy($0, onlyTop: false), because: "")
            },
            preparations: orders.map { order in
                Preparation(
                    .createImage(order), on: .destination,
                    undoneBy: order.pool.map { .volume(pool: $0, path: order.path) } ?? .file(order.path))
            } + belongings(guest, request),
            conclusions: removesSource ? orders.map { .removeImage(path: $0.path) } : [], choices: [],
            rejected: [],
            findings: [], sourceQEMU: SoftwareVersion(7, 2, 22), destinationQEMU: SoftwareVersion(7, 2, 22),
            basis: PlanBasis([:]), forecast: nil)
    }

    private static func request(
        _ method: TransferMethod, _ needsPostCopy: Bool, _ random: inout SeededGenerator
    ) -> MoveRequest {
        let onStall: [[ConvergencePolicy.Measure]] = [
            [.throttle, .postCopy, .abort], [.postCopy, .abort], [.abort], [.suspend], [.throttle, .suspend],
            [.postCopy, .suspend], [.throttle],
        ]
        var convergence = ConvergencePolicy()
        convergence.onStall = needsPostCopy ? [.postCopy, .abort] : random.element(of: onStall)
        let downtimeLimit: Duration? = random.chance(0.5) ? .seconds(random.spread(0.02, 2)) : nil
        let bandwidth: ByteRate? =
            random.chance(0.2) ? ByteRate(bytesPerSecond: UInt64(random.spread(30e6, 500e6))) : nil
        // A list that ends in nothing goes on until the timeout.
        let needsTimeout = ![.abort, .suspend].contains(convergence.onStall.last)
        let timeout: Duration? =
            needsTimeout || random.chance(needsPostCopy ? 0.05 : 0.3) ? .seconds(random.spread(0.5, 90)) : nil
        return MoveRequest(
            keepDefinition: random.chance(0.3), bandwidth: bandwidth, downtimeLimit: downtimeLimit,
            timeout: timeout, allowsPostCopy: method.allowsPostCopy, convergence: convergence,
            recoverFor: .seconds(random.spread(10, 600)))
    }
}

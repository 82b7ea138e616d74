import FleetModel
import FoundationEssentials

extension MoveRecord {
    /// A move that begins now, with its plan and forecast sealed.
    init(beginning plan: MovePlan) {
        self.init(
            plan.guest, from: plan.source, to: plan.destination, plan: JSON.text(plan),
            forecast: plan.forecast.map { JSON.text($0) })
    }

    init(beginning plan: HomePlan) {
        self.init(plan.guest, from: plan.host, to: plan.host, plan: JSON.text(plan), forecast: nil)
    }

    private init(
        _ guest: GuestIdentity, from source: Host, to destination: Host, plan: String, forecast: String?
    ) {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        self.init(
            id: String(repeating: "0", count: 16 - digits.count) + digits, guest: guest, source: source.name,
            destination: destination.name, began: Date().timeIntervalSince1970, plan: plan, forecast: forecast
        )
    }
}

import FleetModel
import Testing

@testable import Transfer

@Suite("A line for a sender")
struct SendOrderTests {
    @Test(
        "with an order is understood, and written the same",
        arguments: [
            ("bandwidth 52428800", SendOrder.bandwidth(ByteRate(bytesPerSecond: 50 << 20))),
            ("bandwidth none", .bandwidth(nil)),
        ])
    func orders(line: String, order: SendOrder) {
        #expect(SendOrder(line) == order)
        #expect(order.line == line)
    }

    @Test(
        "with anything else means nothing",
        arguments: [
            "", " ", "bandwidth", "bandwidth ", "bandwidth 0", "bandwidth -1", "bandwidth 50MiB/s",
            "bandwidth 1 2", " bandwidth 1", "Bandwidth 1", "bandwidth 99999999999999999999", "{}",
        ])
    func others(line: String) {
        #expect(SendOrder(line) == nil)
    }
}

import Testing

@testable import LibvirtFleet

@Suite("What QEMU says of a migration", .timeLimit(.minutes(1)))
struct MigrationStatusTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let status: MigrationStatus
        var testDescription: String { name }

        init(_ name: String, _ status: MigrationStatus) {
            self.name = name
            self.status = status
        }
    }

    /// Every name of QEMU 7.2's QMP reference, those that came later, and one that nobody has yet.
    @Test(
        "is read by its whole name",
        arguments: [
            Row("none", .none), Row("setup", .setup), Row("cancelling", .cancelling),
            Row("cancelled", .cancelled), Row("active", .active), Row("postcopy-active", .postCopyActive),
            Row("postcopy-paused", .postCopyPaused), Row("postcopy-recover", .postCopyRecover),
            Row("completed", .completed), Row("failed", .failed), Row("colo", .colo),
            Row("pre-switchover", .preSwitchover), Row("device", .device),
            Row("wait-unplug", .waitingForUnplug), Row("postcopy-recover-setup", .postCopyRecoverSetup),
            Row("postcopy-device", .other("postcopy-device")), Row("", .other("")),
        ])
    func name(row: Row) {
        #expect(MigrationStatus(event: #"{"status":"\#(row.name)"}"#) == row.status)
    }

    @Test(
        "is found wherever it stands in the object",
        arguments: [
            #"{ "status" : "active" }"#, #"{"status":"\u0061ctive"}"#,
            #"{"reason":"\"completed\"","status":"active","pass":3}"#,
        ])
    func form(details: String) {
        #expect(MigrationStatus(event: details) == .active)
    }

    @Test(
        "is not made up from something else",
        arguments: [
            nil, "", "active", #""active""#, "{}", #"{"status":1}"#, #"{"status":null}"#, #"["active"]"#,
            #"{"state":"active"}"#, #"{"status":"active""#,
        ])
    func unread(details: String?) {
        #expect(MigrationStatus(event: details) == nil)
    }
}

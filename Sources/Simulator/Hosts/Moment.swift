/// Where a move stands, by what truly happens on the hosts: faults are told to strike then.
package enum Moment: String, Sendable, CaseIterable {
    case before = "before the transfer"
    case asked, preparing, prepared
    case disksConnect = "disks connect"
    case memoryFlows = "memory flows"
    case secondRound = "second round"
    case stopped
    case allArrived = "all arrived"
    case finishing
    case runsThere = "runs there"
    case confirmed
    case sourceEnded = "source ended"
    case postCopy = "post-copy"
    case postCopyRuns = "post-copy runs"
    case postCopyBroke = "post-copy broke"
    case postCopyResumed = "post-copy resumed"
    case cancelling
    case over

    static let withoutPostCopy = allCases.filter {
        ![before, postCopy, postCopyRuns, postCopyBroke, postCopyResumed].contains($0)
    }
    static let withPostCopy: [Moment] = [
        .memoryFlows, .postCopy, .postCopy, .postCopyRuns, .postCopyRuns, .postCopyRuns, .postCopyBroke,
        .postCopyResumed, .allArrived, .sourceEnded,
    ]
}

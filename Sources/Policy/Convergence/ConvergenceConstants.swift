/// Every number of convergence that is not the user's. docs/convergence.md says what each rests on.
enum ConvergenceConstants {
    // MARK: The downtime limit, in seconds

    /// The longest that QEMU takes. Source: `MAX_MIGRATE_DOWNTIME` in migration/migration.c.
    static let longestLimit = 2000.0
    /// Below this QEMU would wait for a moment that hardly ever comes: its loop looks every 50 ms.
    static let shortestLimit = 0.02
    /// What is kept free for the part of the stop that does not depend on what is left to send: as much as a
    /// busy host takes, yet no more than this share of the user's limit, and what a quiet host takes at least.
    static let reservedShare = 0.54
    /// Of what the promise leaves for memory, from a short stop to the whole of it.
    static let rungs = [0.4, 0.6, 0.8, 1]
    /// Measured ÷ estimated throughput: what it is taken to be at most until it was watched for so many seconds, and
    /// what it is never taken to be below.
    static let assumedTrust = 0.65
    static let watchTime = 2.5
    static let leastTrust = 0.25
    /// A limit is set again when it is off by more than this share; raised no oftener than so.
    static let limitTolerance = 0.1
    static let limitRest = 1.0

    // MARK: Throughput

    /// Over how long it is measured: about as long as the guest will stand still. QEMU's own estimate, over 0.1 s,
    /// is held against it.
    static let window = 0.4
    /// For how long a measurement counts, and for how long an estimate of QEMU's does.
    static let windowMemory = 5.0
    static let estimateMemory = 2.0
    /// Of a window: how much of it may have gone into looking at pages of zeros.
    static let zeroShare = 0.05

    // MARK: Rounds

    /// A round that left less than the best one by no more than this share left no less: a guest that
    /// rewrites the same memory all the time is never off by nothing.
    static let stallMargin = 0.02
    /// A stall is none before so many seconds: rounds may be as short as 50 ms.
    static let stallTime = 1.0
    /// A round that left more than this share of the one before it is slow: the limit is raised.
    static let slowRound = 0.85
    /// What is left is within reach of the limit up to so many times of what the limit allows: it fluctuates.
    static let reach = 1.3
    /// A raised limit is in force after so long: QEMU reckons every 0.1 s.
    static let limitDelay = 0.3
    /// A guest is judged by so much less than it was seen to dirty.
    static let favour = 0.97
    /// QEMU's switchover is left alone for so many rounds in which it should have begun.
    static let switchoverRounds = 3

    // MARK: Measures

    /// What a measure sends beside what is left, as a share: headers, devices, pages that are sent twice.
    static let measureOverhead = 0.05

    /// A good moment: no more is left than the least so far and this share.
    static let minimumMargin = 0.1
    /// So many rounds are waited for it.
    static let minimumRounds = 2
    /// What is left below this share of the least so far is no moment, but progress.
    static let progress = 0.75
    /// Slowing down helps while a round leaves no more than this share of the one before.
    static let throttleGain = 0.95
    /// So many rounds in which it did not help are enough where post-copy, which costs the guest less, comes
    /// after it; where there is only worse to come, QEMU gets as far as slowing the guest down by half.
    static let throttleStrikes = 1
    static let throttleStrikesAtLast = 6
    /// So many rounds in which QEMU did not begin with it.
    static let throttleIdle = 3
    /// QEMU looks no oftener than this whether to slow the guest down. Source: `migration_bitmap_sync` in
    /// migration/ram.c.
    static let throttlePeriod = 1.0
    /// What a measure takes beside the sending, and how much earlier than needed it is taken before a deadline.
    static let measureCost = 0.5
    static let deadlineMargin = 0.5
    /// A measure that was asked for and shows no effect for so many rounds and seconds was refused.
    static let refusalRounds = 3
    static let refusalTime = 5.0
}

import Glibc

/// What others may count on while a session runs: guests need their processors more than a transfer does.
package enum Niceness {
    /// Of the calling thread and those that it starts: on Linux niceness is a thread's own, and Dispatch gives the threads
    /// that it lends that of their class.
    ///
    /// - Parameter steps: of niceness; 5 leaves about a quarter of a contended processor, 10 a tenth.
    package static func giveWay(by steps: CInt = 10) {
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, steps)
    }
}

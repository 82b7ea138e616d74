import Glibc

/// What the command line asks for.
struct Options {
    static let usage = """
        usage: simulate-moves [--seeds N] [--from SEED] [--jobs N]
               simulate-moves --seed SEED

        Every seed is one move with its guest, its plan and what breaks. With --seed that one is shown step by step.
          --seeds N    how many; 100000 unless told
          --from SEED  the first; 1 unless told
          --jobs N     threads; as many as there are processors unless told
        Exit status: 0 every invariant held, 1 one did not, 64 usage.
        """

    var seeds: UInt64 = 100_000
    var from: UInt64 = 1
    var seed: UInt64?
    var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    init(_ arguments: [String]) {
        var rest = arguments[...]
        func number() -> UInt64 {
            guard let word = rest.popFirst(), let number = UInt64(word) else { refuse() }
            return number
        }
        while let option = rest.popFirst() {
            switch option {
            case "--seeds": seeds = number()
            case "--from": from = number()
            case "--seed": seed = number()
            case "--jobs": jobs = max(1, Int(clamping: number()))
            case "--help":
                print(Self.usage)
                exit(0)
            default: refuse()
            }
        }
        func refuse() -> Never {
            complain(Self.usage)
            exit(64)
        }
    }
}

/// To standard error.
func complain(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

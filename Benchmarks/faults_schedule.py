"""What is done to which move, and when: drawn from a seed, a case a line."""
import random

# A guest keeps a whole second of passes over 48 MiB; the link (LINK) carries 70 MiB/s. So the first round takes 0.7 s,
# the guest has rewritten two thirds of it by then, and a small downtime limit asks for five more rounds.
LINK = "600mbit"
DIRTY = ["--kind", "dirty", "--dirty-size", "48", "--dirty-rate", "45", "--memory", "128"]
GUESTS = {
    "pattern": DIRTY,
    "pattern-raw": DIRTY,                     # and a disk that is not shared, with known bytes on it
    "pattern-qcow2": DIRTY,
    "records-local": ["--kind", "disk", "--memory", "160"],
    "records-shared": ["--kind", "disk", "--memory", "160", "--disk-on", "shared"],
}
# Linux runs under TCG where KVM is a software one, and takes both cores: every sixth run.
KINDS = {
    "memory": ["pattern"] * 5 + ["records-shared"],
    "disk": ["pattern-raw"] * 3 + ["pattern-qcow2"] * 2 + ["records-local"],
    "post-copy": ["pattern"] * 5 + ["records-shared"],
}
# Each phase, with the longest that the fault waits after the phase was seen to begin.
PHASES = {
    "memory": {"reservation": 300, "first round": 600, "later round": 700, "switchover": 300, "activation": 200},
    "disk": {"reservation": 300, "disks": 400, "first round": 600, "later round": 700, "switchover": 300,
             "activation": 200},
    "post-copy": {"reservation": 300, "first round": 600, "post-copy": 400, "activation": 200},
}
FAULTS = [
    "mover killed", "mover stopped",
    "source's libvirtd killed", "source's libvirtd stopped",
    "destination's libvirtd killed", "destination's libvirtd stopped",
    "source's QEMU killed", "source's QEMU stopped", "destination's QEMU killed", "destination's QEMU stopped",
    "link cut in", "link cut out", "link cut", "destination's disk full", "destination out of memory",
]
CUTS = ["link cut in", "link cut out", "link cut"]
LONG = 60
# A long cut takes two minutes with what follows it.
LONG_EVERY = 50


def applies(kind, phase, fault):
    """A disk that nobody copies to cannot be full; memory that has arrived is not taken again."""
    if fault == "destination's disk full":
        return kind == "disk" and phase != "activation"
    if fault == "destination out of memory":
        return phase not in ("activation", "post-copy")
    return True


# Not by phase: as somebody would who presses a button without looking. Moves take two to eight seconds.
ANY_MOMENT = "any moment"
ANY_MOMENT_MS = 6000


def at_random(seed, runs, only=None):
    """Each case on its own: any move, any fault, any moment."""
    dice = random.Random(seed)
    drawn = []
    for number in range(runs):
        kind = only or dice.choice(list(KINDS))
        fault = dice.choice([fault for fault in FAULTS if applies(kind, ANY_MOMENT, fault)])
        item = case(dice, number, kind, ANY_MOMENT, fault, False)
        item["downtime_ms"] = dice.choice((50, 300, 1000))
        drawn.append(item)
    return sorted(drawn, key=lambda item: (item["number"] // 20, item["guest"], item["number"]))


def draw(seed, runs, only=None):
    """Every combination once before one comes again; each time in another order, with other delays."""
    dice = random.Random(seed)
    every = [(kind, phase, fault) for kind in KINDS for phase in PHASES[kind] for fault in FAULTS
             if applies(kind, phase, fault)]
    long_cuts = [combination for combination in every if combination[2] in CUTS]
    drawn, pending, pending_long = [], [], []
    for number in range(runs):
        is_long = number % LONG_EVERY == LONG_EVERY - 1
        if is_long and not pending_long:
            pending_long = dice.sample(long_cuts, len(long_cuts))
        if not is_long and not pending:
            pending = dice.sample(every, len(every))
        kind, phase, fault = (pending_long if is_long else pending).pop()
        drawn.append(case(dice, number, kind, phase, fault, is_long))
    chosen = [item for item in drawn if only in (None, item["kind"])]
    # Guests change places rarely: the runs of one guest follow each other within each hundred.
    return sorted(chosen, key=lambda item: (item["number"] // 100, item["guest"], item["number"]))


def case(dice, number, kind, phase, fault, is_long):
    drawn = {
        "number": number, "kind": kind, "guest": dice.choice(KINDS[kind]), "phase": phase, "fault": fault,
        "delay_ms": dice.randrange(ANY_MOMENT_MS if phase == ANY_MOMENT else PHASES[kind][phase]),
        # How long the fault lasts; after a kill, until the daemon is started again.
        "seconds": LONG if is_long else 3 if fault in CUTS else round(dice.uniform(2, 4), 1),
        # A switchover that is to be struck has to last; many rounds need a limit that is hard to meet.
        "downtime_ms": 1000 if phase == "switchover" else 50,
        "remove_source_disks": kind == "disk" and dice.random() < 0.5,
    }
    if fault.endswith("libvirtd killed"):
        drawn["seconds"] = round(dice.uniform(0.1, 2), 1)
    return drawn


def line(drawn):
    return (f"#{drawn['number']} {drawn['kind']} of {drawn['guest']}: {drawn['fault']}"
            f"{' %g s' % drawn['seconds'] if lasts(drawn['fault']) else ''}, {drawn['delay_ms']} ms into {drawn['phase']}")


def lasts(fault):
    return fault in CUTS or fault.endswith("stopped")

"""One case, done by one mover: move, fault, mending, repair, and what can be seen afterwards."""
import json
import os
import signal
import subprocess
import tempfile
import time

import faults_verify as verify
from faults_schedule import ANY_MOMENT, CUTS, line
from faults_watch import Signals, Watch
from two_hosts import ADDRESSES, HOSTS, await_gone, other, run, send

# A mover that is still there so long after the fault was mended does not end.
PATIENCE = 100


class Mover:
    """The process that moves the guest: apus, or virsh as an admin would use it."""

    def __init__(self, name, lab, apus, case, source):
        self.name, self.lab, self.case = name, lab, case
        self.words = self.apus(apus) if name == "apus" else self.virsh(source)
        self.destination = other(source)
        if name == "apus":
            self.words += ["--to", self.destination]

    def apus(self, path):
        case = self.case
        words = [path, "migrate", case["guest"], "--json", "--downtime", f"{case['downtime_ms']}ms"]
        words += {"memory": ["--no-postcopy"], "disk": [], "post-copy": ["--strategy", "post-copy"]}[case["kind"]]
        return words + (["--remove-source-disks"] if case["remove_source_disks"] else [])

    def virsh(self, source):
        words = ["virsh", "-q", "-c", self.lab.uris[source], "migrate", "--live", "--p2p", "--persistent",
                 "--undefinesource", self.case["guest"], f"qemu+tcp://{ADDRESSES[other(source)]}/system"]
        return words + {"memory": [], "disk": ["--copy-storage-all"],
                        "post-copy": ["--postcopy", "--postcopy-after-precopy"]}[self.case["kind"]]

    def start(self, signals):
        self.output = tempfile.TemporaryFile("w+")
        self.said = []
        self.began = time.monotonic()
        self.process = subprocess.Popen(self.words, stdout=self.output, stderr=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, env=self.lab.environment)

        def note(row):
            self.said = (self.said + [row.rstrip()])[-30:]
            if self.name == "apus":
                signals.progress(row)
        self.listener = signals.follow(self.process.stderr, note)

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def wait(self, seconds):
        """Whether it ended by itself."""
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        finally:
            self.seconds = time.monotonic() - self.began
            self.listener.join(2)

    def code(self):
        """The error's code, where it is apus and said one."""
        self.output.seek(0)
        try:
            return (json.loads(self.output.read() or "{}").get("error") or {}).get("code")
        except ValueError:
            return None

    def last_words(self):
        self.output.seek(0)
        return {"stdout": self.output.read()[-3000:], "stderr": self.said[-8:]}


class Strike:
    """The fault: begun, lasting for its time, mended."""

    def __init__(self, lab, case, mover, watch, source):
        self.lab, self.case, self.mover, self.watch = lab, case, mover, watch
        self.source, self.destination = source, other(source)
        self.at = self.moment = self.mended_at = None

    def victim(self):
        """The process that is killed or stopped, the host it is on, and the signal."""
        who, _, what = self.case["fault"].rpartition(" ")
        number = signal.SIGKILL if what == "killed" else signal.SIGSTOP
        host = self.source if who.startswith("source") else self.destination
        if who == "mover":
            return self.mover.process.pid, None, number
        if who.endswith("libvirtd"):
            return self.lab.daemon(host), host, number
        deadline = time.monotonic() + 0.5
        while host not in self.watch.pids and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.watch.pids.get(host), host, number

    def happen(self):
        """Strikes, and mends what passes by itself. Whether there was anything to strike."""
        fault, seconds = self.case["fault"], self.case["seconds"]
        if fault in CUTS:
            way = {"in": ":in", "out": ":out"}.get(fault.split()[-1], "")
            self.lab("link", "--cut", self.destination + way)
            self.at = time.monotonic()
            time.sleep(seconds)
            self.lab("link", "--mend", self.destination)
        elif fault == "destination's disk full":
            self.at = time.monotonic()
            self.lab("fill", self.destination)
        elif fault == "destination out of memory":
            self.at = time.monotonic()
            self.lab("memory", self.destination, "--limit", "4")
        else:
            pid, host, number = self.victim()
            self.at, self.moment = time.monotonic(), time.time()
            if pid is None or not send(pid, number):
                self.at = None
                return False
            if number == signal.SIGSTOP:
                time.sleep(seconds)
                send(pid, signal.SIGCONT)
            elif "libvirtd" in fault:
                await_gone(pid)
                time.sleep(seconds)
                self.lab.start_daemon(host)
        self.mended_at = time.monotonic()
        return True

    def mend(self):
        """What does not pass by itself: somebody makes room, and lets a guest run on that found none for its own writes."""
        if self.case["fault"] == "destination's disk full":
            self.lab("fill", self.destination, "--free")
            guest = self.case["guest"]
            if "I/O error" in self.lab.virsh(self.destination, "domstate", guest, "--reason").stdout:
                self.lab.virsh(self.destination, "resume", guest)
        elif self.case["fault"] == "destination out of memory":
            self.lab("memory", self.destination, "--free")

    def took_the_only_copy(self, signals):
        """Whether the guest cannot run on: the QEMU that was killed held memory that no other had.

        That is the source's until the destination runs, the destination's from then on, and in post-copy each of them.
        """
        fault, reached = self.case["fault"], signals.reached
        if not (fault.endswith("QEMU killed") or fault == "destination out of memory") or self.at is None:
            return False
        if reached.get("post-copy", float("inf")) <= self.at < reached.get("activation", float("inf")):
            return True
        has_run_there = signals.let_run <= (self.moment if fault.endswith("killed") else float("inf"))
        return has_run_there != fault.startswith("source")

    def excused(self):
        """The span in which the guest stands because its QEMU was stopped."""
        if not self.case["fault"].endswith("QEMU stopped") or self.at is None:
            return ()
        return ((self.at, (self.mended_at or time.monotonic()) + 0.1),)


def await_phase(case, mover, watch, signals, lab, source):
    """Waits until the move is in the phase, and the delay has passed. Whether it got there before it ended."""
    phase, guest = case["phase"], case["guest"]
    destination = other(source)
    image = lab.image(destination, guest, "qcow2" if guest.endswith("qcow2") else "raw")
    while not mover.has_ended:
        if phase == "disks" and is_written(image):
            signals.mark("disks")
        # Before virsh there is nothing to see but the destination's QEMU.
        if phase == "reservation" and destination in watch.appeared:
            signals.mark("reservation")
        with signals.changed:
            if phase in signals.reached or signals.changed.wait_for(lambda: phase in signals.reached, 0.01):
                break
    if phase not in signals.reached:
        return False
    try:
        mover.process.wait(max(0, signals.reached[phase] + case["delay_ms"] / 1000 - time.monotonic()))
        return False
    except subprocess.TimeoutExpired:
        return True


def is_written(image):
    try:
        return os.stat(image).st_blocks * 512 > 1 << 20
    except OSError:
        return False


def carry_out(campaign, case, name):
    """One case by one mover, on a guest that runs at campaign.home. What came of it, as one record."""
    lab, guest, source = campaign.lab, case["guest"], campaign.home
    contents = verify.Contents(lab, guest, campaign.pattern)
    if name == "virsh":
        lab.virsh(source, "migrate-setmaxdowntime", guest, str(case["downtime_ms"]))
    limits = limits_of(lab, source, guest)
    row = {"case": case, "mover": name, "source": source, "load": os.getloadavg()[0], "line": line(case)}
    watch, signals = Watch(lab, guest), Signals(lab, guest, source, case["kind"])
    watch.start()
    began = time.monotonic()
    mover = Mover(name, lab, campaign.apus, case, source)
    try:
        mover.start(signals)
        signals.mark(ANY_MOMENT)
        strike = Strike(lab, case, mover, watch, source)
        row["struck"] = await_phase(case, mover, watch, signals, lab, source)
        if row["struck"]:
            row["struck_in"] = signals.last()
            row["struck"] = strike.happen()
        row["ended"] = mover.wait(PATIENCE)
        strike.mend()
        row.update(exit=mover.process.returncode, code=mover.code(), seconds=round(mover.seconds, 2))
        ended_at = time.monotonic()
        row["repairs"] = [repair(campaign, guest) for _ in range(2)] if name == "apus" else []
        excused = strike.took_the_only_copy(signals)
        seen = verify.settle(lab, guest, excused)
        # The processors' time of a moment: enough to know who runs now.
        moment = time.monotonic()
        time.sleep(0.3)
        hosts = verify.running(watch, guest, moment)
        outcome = verify.verdict(seen, source, hosts)
        defined = [host for host in HOSTS if seen["states"][host]]
        if excused and not hosts and defined:
            outcome = "gone"
        row.update(outcome=outcome, states=seen["states"], qemus=seen["qemus"])
        home = hosts[0] if outcome in ("moved", "stayed") else defined[0] if outcome in ("gone", "lost") and defined else None
        problems = []
        if watch.both > 0.1:
            problems.append(f"it ran on both hosts for {watch.both:.2f} s")
        if home:
            problems += contents.problems(home, outcome in ("moved", "stayed"))
            if any(item.startswith("disk:") for item in problems):
                row["kept"] = keep_image(campaign, row, home)
        if strike.at and outcome not in ("lost", "gone"):
            until = time.monotonic()
            row["stood_still_seconds"] = round(watch.stood_still(strike.at, until, strike.excused()), 3)
            row["stood_still_after_mover_seconds"] = round(watch.stood_still(ended_at, until), 3)
        row["problems"] = problems
        row["leftovers"] = left(campaign, row, home, limits)
        row["wall_seconds"] = round(time.monotonic() - began, 2)
    finally:
        watch.ended.set()
        watch.join(2)
        signals.stop()
        if not mover.has_ended:
            mover.wait(0)
    row["ok"] = is_ok(row)
    if not row["ok"]:
        row["said"] = mover.last_words()
        row["logs"] = verify.log_tail(lab, guest)
    campaign.home = home if outcome in ("moved", "stayed") else None
    return row


def keep_image(campaign, row, host):
    """A disk that is not what it should be, for a person to look into."""
    case = row["case"]
    suffix = "qcow2" if case["guest"].endswith("qcow2") else "raw"
    folder = "/srv/shared" if case["guest"] == "records-shared" else "/var/lib/libvirt/images"
    path = f"{campaign.results}/faults-damaged-{case['number']}-{row['mover']}.{suffix}"
    run(["cp", "--sparse=always", f"{campaign.lab.roots[host]}{folder}/{case['guest']}.{suffix}", path], False)
    return path


def left(campaign, row, home, limits):
    lab, guest, outcome = campaign.lab, row["case"]["guest"], row["outcome"]
    image = f"/var/lib/libvirt/images/{guest}.{'qcow2' if guest.endswith('qcow2') else 'raw'}"
    allowed = set()
    if home and outcome in ("gone", "lost"):
        allowed |= {(home, image), (home, f"/etc/libvirt/qemu/{guest}.xml")}
    if home and home != campaign.home:
        # A source's image is kept, unless it was asked for that it is not.
        allowed.add((campaign.home, image))
    found = verify.leftovers(lab, campaign.baseline, guest, home if outcome in ("moved", "stayed") else None, allowed)
    if row["mover"] == "apus":
        if [item["exit"] for item in row["repairs"]] != [3, 3]:
            found += verify.journal(lab.journal, guest)
        if outcome == "stayed" and (now := limits_of(lab, home, guest)) != limits:
            found.append(f"limits of downtime (ms) and speed (MiB/s) were {limits}, are {now}")
    return found


def limits_of(lab, host, guest):
    return [lab.virsh(host, word, guest).stdout.strip() for word in ("migrate-getmaxdowntime", "migrate-getspeed")]


def repair(campaign, guest):
    began = time.monotonic()
    done = run([campaign.apus, "repair", guest, "--json"], False, 180, campaign.lab.environment)
    said = done.stdout[-3000:] + done.stderr[-500:]
    return {"exit": done.returncode, "seconds": round(time.monotonic() - began, 2),
            "said": said if done.returncode else ""}


def is_ok(row):
    """A guest that the fault itself ended may be left to a person, with exit 3, and stays held until one decided."""
    fine = (0, 3) if row["outcome"] == "gone" else (0,)
    is_left_to_a_person = row["outcome"] == "gone" and any(item["exit"] == 3 for item in row["repairs"])
    return (row["outcome"] in ("moved", "stayed", "gone") and row["ended"] and not row["problems"]
            and (is_left_to_a_person or not row["leftovers"]) and all(item["exit"] in fine for item in row["repairs"]))

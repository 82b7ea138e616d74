"""What can be seen of a move while it is broken: where the guest's processors run, and which phases were reached."""
import os
import re
import subprocess
import threading
import time

from two_hosts import HOSTS, read


class Watch(threading.Thread):
    """Looks every few milliseconds whether the guest's processors run, on which host, by the time the kernel gave them.

    That asks neither libvirt nor QEMU, which are what is broken. A processor that waits for nothing but its turn is
    running; these guests never rest for long.
    """
    STEP = 0.02
    # A stopped processor is woken now and then; that takes microseconds.
    LEAST = 100_000

    def __init__(self, lab, guest):
        super().__init__(daemon=True)
        self.lab, self.guest = lab, guest
        self.pids = {}                      # host → pid of the newest QEMU there
        self.ran = {host: [] for host in HOSTS}       # spans of time in which it ran: [begin, end]
        self.both = 0.0                     # seconds in which it ran on both
        self.appeared = {}                  # host → when its QEMU was first seen
        self.ended = threading.Event()
        self.began = time.monotonic()

    def run(self):
        threads, last = {}, {}
        before, was_both = time.monotonic(), False
        while not self.ended.wait(self.STEP):
            for host in HOSTS:
                self.find(host, threads)
            now = time.monotonic()
            shares = {}
            for host, tasks in threads.items():
                used = sum(int((read(f"{task}/schedstat") or "0").split()[0]) for task in tasks)
                gained = used - last.get((host, tasks), used)
                last[(host, tasks)] = used
                shares[host] = gained / 1e9 / (now - before)
                if gained > self.LEAST:
                    self.extend(host, before, now)
            is_both = len(shares) == 2 and min(shares.values()) > 0.2
            # The switch itself may lie in the middle of one step.
            if is_both and was_both:
                self.both += now - before
            before, was_both = now, is_both

    def find(self, host, threads):
        pid = read(f"{self.lab.state}/{host}/run/libvirt/qemu/{self.guest}.pid").strip()
        if not pid.isdigit() or self.pids.get(host) == int(pid) and host in threads:
            return
        tasks = tuple(f"/proc/{pid}/task/{task}" for task in listing(f"/proc/{pid}/task")
                      if read(f"/proc/{pid}/task/{task}/comm").startswith("CPU "))
        if tasks:
            self.pids[host] = int(pid)
            self.appeared.setdefault(host, time.monotonic())
            threads[host] = tasks

    def extend(self, host, begin, end):
        spans = self.ran[host]
        if spans and spans[-1][1] >= begin - 0.001:
            spans[-1][1] = end
        else:
            spans.append([begin, end])

    def stood_still(self, since, until, excused=()):
        """The longest time without a running processor on any host, less the spans that are excused."""
        longest, reached = 0.0, since
        for begin, end in sorted(span for spans in self.ran.values() for span in spans) + [[until, until]]:
            if begin > reached:
                gap = [reached, min(begin, until)]
                lost = sum(max(0.0, min(gap[1], stop) - max(gap[0], start)) for start, stop in excused)
                longest = max(longest, gap[1] - gap[0] - lost)
            reached = max(reached, end)
            if reached >= until:
                break
        return longest


def listing(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


class Signals:
    """Which phases a move has reached, by Apus' progress lines and by both hosts' events, and when."""

    def __init__(self, lab, guest, source, kind):
        self.lab, self.guest, self.kind = lab, guest, kind
        self.reached = {}
        self.changed = threading.Condition()
        self.let_run = float("inf")         # when QEMU let it run on the destination, by the clock of the day
        self.followers = []
        self.processes = []
        for host in HOSTS:
            self.listen(host, self.source_event if host == source else self.destination_event, "event", "--all")
            if host != source:
                self.listen(host, self.monitor_event, "qemu-monitor-event", "--event", "RESUME")

    def listen(self, host, note, *words):
        # stdbuf: into a pipe, virsh would keep its lines until there are many.
        process = subprocess.Popen(
            ["stdbuf", "-oL", "virsh", "-q", "-c", self.lab.uris[host], *words, "--loop"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True)
        self.processes.append(process)
        self.follow(process.stdout, note)

    def follow(self, stream, note):
        def lines():
            for row in stream:
                note(row)
        thread = threading.Thread(target=lines, daemon=True)
        thread.start()
        self.followers.append(thread)
        return thread

    def mark(self, phase):
        with self.changed:
            if phase not in self.reached:
                self.reached[phase] = time.monotonic()
                self.changed.notify_all()

    def source_event(self, row):
        if f"'{self.guest}'" not in row:
            return
        if "migration-iteration" in row:
            number = int(re.search(r"iteration: '?(\d+)", row).group(1))
            self.mark("first round" if number == 1 else "later round")
        elif "Suspended Post-copy" in row:
            self.mark("post-copy")
        elif "Suspended" in row:
            self.mark("switchover")

    def destination_event(self, row):
        if f"'{self.guest}'" not in row:
            return
        if "Resumed Post-copy" in row:
            self.mark("post-copy")
        elif "Resumed" in row:
            self.mark("activation")

    def monitor_event(self, row):
        """QEMU's own moment: it may be killed before anybody has heard of it."""
        found = re.match(r"event RESUME at ([\d.]+)", row)
        if found and self.guest in row:
            self.let_run = min(self.let_run, float(found.group(1)))

    def progress(self, row):
        """A line of Apus' standard error."""
        found = re.search(r'"phase":"([a-z-]+)"', row)
        if not found:
            return
        number = re.search(r'"round":(\d+)', row)
        phase = {"reservation": "reservation", "stop-and-copy": "switchover", "activation": "activation",
                 "pre-copy": "later round" if number and int(number.group(1)) > 1 else "first round"}.get(found.group(1))
        # Apus calls it activation as soon as the guest runs there, though in post-copy its memory is still on its way.
        if phase == "activation" and (self.kind == "post-copy" or "post-copy" in self.reached):
            phase = "post-copy"
        if phase:
            self.mark(phase)

    def last(self):
        """The phase that was reached last."""
        with self.changed:
            return max(self.reached, key=self.reached.get, default="before")

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()

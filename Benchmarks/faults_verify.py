"""What became of a guest after a fault, and what was left behind: asked of the kernel, of both libvirts and of disks."""
import os
import re
import sqlite3
import time

from two_hosts import HOSTS, other, read, run

# Looked at again and again until it is good; a state that is not good counts once it has not changed for this long.
SETTLED = 5
PATIENCE = 75


class Baseline:
    """What a lab looks like without guests."""

    def __init__(self, lab):
        self.files = {host: lab.files(host) for host in HOSTS}
        self.listeners = {host: lab.listeners(host) for host in HOSTS}
        self.programs = {(host, name) for host, _, name in lab.processes()}


def observe(lab, guest):
    """QEMUs by host, libvirt's states by host (None: not defined there), and whether a job is under way."""
    qemus = sorted(lab.qemus(guest).values())
    states, busy = {}, False
    for host in HOSTS:
        done = lab.virsh(host, "domstate", guest, "--reason")
        if done.returncode == 0:
            states[host] = done.stdout.strip()
            job = lab.virsh(host, "domjobinfo", guest).stdout
            busy = busy or not re.search(r"Job type:\s+(None|Completed|Failed)", job) and "Job type" in job
        else:
            states[host] = None if "failed to get domain" in done.stderr.lower() else done.stderr.strip()
    return {"qemus": qemus, "states": states, "busy": busy}


def is_good(seen):
    """Runs once, and libvirt says the same on both hosts."""
    if len(seen["qemus"]) != 1 or seen["busy"]:
        return False
    host = seen["qemus"][0]
    return (seen["states"][host] or "").startswith("running") and seen["states"][other(host)] is None


def is_gone(seen):
    """Ended for good: no QEMU, and one definition."""
    defined = [state for state in seen["states"].values() if state]
    return not seen["qemus"] and len(defined) == 1 and defined[0].startswith("shut off") and not seen["busy"]


def settle(lab, guest, may_be_gone):
    """Looks until it is good, or until nothing has changed for a while."""
    began = since = time.monotonic()
    before = None
    while True:
        seen = observe(lab, guest)
        if is_good(seen) or (may_be_gone and is_gone(seen)):
            return seen
        now = time.monotonic()
        if seen != before:
            before, since = seen, now
        # A post-copy whose connection broke keeps its job for ever.
        waits = seen["busy"] and not may_be_gone and "post-copy failed" not in str(seen["states"])
        if not waits and now - since > SETTLED or now - began > PATIENCE:
            return seen
        time.sleep(0.2)


def verdict(seen, source, running_on):
    """One word: moved, stayed, gone; or lost, twice, stopped, torn (libvirt's two answers do not add up)."""
    if len(running_on) > 1:
        return "twice"
    if not seen["qemus"]:
        return "lost"
    if not running_on:
        return "stopped"
    if not is_good(seen):
        return "torn"
    return "stayed" if running_on[0] == source else "moved"


def running(watch, guest, since):
    """The hosts on which the guest's processors ran lately, and whose QEMUs live."""
    alive = set(watch.lab.qemus(guest).values())
    return [host for host in HOSTS if host in alive and any(end > since for _, end in watch.ran[host])]


class Contents:
    """What the guest holds before the fault, to be held against what it holds after."""

    def __init__(self, lab, guest, pattern):
        self.lab, self.guest, self.pattern = lab, guest, pattern
        self.sizes = {host: size(lab.serial(host, guest)) for host in HOSTS}
        self.is_whole, self.last = self.records() if guest.startswith("records") else (True, None)

    def records(self):
        """Whether no record is missing or torn, and the last one."""
        text = self.lab("guest", "records", self.guest, check=False)
        found = re.search(r"last=(\d+) valid=\d+ gaps=(\d+) corrupt=(\d+)", text)
        return (True, int(found.group(1))) if found and found.group(2) == found.group(3) == "0" else (False, text)

    def said(self, host):
        """What it wrote to its serial port since; a pass is a dot, anything else a page that is not whole."""
        return read(self.lab.serial(host, self.guest))[self.sizes[host]:]

    def problems(self, host, is_running):
        found = []
        if not self.guest.startswith("records"):
            found += self.memory(host) if is_running else []
        found += self.disk(host, is_running)
        return found

    def memory(self, host):
        """Two more passes: one that was under way, and one that read all of its memory."""
        written = len(self.said(host))
        deadline = time.monotonic() + 20
        while len(self.said(host)) < written + 2:
            if time.monotonic() > deadline:
                return ["memory: no pass within 20 s"]
            time.sleep(0.05)
        strange = {item: self.said(item).replace(".", "") for item in HOSTS}
        return [f"memory: on {item} the guest wrote {text[:20]!r} ({text.count('E')} pages)"
                for item, text in strange.items() if text]

    def disk(self, host, is_running):
        if not self.is_whole:
            return [f"disk: before the move it was {self.last}"]
        if self.guest.startswith("records"):
            whole, last = self.records()
            # GlusterFS wants up to 42 s to find that a link that was cut is back.
            deadline = time.monotonic() + (60 if self.guest == "records-shared" else 20)
            while whole and is_running and last <= self.last and time.monotonic() < deadline:
                time.sleep(0.2)
                whole, last = self.records()
            if not whole:
                return [f"disk: {last}"]
            if last < self.last or is_running and last == self.last:
                return [f"disk: record {self.last} was written, {last} is the last one"]
            self.last = last
        elif self.guest != "pattern":
            suffix = self.guest.rpartition("-")[2]
            path = f"/var/lib/libvirt/images/{self.guest}.{suffix}"
            done = run(["nsenter", "-t", self.lab.roots[host].split("/")[2], "-m", "--", "qemu-img", "compare", "-U",
                        "-f", "raw", "-F", suffix, self.pattern, path], False)
            if done.returncode != 0:
                return [f"disk: {(done.stdout + done.stderr).strip()}"]
        return []


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def leftovers(lab, baseline, guest, home, allowed, seconds=4):
    """What is there that was not before the first guest and does not belong to a guest at home. Waits a little for it
    to go: libvirt cleans up after it has answered."""
    deadline = time.monotonic() + seconds
    while True:
        found = look_for_leftovers(lab, baseline, guest, home, allowed)
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


def look_for_leftovers(lab, baseline, guest, home, allowed):
    found = []
    for host in HOSTS:
        for path in sorted(lab.files(host) - baseline.files[host]):
            if not (host == home and belongs(path, guest) or (host, path) in allowed or is_noise(path)):
                found.append(f"{host}: {path}")
        folders = [path for path in lab.files(host) if re.fullmatch(rf"/var/lib/libvirt/qemu/domain-\d+-{guest}/", path)]
        if host == home and len(folders) > 1:
            found.append(f"{host}: {' and '.join(sorted(folders))}")
        for port in sorted(lab.listeners(host) - baseline.listeners[host]):
            found.append(f"{host}: TCP port {port} is listened on")
    qemus = lab.qemus(guest)
    for host, pid, name in lab.processes():
        if pid not in qemus and (host, name) not in baseline.programs:
            found.append(f"{host}: process {name}")
    if home:
        jobs = lab.virsh(home, "qemu-monitor-command", guest, '{"execute": "query-block-jobs"}').stdout
        if '"device"' in jobs:
            found.append(f"{home}: block job in QEMU: {jobs.strip()[:200]}")
    return found


def belongs(path, guest):
    """The files of a guest on the host that has it."""
    return (re.fullmatch(rf"/run/libvirt/qemu/{guest}\.(pid|xml)|/etc/libvirt/qemu/{guest}\.xml", path)
            or re.match(rf"/var/lib/libvirt/qemu/(channel/target/)?domain-\d+-{guest}/", path)
            or re.fullmatch(rf"/var/lib/libvirt/images/{guest}\.(raw|qcow2)", path)) is not None


def is_noise(path):
    """What libvirtd writes for itself, and what this harness leaves while it looks."""
    return path.endswith((".new", "records.raw", "/.filled")) or re.match(
        r"/run/(libvirtd|virtlogd|sshd)\.pid|/run/libvirt/(.*/)?(driver\.pid|autostarted|libvirt-.*sock.*|virt.*sock.*)$"
        r"|/run/libvirt/(hostdevmgr|network|lockd|nwfilter-binding|storage|common)/|/run/gluster|/run/lock/",
        path) is not None


def journal(state, guest):
    """What the journal still holds of a guest's moves: rows of what is to be undone or is held, and open moves."""
    path = os.path.join(state, "apus.sqlite")
    if not os.path.exists(path):
        return []
    found = []
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10) as file:
        tables = {name for name, in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in sorted(tables & {"undo", "reservation"}):
            found += [f"journal: {table} {' '.join(map(str, row))[:200]}" for row in file.execute(f"SELECT * FROM {table}")]
        if "move" in tables:
            found += [f"journal: move {row[0]} is open" for row in
                      file.execute("SELECT id FROM move WHERE outcome = 'open' AND guest_name = ?", (guest,))]
    file.close()
    return found


def log_tail(lab, guest):
    """For a person who looks into a bad run: the last of both QEMUs' logs, and of what the guest said."""
    return {host: [read(f"{lab.state}/{host}/log/qemu/{guest}.log").splitlines()[-5:],
                   read(lab.serial(host, guest))[-3000:]] for host in HOSTS}

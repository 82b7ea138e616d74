"""A lab of two hosts, for benchmarks: its commands, its daemons, its QEMUs and what lies on its hosts."""
import ctypes
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LAB = os.path.join(ROOT, "Examples/lab/lab")
HOSTS = ("host1", "host2")
ADDRESSES = {"host1": "192.0.2.11", "host2": "192.0.2.12"}


def run(words, check=True, timeout=120, environment=None):
    """Runs a command to its end; one that does not come to it is killed, and that is its result."""
    try:
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=timeout,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess(words, 124, "", f"no end after {timeout} s")
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def adopt_orphans():
    """Becomes the parent of the lab's daemons and QEMUs, and buries them at once: Benchmarks/forecast says why."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)
    worker = os.fork()
    if worker == 0:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(worker, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == worker:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def other(host):
    return HOSTS[1 - HOSTS.index(host)]


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


class Lab:
    """Two hosts under a name of their own."""

    def __init__(self, name):
        self.name = name
        self.environment = dict(os.environ, APUS_LAB=name, NO_COLOR="1")
        self.state = os.path.join(os.environ.get("APUS_LAB_DIR", "/var/lib/apus-lab"), name)
        self.journal = os.path.join(self.state, "journal")

    def __call__(self, *words, check=True, timeout=120):
        return run([LAB, *words], check, timeout, self.environment).stdout.strip()

    def up(self, *options):
        self("down", check=False)
        self("up", "--hosts", "2", *options)
        self.environment["APUS_INVENTORY"] = self("inventory")
        self.environment["APUS_STATE"] = self.journal
        self.uris = {host: self("uri", host) for host in HOSTS}
        self.networks = {os.stat(f"/run/netns/{self.name}-{host}").st_ino: host for host in HOSTS}
        self.roots = {host: f"/proc/{read(f'{self.state}/{host}/anchor').strip()}/root" for host in HOSTS}

    def virsh(self, host, *words, timeout=15):
        return run(["virsh", "-q", "-c", self.uris[host], *words], False, timeout)

    # Daemons

    def daemon(self, host):
        """The pid of a host's libvirtd; None when it has none."""
        pid = read(f"{self.state}/{host}/run/libvirtd.pid").strip()
        return int(pid) if pid and self.network_of(pid) == host else None

    def start_daemon(self, host):
        """As an init would; returns when it answers."""
        if self.daemon(host) is None:
            self("exec", host, "libvirtd", "-d", "--listen")
        deadline = time.monotonic() + 30
        while self.virsh(host, "version").returncode != 0:
            if time.monotonic() > deadline:
                sys.exit(f"libvirtd on {host} does not answer: see {self.state}/{host}/log")
            time.sleep(0.05)

    def heal(self):
        """Both daemons answer, whatever happened to them."""
        for host in HOSTS:
            pid = self.daemon(host)
            if pid and self.virsh(host, "list", timeout=20).returncode != 0:
                send(pid, signal.SIGKILL)
                await_gone(pid)
            self.start_daemon(host)

    # Processes

    def network_of(self, pid):
        try:
            return self.networks.get(os.stat(f"/proc/{pid}/ns/net").st_ino)
        except OSError:
            return None

    def processes(self):
        """All processes on the hosts: host, pid, name."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            host = self.network_of(pid)
            name = read(f"/proc/{pid}/comm").strip()
            if host and name and read(f"/proc/{pid}/stat").rpartition(")")[2].split()[:1] not in (["Z"], []):
                found.append((host, int(pid), name))
        return found

    def qemus(self, guest):
        """The QEMUs that hold a copy of the guest: pid → host."""
        return {pid: host for host, pid, name in self.processes()
                if name.startswith("qemu-system") and f"guest={guest}," in read(f"/proc/{pid}/cmdline")}

    # What a guest leaves

    def serial(self, host, guest):
        return f"{self.state}/{host}/log/qemu/{guest}.serial"

    def image(self, host, guest, suffix):
        return f"{self.roots[host]}/var/lib/libvirt/images/{guest}.{suffix}"

    def files(self, host):
        """What lies where libvirt and Apus keep things that belong to guests."""
        found = set()
        for top in ("/run", "/var/lib/libvirt", "/etc/libvirt/qemu"):
            for folder, folders, names in os.walk(self.roots[host] + top):
                found.update(os.path.join(folder, name)[len(self.roots[host]):]
                             for name in names + [item + "/" for item in folders])
        return found

    def listeners(self, host):
        """The TCP ports that are listened on."""
        ports = set()
        for row in run(["nsenter", "-t", self.roots[host].split("/")[2], "-n", "ss", "-Hltn"], False).stdout.splitlines():
            ports.add(int(row.split()[3].rpartition(":")[2]))
        return ports


def send(pid, number):
    try:
        os.kill(pid, number)
        return True
    except ProcessLookupError:
        return False


def await_gone(pid, seconds=10):
    deadline = time.monotonic() + seconds
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
        time.sleep(0.01)

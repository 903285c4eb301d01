"""Where the attacks happen: a namespace with glasstcp behind a TUN device, nginx on the kernel behind a link, and
honest clients whose pages are counted. The attackers have addresses in both networks that no kernel owns."""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import wire

PAGE = b"<p>a page of twenty kilobytes</p>\n" * 600
LARGE = random.Random(4711).randbytes(24 << 20)
PATIENCE = 15  # seconds in which a page must be whole


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def make_site(folder):
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "index.html").write_bytes(PAGE)
    (site / "large.bin").write_bytes(LARGE)
    for name, count in (("big", 12), ("many", 80)):  # files with a hole: they take no room
        for i in range(count):
            with open(site / f"{name}{i}.bin", "wb") as file:
                file.write(LARGE[: 64 << 10])
                file.truncate(17 << 20)
    for path in [folder, site, *site.iterdir()]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return site


class Target:
    """A server under attack: its address, the device towards it, addresses that attackers may have, its processes."""

    def __init__(self, name, address, device, network):
        self.name, self.address, self.device, self.network = name, address, device, network
        self.process = None

    def attacker(self, number):
        """An address in the server's network that no kernel owns."""
        return f"{self.network}.{100 + number % 100}"

    def pids(self):
        if self.process is None:
            return []
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def memory(self):
        """Resident bytes of all its processes."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
        return total

    def seconds(self):
        """Processor time of all its processes."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total

    def is_alive(self):
        return self.process is not None and self.process.poll() is None


class Glasstcp(Target):
    def __init__(self, program, folder):
        super().__init__("glasstcp", "192.0.2.2", "tun0", "192.0.2")
        self.program, self.folder, self.options = program, folder, []

    def start(self, *options, prefix=()):
        self.errors = open(self.folder / "glasstcp.err", "wb")
        arguments = [*prefix, self.program, "serve", "--site", self.folder / "site", "--offload", "off",
                     *options]
        self.process = subprocess.Popen([str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors)
        ready = self.process.stdout.readline()
        if not ready.startswith(b"ready"):
            raise RuntimeError("glasstcp does not start: " + (self.folder / "glasstcp.err").read_text())

    def stop(self):
        """Its exit status, and what it said."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = "no end within 30 s"
        self.process = None
        self.errors.close()
        return status, (self.folder / "glasstcp.err").read_text(errors="replace")


class Nginx(Target):
    """nginx on the kernel, in a network namespace of its own, at the other end of two devices without ARP."""

    def __init__(self, folder):
        super().__init__("nginx", "198.51.100.2", "far0", "198.51.100")
        self.folder = folder
        self.holder = None

    def start(self, *_, **__):
        if self.holder is None:
            self.holder = subprocess.Popen(["unshare", "--net", "sleep", "100000"])
            while os.readlink(f"/proc/{self.holder.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
                time.sleep(0.01)
            mac, inside = wire.NOARP_MAC.hex(":"), f"nsenter --net -t {self.holder.pid}"
            sh(f"ip link add far0 address {mac} type veth peer name near0 address {mac} netns {self.holder.pid}")
            sh("ip link set far0 arp off up && ip addr add 198.51.100.1/24 dev far0")
            sh(f"{inside} ip link set near0 arp off up && {inside} ip addr add 198.51.100.2/24 dev near0")
            sh(f"{inside} ip link set lo up")
            for device in ("far0", "near0"):  # the same packets as the TUN device has: not merged, not postponed
                prefix = inside if device == "near0" else ""
                subprocess.run(f"{prefix} ethtool -K {device} tso off gso off gro off tx off", shell=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        config = self.folder / "nginx.conf"
        config.write_text(f"""daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log /dev/null crit;
            events {{ worker_connections 65536; }} worker_rlimit_nofile 100000;
            http {{ access_log off; server {{ listen 198.51.100.2:80 backlog=4096; root {self.folder}/site; }} }}""")
        inside = ["nsenter", "--net", "-t", str(self.holder.pid)]
        self.process = subprocess.Popen([*inside, "nginx", "-c", str(config), "-e", "/dev/null"])
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection((self.address, 80), 1).close()
                return
            time.sleep(0.02)
        raise RuntimeError("nginx does not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process = None
        return 0, ""

    @staticmethod
    def is_here():
        return shutil.which("nginx") is not None


def fetch(address, path="/", seconds=PATIENCE):
    """The body of one page over a connection of its own; raises OSError."""
    end = time.monotonic() + seconds
    with socket.create_connection((address, 80), seconds) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: honest\r\nConnection: close\r\n\r\n".encode())
        pieces = []
        while True:
            sock.settimeout(max(0.01, end - time.monotonic()))
            piece = sock.recv(1 << 18)
            if not piece:
                break
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ConnectionError(head[:60].decode("latin-1"))
    return body


class Honest:
    """Clients who want pages while an attack goes on, and one that downloads a large file over and over."""

    def __init__(self, address, count=6):
        self.address, self.stopped = address, threading.Event()
        self.asked = self.served = 0
        self.slowest, self.errors, self.bad, self.downloaded = 0.0, [], 0, 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.visit, daemon=True) for _ in range(count)]
        self.threads.append(threading.Thread(target=self.download, daemon=True))

    def __enter__(self):
        self.started = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def visit(self):
        while not self.stopped.wait(0.05):
            began = time.monotonic()
            try:
                good = fetch(self.address) == PAGE
                error = None if good else "wrong bytes"
            except OSError as problem:
                good, error = False, f"{type(problem).__name__} {problem}"
            with self.lock:
                self.asked += 1
                self.served += good
                self.slowest = max(self.slowest, time.monotonic() - began)
                if error == "wrong bytes":
                    self.bad += 1
                if error:
                    self.errors.append(error)

    def download(self):
        wanted = hashlib.sha256(LARGE).digest()
        while not self.stopped.wait(0.05):
            with contextlib.suppress(OSError):
                body = fetch(self.address, "/large.bin", 60)
                self.downloaded += len(body)
                if hashlib.sha256(body).digest() != wanted:
                    self.bad += 1

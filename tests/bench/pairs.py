"""Comparisons of two ways to serve, asked in turn: processor time of the server, and rate.

The server has one processor, the clients another, in a network namespace of their own. Whoever goes first changes from
pair to pair, so that what drifts meanwhile (clock, caches) falls on both.
"""

import argparse
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
SERVER_CPU, CLIENT_CPU = "0", "1"
BULK_BYTES = 1 << 30
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


class Server:
    """`serve` with these options, on a device of its own: the `number`-th."""

    def __init__(self, program, site, number, *options):
        network = NETWORKS[number]
        self.address = f"{network}.2"
        command = [program, "serve", "--tun", f"tun{number}", "--address", f"{self.address}/24", "--host-address",
                   f"{network}.1", "--address6", f"2001:db8:{number}::2/64", "--host-address6", f"2001:db8:{number}::1",
                   "--site", site, *options]
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CPU, *command], stdout=subprocess.PIPE, text=True)
        readable, _, _ = select.select([self.process.stdout], [], [], 20)
        if not readable or not self.process.stdout.readline().startswith("ready"):
            sys.exit(f"the server with {' '.join(options)} is not ready")

    def processor_time(self):
        """Nanoseconds, of all its threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def url(self, path):
        return f"http://{self.address}/{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def client(*command):
    done = subprocess.run(["taskset", "-c", CLIENT_CPU, *command], capture_output=True, text=True, check=True)
    return done.stdout


def bulk(server, _seconds):
    """(bytes, seconds)"""
    said = client("curl", "-sS", "-o", "/dev/null", "-w", "%{size_download} %{time_total}", server.url("bulk.bin"))
    size, seconds = said.split()
    return int(size), float(seconds)


def requests(connections):
    """What asks over so many connections: (answers, seconds)."""
    def ask(server, seconds):
        said = client("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", server.url("small.html"))
        total, took = re.search(r"(\d+) requests in ([0-9.]+)s", said).groups()
        return int(total), float(took)
    return ask


def compare(name, ask, ways, options):
    """`ways`: two context managers that give a server; the first divided by the second. Medians, least, greatest."""
    costs, rates = [], []
    for pair in range(-1, options.pairs):  # the first one warms up
        cost, rate = {}, {}
        for way in (0, 1) if pair % 2 else (1, 0):
            with ways[way]() as server:
                before = server.processor_time()
                units, took = ask(server, options.seconds)
                cost[way] = (server.processor_time() - before) / units
            rate[way] = units / took
        if pair >= 0:
            costs.append(cost[0] / cost[1])
            rates.append(rate[0] / rate[1])
    told = [f"{statistics.median(all_):.3f} [{min(all_):.3f} .. {max(all_):.3f}]" for all_ in (costs, rates)]
    print(f"{name:34} processor time {told[0]}   rate {told[1]}", flush=True)


def options_of(usage, script, seconds):
    """The command line; what runs then is in namespaces of its own. `seconds`: unless it says so."""
    parser = argparse.ArgumentParser(usage=usage.replace("%", "%%"), add_help=True)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=seconds)
    parser.add_argument("--program", default=str(TOP / "build/glasstcp"))
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if not options.inside:
        inside = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, script]
        os.execvp("unshare", [*inside, "--inside", *sys.argv[1:]])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return options


@contextmanager
def a_site():
    """A folder with bulk.bin and small.html."""
    with tempfile.TemporaryDirectory(prefix="glasstcp-cost-") as site:
        os.chmod(site, 0o755)
        with open(f"{site}/bulk.bin", "wb") as file:
            file.truncate(BULK_BYTES)
        Path(f"{site}/small.html").write_bytes(b"x" * 1000)
        yield site

#!/usr/bin/env python3
"""Serves for an hour, and looks at what stays: memory, descriptors, connections, and every byte that was served.

usage: scripts/soak [--minutes N] [--seed N] [--impair WORDS]     (default: 60 minutes, a link that loses a little)
Environment: GLASSTCP is the program (default: build/glasstcp).

At the same time: browsers' habits (six connections to one host, ranges, conditional requests, HEAD, pipelined and idle
connections), wrk where it is installed, slow readers, clients that abort in the middle, garbage and SYN floods in
bursts, and a link that loses, delays and reorders. Needs root and a TUN device; works in namespaces of its own.
Fails on a body with a wrong hash, a request that no attack explains and that got no answer, memory or descriptors that
grow from the second quarter to the last, connections that are left a while after all clients went, a verdict or a
reason that was counted and that none of these explains, a word on stderr, or an end that is not in order.
"""

import argparse
import collections
import hashlib
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(HERE), str(TOP / "tests" / "interop")]
import ground  # noqa: E402
import wire  # noqa: E402
from wire import ACK, RST, SYN  # noqa: E402

NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
BYTES = {f"/file{i}.bin": random.Random(i).randbytes(size)
         for i, size in enumerate((0, 1, 1447, 1448, 1449, 65536, 300_000, 2_000_001, 17 << 20))}
HASHES = {path: hashlib.sha256(data).digest() for path, data in BYTES.items()}


# Where each verdict and reason that may be counted comes from. Another one fails: nobody knows its cause.
CLIENTS = """Accepted SynAccepted HandshakeComplete ResetAccepted DataAfterClose TimeWaitReused SynAck NewData
    NewDataFin Fin AckFin AckDelayTimer AckEverySecondSegment AckImmediate WindowUpdate ZeroWindowProbe SwsOverride
    TimeWaitAck RstUnreadData RstAborted"""
LOSS = """AcceptedDuplicate AcceptedOutOfOrder SynDuplicate SynAckRetransmit AckDuplicateData AckOutOfOrder AckGapFilled
    RackRetransmit FastRetransmit RetransmitTimeout RetransmitAfterTimeout TailLossProbe LimitedTransmit
    PartialAckRetransmit ResetOutsideWindow ResetChallenged ChallengeReset AckTooOld ChallengeAck
    TimeWaitOldDuplicate"""
OVERTAKEN = "OutsideWindow AckOutsideWindow PawsRejected AckOldTimestamp"  # by a request, which is newer
ATTACKERS = """TruncatedPacket BadIpVersion BadIpHeaderLength BadIpChecksum NotForUs BadTcpHeader BadTcpChecksum
    ListenBadAck ListenIgnored SynChallenged ChallengeSyn NoConnection ResetNoConnection NoAckFlag RstNoConnection
    RstUnacceptableAck SynCookieSent SynAckCookie"""
HOST = "QuietlyIgnored"  # the kernel's router solicitations
SOURCES = {name: source for source, names in (("clients", CLIENTS), ("the lossy link", LOSS),
                                              ("reordering", OVERTAKEN), ("attackers", ATTACKERS), ("the host", HOST))
           for name in names.split()}


def counters_of(status):
    """{name: number} of the verdicts and reasons in what `status` says."""
    return {name: int(number) for number, name in re.findall(r"^ +(\d+)  ([A-Z][a-z][A-Za-z]+): ", status, re.M)}


class Tally:
    """What happened, counted by all threads."""

    def __init__(self):
        self.counts, self.faults, self.lock = collections.Counter(), [], threading.Lock()

    def add(self, what, number=1):
        with self.lock:
            self.counts[what] += number

    def fault(self, text):
        with self.lock:
            self.counts["faults"] += 1
            if len(self.faults) < 20:
                self.faults.append(text)


class Browser:
    """A connection that is used as a browser uses it: several requests, some of them for parts."""

    def __init__(self, address, chance, tally):
        self.address, self.chance, self.tally = address, chance, tally

    def visit(self):
        with socket.create_connection((self.address, 80), 60) as sock:
            sock.settimeout(120)
            reader = sock.makefile("rb")
            for _ in range(self.chance.randrange(1, 8)):
                self.request(sock, reader)
            if self.chance.random() < 0.1:  # opened in advance, or idle for a while
                time.sleep(self.chance.random() * 3)
        self.tally.add("connections")

    def request(self, sock, reader):
        path = self.chance.choice(list(BYTES))
        data, kind = BYTES[path], self.chance.choice(["whole", "whole", "range", "head", "conditional"])
        lines, wanted = [f"{'HEAD' if kind == 'head' else 'GET'} {path} HTTP/1.1", "Host: soak"], data
        if kind == "range" and data:
            first = self.chance.randrange(len(data))
            last = min(len(data) - 1, first + self.chance.randrange(1 << 20))
            lines.append(f"Range: bytes={first}-{last}")
            wanted = data[first:last + 1]
        if kind == "conditional":
            lines.append("If-None-Match: *")
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        status, fields = self.head(reader)
        allowed = {"range": (206,) if data else (200, 416), "conditional": (304,)}.get(kind, (200,))
        if status not in allowed:
            self.tally.fault(f"{kind} {path}: status {status}")
        if kind in ("head", "conditional") or status == 416:
            wanted = b"" if status != 416 else None
        length = int(fields.get("content-length", 0)) if kind != "head" and status != 304 else 0
        digest, got = hashlib.sha256(), 0
        while got < length:
            piece = reader.read(min(1 << 18, length - got))
            if not piece:
                raise ConnectionError("the body ended early")
            digest.update(piece)
            got += len(piece)
        if wanted is not None and digest.digest() != hashlib.sha256(wanted).digest():
            self.tally.fault(f"{kind} {path}: wrong bytes ({got} instead of {len(wanted)})")
        self.tally.add("requests")
        self.tally.add("bytes", got)

    @staticmethod
    def head(reader):
        first = reader.readline()
        if not first.startswith(b"HTTP/1.1 "):
            raise ConnectionError(f"no answer, but {first[:40]!r}")
        fields = {}
        while (line := reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        return int(first.split()[1]), fields


def browse(soak, number):
    chance = random.Random(soak.seed * 1000 + number)
    while not soak.over.is_set():
        try:
            Browser(soak.address, chance, soak.tally).visit()
        except OSError as problem:
            soak.tally.fault(f"a browser: {type(problem).__name__} {problem}")
            time.sleep(0.2)


def abort(soak, number):
    """Asks, reads a little, and resets."""
    chance = random.Random(soak.seed * 2000 + number)
    while not soak.over.wait(0.1):
        try:
            with socket.create_connection((soak.address, 80), 60) as sock:
                path = chance.choice(list(BYTES))
                sock.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()[: chance.randrange(1, 60)])
                sock.settimeout(chance.random())
                try:
                    sock.recv(chance.randrange(1, 100_000))
                except OSError:
                    pass
                if chance.random() < 0.7:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            soak.tally.add("aborts")
        except OSError:
            soak.tally.add("aborts that did not connect")


def read_slowly(soak, number):
    """A person on a bad line: a large file, some kilobytes at a time, all of it checked as far as it comes."""
    chance = random.Random(soak.seed * 3000 + number)
    path, data = max(BYTES.items(), key=lambda item: len(item[1]))
    while not soak.over.is_set():
        try:
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                sock.settimeout(60)
                sock.connect((soak.address, 80))
                sock.sendall(f"GET {path} HTTP/1.1\r\nHost: slow\r\n\r\n".encode())
                reader, at = sock.makefile("rb", 4096), 0
                Browser.head(reader)
                while not soak.over.wait(0.1 + chance.random() * 0.2) and at < len(data):
                    piece = reader.read1(chance.randrange(1, 40_000))
                    if not piece or piece != data[at:at + len(piece)]:
                        what = f"wrong bytes at {at}" if piece else f"cut off at {at}"
                        soak.tally.fault("a slow reader: " + what)
                        break
                    at += len(piece)
                soak.tally.add("bytes read slowly", at)
        except OSError as problem:
            soak.tally.fault(f"a slow reader: {type(problem).__name__} {problem}")


def attack(soak, number):
    """Bursts of what no honest client sends, with pauses: SYNs, handshakes left alone, garbage, resets."""
    link, chance = wire.Link("tun0"), random.Random(soak.seed * 4000 + number)
    while not soak.over.wait(2 + chance.random() * 4):
        kind = chance.randrange(3)
        for i in range(300):
            source = (f"192.0.2.{chance.randrange(100, 250)}", chance.randrange(1024, 65535))
            flags = SYN if kind == 0 else chance.choice([SYN, ACK, RST, 0, 255, SYN | RST])
            packet = wire.tcp_packet(source[0], soak.address, (source[1], 80), flags, chance.randrange(1 << 32),
                                     chance.randrange(1 << 32), 1000, wire.OPTIONS if i % 2 else b"", b"x" * (i % 50))
            if kind == 2:
                packet = bytearray(packet)
                packet[chance.randrange(len(packet))] ^= 1 << chance.randrange(8)
                packet = bytes(packet[: chance.randrange(1, len(packet) + 1)])
            link.send(packet)
        for _ in link.received():
            pass
        soak.tally.add("packets of attackers", 300)


def drive_wrk(soak, _):
    """wrk for ten seconds, now and then."""
    while not soak.over.wait(10):
        done = subprocess.run(["wrk", "-t1", "-c32", "-d10", f"http://{soak.address}/file3.bin"], capture_output=True,
                              text=True, check=False)
        found = re.search(r"(\d+) requests in", done.stdout)
        soak.tally.add("requests of wrk", int(found[1]) if found else 0)
        if "Non-2xx" in done.stdout:
            soak.tally.fault("wrk: " + done.stdout.strip().splitlines()[-1])


def connections_of(status):
    """How many live: of the states in upper case all but LISTEN, and TIME-WAIT, which ends by itself."""
    states = re.findall(r"^ +(\d+)  ([A-Z][A-Z0-9-]+)$", status, re.M)
    if not states:
        raise ValueError("`status` tells no states: " + status[:200])
    return sum(int(number) for number, state in states if state not in ("LISTEN", "TIME-WAIT"))


class Soak:
    def __init__(self, options, folder):
        self.address, self.seed, self.options = "192.0.2.2", options.seed, options
        self.over, self.tally, self.samples = threading.Event(), Tally(), []
        program = Path(os.environ.get("GLASSTCP", TOP / "build" / "glasstcp")).resolve()
        self.program, self.server = program, ground.Glasstcp(program, folder)

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.server.pids())

    def run(self):
        self.server.start(*(["--impair", self.options.impair] if self.options.impair else []))
        jobs = [(browse, 8), (abort, 3), (read_slowly, 4), (attack, 1)]
        if shutil.which("wrk"):
            jobs.append((drive_wrk, 1))
        threads = [threading.Thread(target=job, args=(self, i), daemon=True)
                   for job, count in jobs for i in range(count)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + self.options.minutes * 60
        while time.monotonic() < end and self.server.is_alive():
            self.over.wait(min(5, self.options.minutes * 60 / 40))
            self.samples.append((self.server.memory(), self.descriptors()))
        self.over.set()
        for thread in threads:
            thread.join(180)
        if any(thread.is_alive() for thread in threads):
            self.tally.fault("a client still waits three minutes after the end")

    def judge(self):
        quarter = max(1, len(self.samples) // 4)
        early, late = self.samples[quarter:2 * quarter], self.samples[-quarter:]
        for index, (what, allowed) in enumerate((("memory", 8 << 20), ("descriptors", 8))):
            first, last = max(s[index] for s in early), max(s[index] for s in late)
            print(f"{what}: at most {first} in the second quarter, {last} in the last")
            if last > first * 1.05 + allowed:
                self.tally.fault(f"{what} grew from {first} to {last}")
        if not self.server.is_alive():
            self.tally.fault("the server ended")
            return
        self.look_for_stuck()
        status, said = self.server.stop()
        if status != 0:
            self.tally.fault(f"the server ended with {status}")
        lines = [line for line in said.splitlines() if line.strip()]
        print("\n".join(f"  the server: {line}" for line in lines))
        if any(re.search("Sanitizer|assertion|error", line) for line in lines):
            self.tally.fault("the server said " + lines[0])

    def look_for_stuck(self):
        """Who is left a minute after everybody went (a silent peer is given up later, so attackers have a while)."""
        asked = subprocess.run([self.program, "status"], capture_output=True, text=True, check=False)
        if asked.returncode != 0:
            print("connections: not asked, this program has no `status`")
            return
        end = time.monotonic() + 75
        told = ""
        while time.monotonic() < end:
            told = subprocess.run([self.program, "status"], capture_output=True, text=True, check=False).stdout
            left = connections_of(told)
            if left == 0:
                break
            time.sleep(1)
        print("\n".join("  " + line for line in told.splitlines()))
        print(f"connections left: {left}")
        counters, sums = counters_of(told), collections.Counter()
        for name, number in counters.items():
            sums[SOURCES.get(name, "nobody knows")] += number
        print("counted, by what brings it about: " + ", ".join(f"{n:,} {source}" for source, n in sums.most_common()))
        unknown = sorted(name for name in counters if name not in SOURCES)
        if unknown or not counters:
            self.tally.fault("counters that nothing here explains: " + (", ".join(unknown) or "none is told"))
        if left:
            self.tally.fault(f"{left} connections are left")


def inside(options):
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    ground.sh("mount -t tmpfs -o size=1g,mode=755 soak " + str(folder))
    ground.sh("ip link set lo up; sysctl -qw net.ipv4.ip_forward=0")
    site = folder / "site"
    site.mkdir(mode=0o755)
    for path, data in BYTES.items():
        (site / path[1:]).write_bytes(data)
    soak = Soak(options, folder)
    soak.run()
    soak.judge()
    for what, number in sorted(soak.tally.counts.items()):
        print(f"{number:14,} {what}")
    for fault in soak.tally.faults:
        print("FAULT", fault)
    bad = soak.tally.counts["faults"]
    print(f"{0 if bad else 1} passed, {1 if bad else 0} failed")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--impair", default="loss=0.2%,delay=2ms,jitter=1ms,reorder=0.5%,duplicate=0.1%")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        print("not run: needs root and /dev/net/tun\n0 passed, 0 failed, 1 skipped")
        return 0
    return subprocess.run([*NAMESPACES, sys.executable, __file__, *sys.argv[1:], "--inside"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

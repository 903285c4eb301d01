"""What stood on the wire: tcpdump writes it, tshark reads it."""

import os
import signal
import socket
import struct
import subprocess
import time

import patience
from harness import Failed, check, folder, run, wait_until

SERVER = "192.0.2.2"
MARK = 0x6D6B  # the identifier of the echo request that marks the end of a capture
REPEATED = ("tcp.analysis.retransmission || tcp.analysis.fast_retransmission || "
            "tcp.analysis.spurious_retransmission || tcp.analysis.lost_segment || tcp.analysis.out_of_order")
LEAST_WAIT, LEAST_TIMEOUT, CROSSING = 0.002, 0.2, 0.001  # seconds
CHECKSUMS = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]


def checksum(data):
    """The Internet checksum."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1])) + (data[-1] << 8 if len(data) & 1 else 0)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    """tcpdump on an interface, from __enter__ until stop(). `snap`: bytes kept of each packet; the less, the more
    packets fit into the buffer, and a missed one fails the case. `file`: where it is kept (in the case's folder)."""

    def __init__(self, interface="tun0", snap=1600, file=None):
        self.interface, self.snap = interface, snap
        self.file = file or folder() / f"{interface}-{time.monotonic_ns()}.pcap"

    def __enter__(self):
        command = ["tcpdump", "-i", self.interface, "-w", str(self.file), "-s", str(self.snap), "-U", "-n",
                   "-B", "65536", "-Z", "root", "--immediate-mode"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return self
        raise Failed("tcpdump does not start")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends the capture, with all packets until now in it, and the server's answers to them: the last is the reply
        to a ping of ours."""
        mark = os.urandom(16)
        ping = struct.pack("!BBHHH", 8, 0, 0, MARK, 1) + mark
        ping = ping[:2] + struct.pack("!H", checksum(ping)) + ping[4:]
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sender:
            sender.sendto(ping, (SERVER, 0))
        wait_until(lambda: self._tail().count(mark) == 2, "tcpdump has written everything", 30)
        self.process.send_signal(signal.SIGINT)
        _, said = patience.communicate(self.process, 30)
        check("\n0 packets dropped by kernel" in said, f"tcpdump missed packets: {said}")
        return self

    def _tail(self):
        with open(self.file, "rb") as file:
            file.seek(max(0, os.path.getsize(self.file) - 65536))
            return file.read()

    def packets(self, display_filter, *fields, preferences=()):
        """The packets that match, each as a dict of these tshark fields (text; several values joined by commas)."""
        shown = f"({display_filter}) && !(icmp.ident == {MARK})"
        command = ["tshark", "-n", "-r", self.file, *CHECKSUMS, *preferences, "-Y", shown, "-T", "fields",
                   "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"]
        for field in fields:
            command += ["-e", field]
        lines = run(*command).stdout.splitlines()
        return [dict(zip(fields, line.split("|"))) for line in lines]

    def count(self, display_filter):
        return len(self.packets(display_filter, "frame.number"))

    def check_none(self, display_filter, what):
        found = self.packets(display_filter, "frame.number", "_ws.col.Info")
        check(not found, f"{len(found)} packets with {what}, first: {found[:3]}")

    def check_sound(self, with_checksums=True):
        """No packet is malformed, no checksum is bad (with offload on, the kernel completes those, unseen here). A
        TCP checksum of 0xffff is right by its arithmetic, but for tshark bad (RFC 1624 never arrives at it): Linux's
        own, a client here, may have it. Not one of ours, which leave through port 80."""
        self.check_none("_ws.malformed", "malformed content")
        if with_checksums:
            self.check_none("ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || "
                            "icmpv6.checksum.status == 0 || (tcp.checksum.status == 0 && "
                            "!(tcp.checksum == 0xffff && tcp.dstport == 80))", "a bad checksum")

    def check_no_retransmission(self, most_probes=4):
        """Nothing was lost, so nothing is repeated. One thing may be, where the machine is short of processors: the
        client's kernel acknowledges late, and a tail loss probe repeats the last segment. Each is checked to be right
        by the wire: RFC 8985 §7.2, after the least wait (2 ms) without an answer, and no later than a timeout."""
        shown = ["frame.number", "frame.time_relative", "tcp.stream", "tcp.srcport", "tcp.seq", "tcp.nxtseq", "tcp.ack",
                 "_ws.col.Info"]
        repeated = {packet["frame.number"] for packet in self.packets(REPEATED, "frame.number")}
        if not repeated:
            return
        wrong, probes, ends = [], 0, {}
        for packet in self.packets("tcp", *shown):
            end = ends.setdefault(packet["tcp.stream"], {}).setdefault(packet["tcp.srcport"], End())
            other = next((e for port, e in ends[packet["tcp.stream"]].items() if port != packet["tcp.srcport"]), End())
            if packet["frame.number"] in repeated:
                is_probe = end.may_probe(packet, other)
                probes += is_probe
                wrong += [] if is_probe else [packet["_ws.col.Info"]]
            end.sends(packet)
        check(not wrong, f"{len(wrong)} retransmissions or gaps, first: {wrong[:3]}")
        check(probes <= most_probes, f"{probes} tail loss probes without a loss")


class End:
    """What one end of a connection has sent, for check_no_retransmission()."""

    def __init__(self):
        self.last = None  # the segment with the highest number
        self.sent_at = 0.0  # when it left
        self.acked, self.acked_at = 0, 0.0  # the highest ACK that it gave

    def sends(self, packet):
        now, ack = float(packet["frame.time_relative"]), int(packet["tcp.ack"] or 0)
        end = int(packet["tcp.nxtseq"])
        if end > int(packet["tcp.seq"]) and (not self.last or end >= int(self.last["tcp.nxtseq"])):
            self.last, self.sent_at = packet, now
        if ack > self.acked:
            self.acked, self.acked_at = ack, now

    def may_probe(self, packet, other):
        """Whether this repetition is a tail loss probe whose time has come. An ACK that crosses it is no answer."""
        now = float(packet["frame.time_relative"])
        # Of a GSO packet the last segments may be repeated.
        is_last = (self.last and packet["tcp.nxtseq"] == self.last["tcp.nxtseq"] and
                   int(packet["tcp.seq"]) >= int(self.last["tcp.seq"]))
        is_answered = self.last and other.acked >= int(self.last["tcp.nxtseq"]) and other.acked_at < now - CROSSING
        return bool(is_last and not is_answered and LEAST_WAIT <= now - self.sent_at < LEAST_TIMEOUT)

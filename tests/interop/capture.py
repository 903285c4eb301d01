"""What stood on the wire: tcpdump writes it, tshark reads it."""

import os
import signal
import socket
import subprocess
import time

from harness import Failed, check, folder, run, wait_until

NOBODY_THERE = "192.0.2.77"  # in the network of the TUN device; the server drops what is sent there
CHECKSUMS = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]


class Capture:
    """tcpdump on an interface, from __enter__ until stop(). `snap` cuts packets (0: whole)."""

    def __init__(self, interface="tun0", snap=0, mark_to=NOBODY_THERE):
        self.interface, self.snap, self.mark_to = interface, snap, mark_to
        self.file = folder() / f"{interface}-{time.monotonic_ns()}.pcap"

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
        """Ends the capture, with all packets until now in it: the last is a mark that we send and look for."""
        mark = os.urandom(16)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, (self.mark_to, 9))
        wait_until(lambda: mark in self._tail(), "tcpdump has written everything", 30)
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        check("\n0 packets dropped by kernel" in said, f"tcpdump missed packets: {said}")
        return self

    def _tail(self):
        with open(self.file, "rb") as file:
            file.seek(max(0, os.path.getsize(self.file) - 65536))
            return file.read()

    def packets(self, display_filter, *fields, preferences=()):
        """The packets that match, each as a dict of these tshark fields (text; several values joined by commas)."""
        shown = f"({display_filter}) && !(ip.dst == {self.mark_to} && udp)" if display_filter else \
            f"!(ip.dst == {self.mark_to} && udp)"
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
        """No packet is malformed, no checksum is bad (with offload on, the kernel completes those, unseen here)."""
        self.check_none("_ws.malformed", "malformed content")
        if with_checksums:
            self.check_none("ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || "
                            "icmp.checksum.status == 0 || icmpv6.checksum.status == 0", "a bad checksum")

    def check_no_retransmission(self):
        self.check_none("tcp.analysis.retransmission || tcp.analysis.fast_retransmission || "
                        "tcp.analysis.spurious_retransmission || tcp.analysis.lost_segment || "
                        "tcp.analysis.out_of_order", "a retransmission or a gap")

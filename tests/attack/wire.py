"""Packets by hand: what an attacker sends who has a raw socket and no conscience."""

import select
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
NOARP_MAC = b"\x02\0\0\0\0\1"  # of both ends of the link to nginx (ground.py)


def summed(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def packed(address):
    return socket.inet_aton(address)


def ip_packet(source, target, protocol, payload, fragment=0, number=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, fragment, 64, protocol, 0, packed(source),
                       packed(target))
    return head[:10] + struct.pack("!H", 0xFFFF - summed(head)) + head[12:] + payload


def tcp_packet(source, target, ports, flags, seq=0, ack=0, window=65535, options=b"", data=b""):
    options += b"\1" * (-len(options) % 4)
    segment = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, (5 + len(options) // 4) << 4, flags,
                          window, 0, 0) + options + data
    pseudo = packed(source) + packed(target) + struct.pack("!BBH", 0, 6, len(segment))
    segment = segment[:16] + struct.pack("!H", 0xFFFF - summed(pseudo + segment)) + segment[18:]
    return ip_packet(source, target, 6, segment)


class Segment:
    """A TCP segment over IPv4 that came."""

    def __init__(self, packet):
        head = (packet[0] & 15) * 4
        tcp = packet[head:struct.unpack("!H", packet[2:4])[0]]
        self.source, self.target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
        self.from_port, self.to_port, self.seq, self.ack = struct.unpack("!HHII", tcp[:12])
        self.flags = tcp[13]
        self.data = tcp[(tcp[12] >> 4) * 4:]


class Link:
    """One end of a link without addresses of its own: bytes go out as they are, and all that comes is seen."""

    def __init__(self, device):
        self.device = device
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.sock.bind((device, 0x0800))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.sock.setblocking(False)
        self.sent = 0

    def send(self, packet, kind=0x0800):
        for _ in range(200):
            try:
                self.sock.sendto(packet, (self.device, kind, 0, 0, NOARP_MAC))
                self.sent += 1
                return
            except OSError:  # the queue is full for a moment
                time.sleep(0.0005)

    def received(self, port=None, seconds=0.0):
        """The TCP segments that came from `port`, waiting at most so long for the first."""
        if seconds and not select.select([self.sock], [], [], seconds)[0]:
            return
        while True:
            try:
                packet, where = self.sock.recvfrom(65536)
            except BlockingIOError:
                return
            if where[2] == socket.PACKET_OUTGOING or len(packet) < 40 or packet[9] != 6:
                continue
            segment = Segment(packet)
            if port is None or segment.from_port == port:
                yield segment

    def close(self):
        self.sock.close()


OPTIONS = b"\2\4\5\xb4\1\3\3\x08\4\2"  # MSS 1460, scale 8, SACK permitted


def handshakes(link, target, sources, options=OPTIONS, seconds=10.0, window=65535):
    """Opens a connection from each (address, port). Gives {(address, port): (seq, ack)} of those that stand."""
    standing, waiting = {}, {}
    end = time.monotonic() + seconds
    pending = list(sources)[::-1]
    while time.monotonic() < end and (pending or waiting):
        for _ in range(min(64, len(pending))):
            source = pending.pop()
            link.send(tcp_packet(source[0], target, (source[1], 80), SYN, 1000, 0, window, options))
            waiting[source] = time.monotonic()
        for segment in link.received(80, 0.002):
            source = (segment.target, segment.to_port)
            if segment.flags & (SYN | ACK) != SYN | ACK or source not in waiting:
                continue
            del waiting[source]
            standing[source] = (1001, segment.seq + 1)
            link.send(tcp_packet(source[0], target, (source[1], 80), ACK, 1001, segment.seq + 1, window))
        if not pending:
            late = [source for source, at in waiting.items() if time.monotonic() - at > 1]
            for source in late:
                del waiting[source]
            if late:
                pending = late
    return standing

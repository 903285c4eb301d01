"""What no honest client sends. The server has to survive it, to stay silent where it must, and to go on serving."""

import random
import select
import socket
import struct
import time

from capture import Capture, checksum
from harness import case, check, check_equal, run, wait_until
from patience import Stopwatch
from world import BOTH, HOST_V4, HOST_V6, V4, V6, Server, connect, exchange, make_site, pattern, read_to_end, request

HOST = {V4: HOST_V4, V6: HOST_V6}


# --- Packets made by hand -------------------------------------------------------------------------------------------


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def ip_packet(source, target, protocol, payload, **more):
    if ":" in target:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, more.get("ttl", 64)) + packed(source) + \
            packed(target) + payload
    options = more.get("options", b"")
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload), more.get("id", 7),
                       more.get("fragment", 0), more.get("ttl", 64), protocol, 0) + packed(source) + packed(target)
    head += options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp_segment(source, target, source_port, flags, seq=0, ack=0, options=b"", data=b"", offset=None):
    words = 5 + len(options) // 4 if offset is None else offset
    segment = struct.pack("!HHIIBBHHH", source_port, 80, seq, ack, words << 4, flags, 1000, 0, 0) + options + data
    pseudo = packed(source) + packed(target) + struct.pack("!IHBB", len(segment), 0, 0, 6)
    return segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]


class Injector:
    """Puts any bytes onto the TUN device, as if the kernel had sent them."""

    def __enter__(self):
        self.sockets = {}
        for kind in (0x0800, 0x86DD):
            self.sockets[kind] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.sockets[kind].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        return self

    def __exit__(self, *_):
        for sock in self.sockets.values():
            sock.close()

    def send(self, packet, kind=None):
        kind = kind or (0x86DD if packet[0] >> 4 == 6 else 0x0800)
        try:
            self.sockets[kind].sendto(packet, ("tun0", kind))
        except OSError:  # the device's queue is full for a moment
            time.sleep(0.001)


def serves(server, what):
    for address in BOTH:
        check_equal(exchange(address).status, 200, f"status from {address} after {what}")
    check_equal(server.process.poll(), None, "exit status of a server that should live")


# --- Cases ----------------------------------------------------------------------------------------------------------


def mangled_packet(chance, source, target):
    """Nearly a segment: random fields and options, a few bytes changed, the end perhaps missing."""
    options, data = chance.randbytes(4 * chance.randrange(0, 11)), chance.randbytes(chance.randrange(50))
    offset = chance.choice([None, None, chance.randrange(16)])
    segment = tcp_segment(source, target, 50_000 + chance.randrange(100), chance.randrange(256),
                          chance.randrange(1 << 32), chance.randrange(1 << 32), options, data, offset)
    packet = bytearray(ip_packet(source, target, chance.choice([6, 6, 6, 1, 17, 58, 0, 43, 44, 60]), segment))
    for _ in range(chance.choice([0, 0, 1, 3])):
        packet[chance.randrange(1, len(packet))] = chance.randrange(256)
    return bytes(packet[: chance.choice([len(packet), chance.randrange(1, len(packet))])])


# COVERS: MUST-7 R791-01 R8200-02
@case()
def malformed_packets_are_survived():
    chance = random.Random(4711)
    with Server() as server, Injector() as injector:
        for address in BOTH:
            host = HOST[address]
            for _ in range(10_000):
                injector.send(mangled_packet(chance, host, address))
            serves(server, "malformed packets")
        for _ in range(2000):
            injector.send(chance.randbytes(chance.randrange(1, 1500)), chance.choice([0x0800, 0x86DD]))
        serves(server, "noise")


# COVERS: MUST-3 R1122-02
@case()
def a_bad_checksum_is_not_answered():
    with Server() as server, Injector() as injector, Capture() as capture:
        for address in BOTH:
            good = ip_packet(HOST[address], address, 6, tcp_segment(HOST[address], address, 50_001, 2))
            for at in (-4, -2, -1):  # checksum, urgent pointer
                bad = bytearray(good)
                bad[at] ^= 0x10
                injector.send(bytes(bad))
        good = ip_packet(HOST_V4, V4, 6, tcp_segment(HOST_V4, V4, 50_001, 2))
        injector.send(good[:10] + b"\0\0" + good[12:])  # the header's own checksum
        serves(server, "bad checksums")
        capture.stop()
    capture.check_none("tcp.dstport == 50001", "an answer to a bad checksum")


# COVERS: MUST-57 MUST-63 R1122-04 R9293-P2
@case()
def impossible_sources_are_not_answered():
    with Server() as server, Injector() as injector, Capture() as capture:
        for source, target in (("192.0.2.255", V4), ("224.0.0.1", V4), ("127.0.0.1", V4), (V4, V4), ("0.0.0.0", V4),
                               ("255.255.255.255", V4), ("ff02::1", V6), ("::1", V6), (V6, V6), ("::", V6)):
            for flags in (2, 4, 16):  # SYN, RST, ACK
                injector.send(ip_packet(source, target, 6, tcp_segment(source, target, 50_002, flags)))
        for source, target in ((HOST_V4, "192.0.2.255"), (HOST_V4, "224.0.0.1"), (HOST_V6, "ff02::1")):
            injector.send(ip_packet(source, target, 6, tcp_segment(source, target, 50_002, 2)))
        for address in BOTH:
            injector.send(ip_packet(HOST[address], address, 6, tcp_segment(HOST[address], address, 50_002, 4)))  # RST
        serves(server, "impossible sources")
        capture.stop()
    capture.check_none("tcp.srcport == 80 && tcp.dstport == 50002", "an answer to nobody")


# COVERS: R791-02 R8200-09 R1122-16
@case()
def fragments_are_put_together_within_bounds():
    """Echo requests in fragments: whole ones are answered, overlapping ones are not, unfinished ones cost little."""
    with Server() as server, Injector() as injector, Capture() as capture:
        echo = struct.pack("!BBHHH", 8, 0, 0, 77, 1) + pattern(3000)
        echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]

        def fragments(number, *cuts):
            for start, end in cuts:
                more = 0x2000 if end < len(echo) else 0
                yield ip_packet(HOST_V4, V4, 1, echo[start:end], id=number, fragment=start // 8 | more)

        for packet in fragments(1, (1600, len(echo)), (0, 800), (800, 1600)):  # in disorder
            injector.send(packet)
        for packet in fragments(2, (0, 1600), (800, 2400), (2400, len(echo))):  # overlapping
            injector.send(packet)
        for number in range(3, 20_000):  # each is the beginning of what never ends
            injector.send(next(fragments(number, (0, 800))))
        serves(server, "unfinished fragments")
        resident = int(open(f"/proc/{server.process.pid}/statm").read().split()[1]) * 4096
        check(resident < 300 << 20, f"the server holds {resident >> 20} MB in memory")
        capture.stop()
    check_equal(len({p["ip.id"] for p in capture.packets(f"ip.src == {V4} && ip.proto == 1 && ip.flags.mf == 0 && "
                                                         "ip.frag_offset > 0", "ip.id")}), 1, "answers")


def flood(injector, count):
    """SYNs from hosts that will never answer."""
    for number in range(count):
        source = f"192.0.2.{3 + number % 200}" if number % 2 else f"2001:db8::{3 + number % 60000:x}"
        target = V4 if number % 2 else V6
        injector.send(ip_packet(source, target, 6, tcp_segment(source, target, 1024 + number % 60000, 2, number)))


def repeated_syns():
    """How often the kernel of this case has sent a SYN again."""
    names, values = [line.split() for line in open("/proc/net/netstat") if line.startswith("TcpExt:")]
    return int(values[names.index("TCPSynRetrans")])


def wait_until_read(address=V4):
    """Until the server has read all that was put onto its device: it answers a ping that was put there afterwards."""
    wait_until(lambda: run("ping", "-c", "1", "-W", "1", address, check_status=False).returncode == 0, "a ping")


@case()
def half_open_connections_leave_room_for_others():
    with Server() as server, Injector() as injector:
        for count in (10, 100, 1000, 2000):
            flood(injector, count)
            wait_until_read()  # what the queue of the device has no room for is not the server's doing
            before = repeated_syns()
            serves(server, f"{count} SYNs")
            check_equal(repeated_syns() - before, 0, f"SYNs that were not answered at once after {count} of others")


@case()
def a_flood_of_half_open_connections_does_not_touch_those_that_are_there():
    data = pattern(5_000_000)
    with Server(site=make_site({"f.bin": data})), Injector() as injector:
        early = [connect(address, receive_buffer=16384) for address in BOTH]
        for sock in early:
            sock.sendall(request("/f.bin", connection="close"))
        flood(injector, 20_000)
        for sock in early:
            check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, "a download from before the flood")


@case()
def three_thousand_connections_that_come_at_once_all_get_in():
    with Server(site=make_site({"f.txt": b"served"})):
        waiting = {}
        for number in range(3000):
            sock = socket.socket(socket.AF_INET if number % 2 else socket.AF_INET6)
            sock.setblocking(False)
            sock.connect_ex((V4 if number % 2 else V6, 80))
            waiting[sock.fileno()] = sock
        poll, watch = select.poll(), Stopwatch()
        for number in waiting:
            poll.register(number, select.POLLOUT)
        connected = []
        while waiting and watch.fair < 30:
            for number, _ in poll.poll(1000):
                poll.unregister(number)
                connected.append(waiting.pop(number))
        check(not waiting, f"{len(waiting)} of 3000 connections are not established")
        for sock in connected:
            sock.setblocking(True)
            sock.settimeout(20)
            sock.sendall(request("/f.txt", connection="close"))
        for sock in connected:
            check(read_to_end(sock).endswith(b"served"), "an answer is missing")
            sock.close()


@case()
def a_forged_reset_or_syn_does_not_end_a_connection():
    data = pattern(5_000_000)
    with Server(site=make_site({"f.bin": data, "index.html": b""})) as server, Injector() as injector:
        for address in BOTH:
            with connect(address, receive_buffer=16384, local_port=40100) as sock:
                sock.sendall(request("/f.bin", connection="close"))
                sock.recv(100, socket.MSG_PEEK)
                for number in range(2000):
                    for flags in (4, 2, 1, 0x11, 0x18):  # RST, SYN, FIN, FIN+ACK, data: outside of the window
                        injector.send(ip_packet(HOST[address], address, 6, tcp_segment(
                            HOST[address], address, 40100, flags, number * 2_100_000, number * 1_000_003, b"", b"x")))
                check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, f"download from {address} under attack")
        serves(server, "forged segments")


@case()
def icmp_errors_about_nothing_are_ignored():
    data = pattern(3_000_000)
    with Server(site=make_site({"f.bin": data})), Injector() as injector, Capture(snap=100) as capture:
        with connect(V4, receive_buffer=16384, local_port=40101) as sock:
            sock.sendall(request("/f.bin", connection="close"))
            sock.recv(100, socket.MSG_PEEK)
            quoted = ip_packet(V4, HOST_V4, 6, struct.pack("!HHI", 80, 40101, 12345))[:28]  # a number far off
            for code, mtu in ((1, 0), (2, 0), (3, 0), (4, 68), (4, 0), (4, 296)):
                for kind in (3, 4, 11, 12):
                    message = struct.pack("!BBHHH", kind, code, 0, 0, mtu) + quoted
                    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
                    injector.send(ip_packet(HOST_V4, V4, 1, message))
            check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, "download under false ICMP errors")
        capture.stop()
    lengths = [int(p["frame.len"]) for p in capture.packets(f"ip.src == {V4} && tcp.len > 0", "frame.len")]
    check_equal(max(lengths), 1500, "largest packet")
    check(sum(length == 1500 for length in lengths) > len(lengths) * 0.9, "most packets became smaller")


@case()
def a_thousand_connections_that_say_nothing_disturb_nobody():
    with Server(site=make_site({"f.txt": b"served"})) as server:
        silent = [connect(address) for address in BOTH for _ in range(500)]
        for sock in silent[::2]:
            sock.sendall(b"GET / HTT")
        watch = Stopwatch()
        for _ in range(100):
            check_equal(exchange(V4, "/f.txt").body, b"served", "beside silent connections")
        check(watch.fair < 10, "100 requests took long")
        resident = int(open(f"/proc/{server.process.pid}/statm").read().split()[1]) * 4096
        check(resident < 100 << 20, f"the server holds {resident >> 20} MB in memory")
        for sock in silent:
            sock.close()

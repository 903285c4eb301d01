"""ICMP: echo, and the errors for what nobody waits for."""

import re
import socket
import struct

from capture import Capture
from harness import case, check, check_equal, run
from world import BOTH, V4, V6, Server, connect


def ping(address, size, count=2, *options):
    """The number of answers. Large ones come apart: two that a busy machine hands over at once are more fragments than
    the answers' queue holds, and a ping may be lost."""
    interval = "0.05" if size < 10_000 else "0.5"
    done = run("ping", "-n", "-c", count, "-i", interval, "-W", "5", "-s", size, *options, address, check_status=False)
    found = re.search(r"(\d+) received", done.stdout)
    check("wrong data" not in done.stdout, f"ping: {done.stdout}")
    return int(found[1]) if found else 0


# COVERS: R1122-15 R1122-16 R4443-09 R4443-10 R1122-18
@case()
def every_size_of_ping_is_answered():
    with Server(), Capture() as capture:
        for size in (0, 1, 56, 1452, 1453, 1472, 1473, 20_000, 65_507):
            check_equal(ping(V4, size), 2, f"answers to ping -s {size} (IPv4)")
        for size in (0, 1, 56, 1452, 1453, 20_000, 65_487):
            check_equal(ping(V6, size), 2, f"answers to ping -s {size} (IPv6)")
        check_equal(ping(V4, 1000, 50, "-f"), 50, "answers to a flood")
        capture.stop()
    capture.check_sound()
    capture.check_none(f"ip.src == {V4} && ip.len > 1500 || ipv6.src == {V6} && ipv6.plen > 1460", "more than the MTU")


@case()
def ping_is_answered_with_offload_too():
    with Server(offload="on"):
        for address in BOTH:
            for size in (56, 1472, 20_000, 65_487):
                check_equal(ping(address, size), 2, f"answers of {address} to ping -s {size}")


# COVERS: R9293-P1
@case()
def a_closed_port_is_refused():
    for offload in ("off", "on"):
        with Server(offload=offload), Capture() as capture:
            for address in BOTH:
                for port in (1, 79, 81, 443, 65535):
                    try:
                        connect(address, port, timeout=5).close()
                        check(False, f"{address} port {port} is open")
                    except ConnectionRefusedError:
                        pass
            capture.stop()
        capture.check_sound(with_checksums=offload == "off")
        check_equal(capture.count("tcp.srcport != 80 && tcp.flags == 0x014"), 10, "RST+ACKs")


# COVERS: R1122-12
@case()
def a_closed_udp_port_is_unreachable():
    with Server():
        for address in BOTH:
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(5)
                sock.connect((address, 5353))
                sock.send(b"anybody there?")
                try:
                    sock.recv(100)
                    check(False, "somebody answered")
                except ConnectionRefusedError:  # what the kernel makes of port unreachable
                    pass


# COVERS: R1122-12 R8200-03
@case()
def an_unknown_protocol_is_reported():
    with Server(), Capture() as capture:
        for address in BOTH:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.socket(family, socket.SOCK_RAW, 253) as sock:  # a number for experiments
                sock.sendto(b"some protocol", (address, 0))
        capture.stop()
    capture.check_sound()
    check_equal(capture.count("icmp.type == 3 && icmp.code == 2"), 1, "ICMP protocol unreachable")
    problems = capture.packets("icmpv6.type == 4 && icmpv6.code == 1", "icmpv6.pointer")
    check_equal([int(p["icmpv6.pointer"], 0) for p in problems], [6], "pointers of ICMPv6 parameter problems")


# COVERS: R1122-10 R4443-05
@case()
def errors_are_limited_in_rate_and_never_answer_the_many():
    with Server(), Capture(snap=100) as capture:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _ in range(3000):
                sock.sendto(b"x", (V4, 5353))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tun0")
            for target in ("192.0.2.255", "255.255.255.255", "224.0.0.1"):
                sock.sendto(b"all", (target, 5354))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"all", ("ff02::1%tun0", 5354))
        check_equal(ping(V4, 56), 2, "answers to ping afterwards")
        capture.stop()
    errors = capture.count("icmp.type == 3")
    check(0 < errors < 1500, f"{errors} ICMP errors for 3000 datagrams at once")
    capture.check_none("(icmp.type == 3 || icmpv6.type == 1) && udp.dstport == 5354", "an answer to a group")


@case()
def what_the_kernel_says_by_itself_is_not_answered():
    with Server(), Capture() as capture:
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            for kind in (133, 135, 143):  # router solicitation, neighbour solicitation, MLDv2 report
                sock.sendto(struct.pack("!BBHI", kind, 0, 0, 0) + bytes(16), ("ff02::2%tun0", 0))
        check_equal(ping(V6, 56), 2, "answers to ping")
        capture.stop()
    check_equal(capture.count(f"ipv6.src == {V6} && icmpv6.type != 129"), 0, "other packets of ours")

"""Clients that Linux can be told to be: with other options, headers, sizes and habits."""

import socket
import time

from capture import Capture
from harness import case, check, check_equal, set_sysctl
from world import (BOTH, HOST_V4, V4, V6, Server, connect, curl, exchange, fetch_all_at_once, make_site, pattern,
                   read_to_end, request, sink_result, split_answers, url)

IP_OPTIONS, IPV6_HOPOPTS, IPV6_DSTOPTS, IPV6_UNICAST_HOPS = 4, 54, 59, 16
PADDING = bytes([0, 0, 1, 4, 0, 0, 0, 0])  # an extension header of one PadN option
RECORD_ROUTE = bytes([7, 39, 4]) + bytes(36) + b"\0"
MSG_FASTOPEN = 0x20000000


def open_socket(address, *options):
    """A connected socket that got its options (level, name, value) before the SYN."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(20)
    for option in options:
        sock.setsockopt(*option)
    sock.connect((address, 80))
    return sock


def ask(sock, path):
    """The content of one answer."""
    with sock:
        sock.sendall(request(path, connection="close"))
        return split_answers(read_to_end(sock))[0].body


# COVERS: MUST-50 R1122-08 R8200-02 R8200-04
@case()
def ip_options_and_extension_headers_are_skipped():
    data = pattern(300_000)
    kinds = [(V4, (socket.IPPROTO_IP, IP_OPTIONS, RECORD_ROUTE)), (V4, (socket.IPPROTO_IP, IP_OPTIONS, b"\1\1\1\1")),
             (V6, (socket.IPPROTO_IPV6, IPV6_HOPOPTS, PADDING)), (V6, (socket.IPPROTO_IPV6, IPV6_DSTOPTS, PADDING))]
    with Server(site=make_site({"f.bin": data})), Capture() as capture:
        for address, option in kinds:
            check_equal(ask(open_socket(address, option), "/f.bin"), data, f"download from {address} with {option}")
        capture.stop()
    check(capture.count("ip.hdr_len > 20 && tcp") and capture.count("ipv6.hopopts && tcp"), "no such headers were seen")


# COVERS: R1122-07
@case()
def packets_that_arrive_with_their_last_hop_are_taken():
    with Server(site=make_site({"f.bin": b"arrived"})):
        check_equal(ask(open_socket(V4, (socket.IPPROTO_IP, socket.IP_TTL, 1)), "/f.bin"), b"arrived", "TTL 1")
        option = (socket.IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1)
        check_equal(ask(open_socket(V6, option), "/f.bin"), b"arrived", "hop limit 1")


# COVERS: MUST-16
@case()
def a_small_mss_is_obeyed():
    data = pattern(50_000)
    for offload in ("off", "on"):
        with Server(site=make_site({"f.bin": data}), offload=offload):
            for address in BOTH:
                for mss in (88, 536, 1000):
                    with Capture() as capture:
                        sock = open_socket(address, (socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss))
                        check_equal(ask(sock, "/f.bin"), data, f"download from {address} with MSS {mss}")
                        capture.stop()
                    if offload == "off":
                        capture.check_none(f"tcp.srcport == 80 && tcp.len > {mss - 12}", f"more than an MSS of {mss}")


# COVERS: MUST-30 MUST-62
@case()
def urgent_data_is_read_in_its_place():
    with Server(site=make_site({"f.txt": b"urgent"})):
        for address in BOTH:
            with connect(address) as sock:
                sock.sendall(b"GET /f.txt HTTP/1.1\r\nHost: x\r\nConnection: clos")
                sock.send(b"e", socket.MSG_OOB)
                sock.sendall(b"\r\n\r\n")
                check_equal(split_answers(read_to_end(sock))[0].body, b"urgent", f"answer from {address}")


# COVERS: R9293-P6
@case()
def keep_alives_of_the_client_are_answered():
    with Server(site=make_site({"f.txt": b"alive"})), Capture() as capture:
        options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
        options += [(socket.IPPROTO_TCP, name, 1) for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL,
                                                                socket.TCP_KEEPCNT)]
        socks = [open_socket(address, *options) for address in BOTH]
        time.sleep(3.5)  # the first probe that gets no answer within a second ends the connection
        for sock in socks:
            check_equal(ask(sock, "/f.txt"), b"alive", "answer after the probes")
        capture.stop()
    check(capture.count("tcp.analysis.keep_alive") >= 4, "there were no probes")
    capture.check_none("tcp.flags.reset == 1", "RST")


@case()
def a_syn_that_asks_for_more_gets_a_plain_connection():
    """ECN, and TCP Fast Open with data in the SYN: what we do not do must not keep the client out."""
    set_sysctl("net.ipv4.tcp_ecn", 1)
    set_sysctl("net.ipv4.tcp_fastopen", 5)  # client, without a cookie
    data = pattern(300_000)
    with Server("--sink", "/sink", site=make_site({"f.bin": data})):
        for address in BOTH:
            check_equal(exchange(address, "/f.bin").body, data, f"download from {address} with ECN")
            check_equal(sink_result(exchange(address, "/sink", "PUT", data))["bytes"], len(data), "upload with ECN")
            check_equal(curl("--fail", "--tcp-fastopen", url(address, "/f.bin")), data, "curl --tcp-fastopen")
            with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
                sock.settimeout(20)
                sock.sendto(request("/f.bin", connection="close"), MSG_FASTOPEN, (address, 80))
                check_equal(split_answers(read_to_end(sock))[0].body, data, "a request within the SYN")


@case()
def little_memory_is_shared_by_all():
    data = pattern(132_801)
    with Server("--memory", "16M", "--sink", "/sink", site=make_site({"f.bin": data})) as server:
        fetch_all_at_once(V4, "/f.bin", data, 300)
        socks = [connect(address) for address in BOTH for _ in range(100)]
        for sock in socks:
            sock.sendall(request("/sink", "PUT", content_length=len(data), connection="close"))
        for sock in socks:
            sock.sendall(data)
        for sock in socks:
            check_equal(sink_result(split_answers(read_to_end(sock))[0])["bytes"], len(data), "upload")
            sock.close()
        resident = int(open(f"/proc/{server.process.pid}/statm").read().split()[1]) * 4096
        check(resident < 64 << 20, f"the server holds {resident >> 20} MB in memory")


@case()
def two_servers_live_side_by_side():
    other = ["--tun", "tun1", "--address", "198.51.100.2/24", "--host-address", "198.51.100.1",
             "--address6", "2001:db8:1::2/64", "--host-address6", "2001:db8:1::1"]
    with Server(site=make_site({"f.txt": b"one"}, "one")), Server(*other, site=make_site({"f.txt": b"two"}, "two")):
        for address, content in ((V4, b"one"), (V6, b"one"), ("198.51.100.2", b"two"), ("2001:db8:1::2", b"two")):
            check_equal(exchange(address, "/f.txt").body, content, f"content from {address}")


# COVERS: R1122-03
@case()
def what_is_for_others_is_not_answered():
    with Server(), Capture() as capture:
        for address in ("192.0.2.3", "192.0.2.254", "2001:db8::3"):
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            sock.setblocking(False)
            sock.connect_ex((address, 80))
            sock.close()
        capture.stop()
    check_equal(capture.count(f"tcp && ip.src != {HOST_V4} && ip"), 0, "answers over IPv4")
    check_equal(capture.count("tcp && ipv6.src != 2001:db8::1 && ipv6"), 0, "answers over IPv6")

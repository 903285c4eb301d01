"""How connections end: half-close, abort, TIME-WAIT, and the end of the server."""

import errno
import os
import re
import socket

from capture import Capture
from filters import drop_everything, drop_no_more
from harness import case, check, check_equal, run, set_sysctl, wait_until
from patience import Stopwatch
from world import (BOTH, V4, V6, Server, connect, exchange, make_site, pattern, read_to_end, request, reset,
                   split_answers)


def client_state(port):
    """The state of the kernel's socket with this local port, or ''."""
    line = run("ss", "-Htan", f"sport = :{port}").stdout.split()
    return line[0] if line else ""


# COVERS: R9293-P14
@case()
def a_client_that_has_finished_writing_gets_its_whole_answer():
    data = pattern(8_000_000)
    with Server(site=make_site({"f.bin": data})):
        for address in BOTH:
            with connect(address) as sock:
                sock.sendall(request("/f.bin") + request("/f.bin", "HEAD"))
                sock.shutdown(socket.SHUT_WR)
                answer = read_to_end(sock)  # and the server closes, although nobody asked it to
            check(answer.partition(b"\r\n\r\n")[2].startswith(data), f"the answer from {address} is not whole")


@case()
def a_client_that_says_nothing_and_closes_is_closed():
    with Server():
        for address in BOTH:
            with connect(address) as sock:
                sock.shutdown(socket.SHUT_WR)
                check_equal(read_to_end(sock), b"", "what the server says")


# COVERS: MUST-12
@case()
def aborted_connections_do_no_harm():
    data = pattern(20_000_000)
    with Server("--sink", "/sink", site=make_site({"f.bin": data, "s.txt": b"small"})) as server:
        for address in BOTH:
            for _ in range(50):
                reset(connect(address))
                sock = connect(address)
                sock.sendall(request("/f.bin"))
                sock.recv(1000)
                reset(sock)  # in the middle of an answer
                sock = connect(address)
                sock.sendall(request("/sink", "PUT", content_length=10**9) + data[:10_000])
                reset(sock)  # in the middle of an upload
                sock = connect(address)
                sock.sendall(request("/f.bin"))
                wait_until(lambda: sock.recv(1, socket.MSG_PEEK), "the answer begins")
                sock.close()  # with unread data: the kernel sends RST
            check_equal(exchange(address, "/s.txt").body, b"small", "an answer afterwards")
        check_equal(server.process.poll(), None, "exit status of a server that should live")


# COVERS: R9112-33
@case()
def an_early_answer_survives_what_the_client_still_sends():
    with Server():
        for address in BOTH:
            with connect(address) as sock:
                sock.sendall(request("/", "POST", content_length=700_000))
                sock.sendall(pattern(700_000))  # nobody wants it; a RST now would destroy the answer
                sock.sendall(b"")
                sock.shutdown(socket.SHUT_WR)
                answer = split_answers(read_to_end(sock))
            check_equal(answer[0].status, 405, "status")


# COVERS: MUST-13 MAY-2 SHLD-4
@case()
def a_port_can_be_used_again_while_the_server_is_in_time_wait():
    for timestamps in (1, 0):
        set_sysctl("net.ipv4.tcp_timestamps", timestamps)
        with Server(site=make_site({"f.txt": b"again"})), Capture() as capture:
            for address in BOTH:
                for turn in range(5):
                    watch = Stopwatch()
                    with connect(address, local_port=40001) as sock:
                        sock.sendall(request("/f.txt", connection="close"))  # the server closes first
                        check_equal(split_answers(read_to_end(sock))[0].body, b"again", f"answer {turn}")
                    check(watch.fair < 0.9, f"connection {turn} from the same port was slow")
                    wait_until(lambda: client_state(40001) == "", "the client's socket is closed")
            capture.stop()
        check_equal(capture.count("tcp.flags.syn == 1 && tcp.flags.ack == 0"), 10, "SYNs (none of them repeated)")
        capture.check_none("tcp.flags.reset == 1", "RST")


def kernel_counter(name):
    """A counter of the client's TCP."""
    names, values = (line.split()[1:] for line in open("/proc/net/netstat").readlines()[:2])
    return int(dict(zip(names, values))[name])


# COVERS: MUST-13 MAY-2 SHLD-4
@case()
def thousands_of_connections_pass_through_a_hundred_ports():
    """Each port is used again within a blink, although the server has it in TIME-WAIT: no SYN has to be repeated."""
    set_sysctl("net.ipv4.ip_local_port_range", "20000 20100")
    with Server(site=make_site({"f.txt": b"next"})):
        for address in BOTH:
            for _ in range(1500):
                with connect(address) as sock:
                    sock.sendall(request("/f.txt", connection="close"))
                    check(read_to_end(sock).endswith(b"next"), "an answer is missing")
        check_equal(kernel_counter("TCPSynRetrans"), 0, "repeated SYNs")


# COVERS: R9293-P12
@case()
def a_repeated_fin_is_acknowledged_again_in_time_wait():
    with Server(site=make_site({"f.txt": b"bye"})):
        for address, port in ((V4, 40002), (V6, 40003)):
            with connect(address, local_port=port) as sock, Capture(snap=120) as capture:
                sock.sendall(request("/f.txt", connection="close"))
                read_to_end(sock)  # the server's FIN is here, ours not yet sent
                drop_everything(sock)
                sock.shutdown(socket.SHUT_WR)
                wait_until(lambda: retransmissions(port) >= 2, "our FIN has been repeated")
                check_equal(client_state(port), "LAST-ACK", "state while the acknowledgements are lost")
                drop_no_more(sock)
                wait_until(lambda: client_state(port) == "", "a repeated FIN is acknowledged")
                capture.stop()
            fins = capture.count("tcp.dstport == 80 && tcp.flags.fin == 1")
            check(fins >= 3, f"{fins} FINs of the client")
            check_equal(capture.count("tcp.srcport == 80 && tcp.flags.reset == 1"), 0, "RSTs of the server")
            check_equal(capture.count("tcp.srcport == 80 && tcp.len == 0 && tcp.flags == 0x010 && frame.number > 1 && "
                                      "tcp.analysis.duplicate_ack") + 1, fins, "acknowledgements of FINs")


def retransmissions(port):
    found = re.search(r"retrans:\d+/(\d+)", run("ss", "-Htani", f"sport = :{port}").stdout)
    return int(found[1]) if found else 0


@case()
def the_port_of_a_stopped_listener_refuses():
    with Server("--port", "8080"):
        for address in BOTH:
            try:
                connect(address, 80).close()
                check(False, f"{address} port 80 accepts although the server is on 8080")
            except ConnectionRefusedError:
                pass


@case()
def sigterm_lets_an_answer_in_flight_finish():
    data = pattern(30_000_000)
    with Server(site=make_site({"f.bin": data})) as server:
        socks = [connect(address, receive_buffer=65536) for address in BOTH]
        idle = connect(V4)
        idle.sendall(request("/", "HEAD"))
        idle.recv(1000)
        for sock in socks:
            sock.sendall(request("/f.bin"))
            sock.recv(1000, socket.MSG_PEEK)
        watch = Stopwatch()
        server.terminate()
        check_equal(read_to_end(idle), b"", "an idle connection at the end")
        idle.close()
        try:
            connect(V4, timeout=5).close()
            check(False, "a new connection was accepted after SIGTERM")
        except OSError as error:
            check(error.errno in (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH), f"refused with {error}")
        for sock in socks:
            check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, "an answer that had begun")
            sock.close()
        check_equal(server.wait_end(), 0, "exit status")
        check(watch.fair < 4, f"it ended only after {watch}")
        check("tun0" not in run("ip", "link").stdout, "the interface is still there")


@case()
def sigterm_waits_five_seconds_at_most():
    with Server(site=make_site({"f.bin": pattern(30_000_000)})) as server:
        sock = connect(V4, receive_buffer=8192)
        sock.sendall(request("/f.bin"))
        sock.recv(1000, socket.MSG_PEEK)
        watch = Stopwatch()
        server.terminate()
        check_equal(server.wait_end(), 0, "exit status")
        check(3 < watch.seconds and watch.fair < 9, f"it ended after {watch}")
        check("tun0" not in run("ip", "link").stdout, "the interface is still there")


@case()
def sigint_ends_it_at_once_when_nothing_is_to_do():
    server = Server().wait_ready()
    watch = Stopwatch()
    os.kill(server.process.pid, 2)
    check_equal(server.wait_end(), 0, "exit status")
    check(watch.fair < 2, f"it ended after {watch}")

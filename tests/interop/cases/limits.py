"""No client takes what the others need: memory for answers and for requests, file descriptors."""

import errno
import socket

from capture import Capture
from harness import case, check, check_equal, folder, run, wait_until
from world import BOTH, V4, V6, Server, connect, download, exchange, make_site, pattern, request, split_answers

LARGE = 20_000_000  # above what is kept in memory: it is read piece by piece


def large_site(**more):
    data = pattern(LARGE)
    return data, make_site({"large.bin": data, "index.html": b"small"} | more)


def readers_that_take_nothing(count, path="/large.bin"):
    socks = [connect(BOTH[number % 2], receive_buffer=4096) for number in range(count)]
    for sock in socks:
        sock.sendall(request(path))
        sock.recv(1)
    return socks


def is_reset(sock):
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET


@case(120)
def readers_that_take_nothing_leave_large_files_to_others():
    data, site = large_site()
    with Server(site=site) as server:
        slow = readers_that_take_nothing(40)
        for address in BOTH:
            check_equal(download(address, "/large.bin")[0], data, f"from {address}, beside 40 that take nothing")
            check_equal(exchange(address).body, b"small", "a small file beside them")
        check(not any(map(is_reset, slow)), "a reader was reset, although nobody needed its memory")
        check_equal(server.process.poll(), None, "exit status of a server that should live")
        for sock in slow:
            sock.close()


@case(120)
def who_takes_too_little_while_memory_is_short_is_reset_and_told_why():
    data, site = large_site()
    kept = folder() / "limits.pcapng"
    kept.write_bytes(b"")
    kept.chmod(0o666)
    options = ("--memory", "64M", "--min-rate", "500", "--min-rate-after", "2s", "--capture", kept, "--capture-bytes",
               "200")
    with Server(*options, site=site, may_speak=True) as server:
        slow = readers_that_take_nothing(30)
        wait_until(lambda: any(map(is_reset, slow)), "a slow reader is reset", 30)
        for address in BOTH:
            check_equal(download(address, "/large.bin")[0], data, f"from {address}")
        for sock in slow:
            sock.close()
        server.stop()
        check("were reset: memory was short, and their clients took or sent less than 500 bytes a second" in
              server.stderr(), f"the end's summary: {server.stderr()!r}")
    comments = run("tshark", "-r", kept, "-Y", "tcp.flags.reset == 1", "-T", "fields", "-e", "frame.comment").stdout
    check("memory is short, and the peer took less than 500 bytes/s for 2 s" in comments,
          f"the comments of the resets: {comments[:500]!r}")


@case(120)
def requests_that_do_not_come_whole_leave_room_for_those_that_do():
    with Server("--memory", "64M", site=make_site({"index.html": b"small"}), may_speak=True) as server, \
            Capture(snap=120) as capture:
        parts = [connect(BOTH[number % 2]) for number in range(150)]
        for sock in parts:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: test\r\nX-Long: " + b"x" * 30_000)
        parts += [connect(BOTH[number % 2]) for number in range(600)]  # small ones take what those left
        for sock in parts[150:]:
            sock.sendall(b"GET / HTTP/1.1\r\n")
        check_equal(split_answers(parts[0].recv(4096))[0].status, 408, "the oldest of them")
        for _ in range(13):
            for address in BOTH:
                check_equal(exchange(address).body, b"small", f"from {address}, beside 750 that are not whole")
        with connect(V4) as late:
            late.sendall(request()[:10])
            late.sendall(request()[10:])
            check_equal(late.recv(4096)[:12], b"HTTP/1.1 200", "one in two segments")
        capture.stop()
        for sock in parts:
            sock.close()
        check_equal(server.process.poll(), None, "exit status of a server that should live")
    check_equal(capture.count(f"tcp.flags.reset == 1 && (ip.src == {V4} || ipv6.src == {V6})"), 0, "resets of ours")


@case(120)
def large_files_share_what_file_descriptors_there_are():
    names = [f"{number}.bin" for number in range(80)]
    site = make_site({"index.html": b"small"} | {name: b"" for name in names})
    for name in names:
        with open(site / name, "r+b") as file:
            file.truncate(LARGE)
    with Server(site=site, prefix=("prlimit", "--nofile=64:64"), may_speak=True) as server:
        for name in names + names:
            check_equal(exchange(V4, f"/{name}", range="bytes=0-9").status, 206, f"a part of {name}")
        check_equal(server.stderr(), "", "stderr, while those that nobody reads make room")
        slow, refused = [], 0
        for name in names:
            sock = connect(V4, receive_buffer=4096)
            sock.sendall(request(f"/{name}"))
            status = int(sock.recv(20)[9:12])
            refused += status == 503
            check(status in (200, 503), f"status {status} of {name}")
            slow.append(sock)
            check_equal(exchange(V6).body, b"small", "a small file meanwhile")
        check(10 < refused < 70, f"{refused} of 80 large files at once were refused")
        wait_until(lambda: "no file descriptor is left" in server.stderr(), "it is told")
        for sock in slow:
            sock.close()
        wait_until(lambda: exchange(V4, "/7.bin", range="bytes=0-9").status == 206 and
                   "there are file descriptors again" in server.stderr(), "it is told that there are some again", 20)
        check_equal(server.stderr().count("no file descriptor is left"), 1, "how often it was told")

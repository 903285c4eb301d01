"""What one client may hold of the memory that all share: whoever holds most pays, and nobody is locked out."""

import errno
import resource
import select
import socket

import patience
from harness import Failed, case, check, check_equal, run, wait_until
from world import V4, Server, connect, exchange, make_site, pattern, read_to_end, request

OTHER_V4 = "192.0.2.77"  # another client of the same host


def allow_files(count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def open_silently(source, count):
    """Connections from `source` that never say a word; as many as the kernel opens."""
    socks, poll = [], select.poll()
    for _ in range(count):
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        sock.bind((source, 0))
        check(sock.connect_ex((V4, 80)) in (0, errno.EINPROGRESS), "a connection does not begin")
        socks.append(sock)
        if len(socks) % 200 == 0:  # the queue of the device has room for no more at once
            wait_for(poll, socks[-200:])
    return socks


def wait_for(poll, socks):
    waiting = {sock.fileno() for sock in socks}
    for number in waiting:
        poll.register(number, select.POLLOUT)
    watch = patience.Stopwatch()
    while waiting and watch.fair < 10:
        for number, _ in poll.poll(500):
            poll.unregister(number)
            waiting.discard(number)
    for number in waiting:
        poll.unregister(number)


def resets(socks):
    return sum(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET for sock in socks)


@case()
def silent_connections_of_one_address_lock_nobody_out():
    """Handshakes that fall silent: they held all of the memory, and nobody was served for 100 s."""
    allow_files(8000)
    with Server("--memory", "24M", site=make_site({"f.txt": b"served"})):
        run("ip", "address", "add", OTHER_V4 + "/32", "dev", "tun0")
        silent = open_silently(OTHER_V4, 5000)
        served = [connect(V4) for _ in range(60)]  # a classroom behind one address
        for sock in served:
            sock.sendall(request("/f.txt", connection="close"))
        for sock in served:
            check(read_to_end(sock).endswith(b"served"), "an honest client is not served")
        check(resets(silent) > 1000, "who holds most is not told to go")
        for sock in silent:
            sock.close()


@case()
def a_download_is_not_ended_for_newcomers():
    allow_files(8000)
    data = pattern(8_000_000)
    with Server("--memory", "24M", site=make_site({"f.bin": data})):
        slow = connect(V4, receive_buffer=16384)
        slow.sendall(request("/f.bin", connection="close"))
        start = slow.recv(1000)
        silent = open_silently("192.0.2.1", 4000)  # of the same address
        check_equal((start + read_to_end(slow)).partition(b"\r\n\r\n")[2], data, "a download beside silent ones")
        for sock in silent:
            sock.close()


@case(240)
def little_address_space_is_survived():
    """`ulimit -v`: what cannot be allocated costs those who needed it, and the server ends in order."""
    data = pattern(300_000)
    site = make_site({"f.bin": data, "f.txt": b"served"})
    with Server("--recent", "0", site=site, may_speak=True) as server:
        mapped = int(open(f"/proc/{server.process.pid}/statm").read().split()[0]) * 4096
    for megabytes in (1, 4, 16):  # more than it has when it begins
        limit = (mapped >> 10) + megabytes * 1024
        large = data if megabytes > 1 else None  # with one more there is hardly room for 300 KB at once
        limited_server_recovers(site, large, ("sh", "-c", f'ulimit -v {limit}; exec "$@"', "sh"))
    limited_server_recovers(site, data, ("sh", "-c", 'ulimit -v 28672; exec "$@"', "sh"))


@case(120)
def where_it_cannot_start_for_want_of_memory_it_says_so():
    with Server("--recent", "0", may_speak=True) as server:
        mapped = int(open(f"/proc/{server.process.pid}/statm").read().split()[0]) * 4
    refused = 0
    for kilobytes in range(mapped - 10240, mapped, 1024):
        server = Server("--recent", "0", may_speak=True, prefix=("sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"))
        try:
            server.wait_ready()
        except Failed:
            refused += 1
            status = server.wait_end()
            # 127: the loader found no room for a library.
            check(status == 1 and "memory" in server.stderr() or status == 127, f"{kilobytes}: {status}")
            continue
        server.stop()
    check(refused > 2, "it starts in 10 MB less than it needs")


def limited_server_recovers(site, large, prefix):
    with Server("--recent", "0", site=site, prefix=prefix, may_speak=True) as server:
        allow_files(8000)
        silent = open_silently("192.0.2.1", 4000)
        wanting = [connect(V4) for _ in range(20)]
        for sock in wanting:
            try:
                sock.sendall(request("/f.bin", connection="close"))
                read_to_end(sock)
            except OSError:  # a reset is an answer, too
                pass
            sock.close()
        check_equal(server.process.poll(), None, "exit status of a server without memory")
        for sock in silent:
            sock.close()

        def is_served(path, body):
            try:
                return exchange(V4, path).body == body
            except Exception:  # not yet
                return False

        wait_until(lambda: is_served("/f.txt", b"served"), "a page after the peak")
        # What the peak has left behind goes back after some seconds.
        if large:
            wait_until(lambda: is_served("/f.bin", large), "a larger file after the peak", 60)
        more = open_silently("192.0.2.1", 4000)  # SIGTERM finds no memory, either
        server.stop()
        for sock in more:
            sock.close()


@case()
def the_least_memory_is_enough_for_a_large_file():
    data = pattern(20_000_000)
    with Server("--memory", "2M", site=make_site({"f.bin": data})):
        sock = connect(V4)
        sock.sendall(request("/f.bin", connection="close"))
        check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, "a large file with the least memory")

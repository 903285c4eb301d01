"""Files that are large, or change while they are served."""

import json
import os
import time

from harness import Failed, case, check, check_equal, folder, run, wait_until
from world import BOTH, V4, V6, Server, connect, curl, exchange, make_site, pattern, request, url


def replace(path, content):
    new = path.with_name("new")
    new.write_bytes(content)
    os.replace(new, path)


@case()
def a_change_on_disk_shows_within_a_second():
    site = make_site({"f.txt": b"before"})
    with Server(site=site):
        check_equal(exchange(V4, "/f.txt").body, b"before", "at first")
        for content, how in [(b"replaced", replace), (b"REWRITTEN", lambda path, content: path.write_bytes(content)),
                             (b"rewritten", lambda path, content: path.write_bytes(content))]:
            how(site / "f.txt", content)
            started = time.monotonic()
            wait_until(lambda: exchange(V6, "/f.txt").body == content, f"{content} is served", 5)
            check(time.monotonic() - started < 2, f"{content} was served only after {time.monotonic() - started:.1f} s")
        (site / "f.txt").unlink()
        wait_until(lambda: exchange(V4, "/f.txt").status == 404, "a removed file is gone", 2)
        (site / "f.txt").write_bytes(b"again")
        wait_until(lambda: exchange(V4, "/f.txt").body == b"again", "a new file is there", 2)


def begin_slow_download(address, path):
    """A client that has taken the head and a little of the content, and now leaves the rest with the server."""
    sock = connect(address, receive_buffer=65536)
    sock.sendall(request(path, connection="close"))
    data = bytearray()
    while b"\r\n\r\n" not in data or len(data) < 5000:
        data += sock.recv(1000)
    return sock, data


def finish(sock, data):
    """(what came of the content, whether the connection ended with a FIN)"""
    try:
        while piece := sock.recv(1 << 20):
            data += piece
        ended_well = True
    except ConnectionResetError:
        ended_well = False
    return bytes(data.partition(b"\r\n\r\n")[2]), ended_well


def serves(address, path, content):
    try:
        return exchange(address, path, range="bytes=0-99").body == content[:100]
    except Failed:  # what was known of the file is out of date, and the connection was reset
        return False


def change_while_serving(size, offload, change):
    """Changes a file during its download. The client must get the old content, or see that it got not all.

    Up to 16 MB the server holds the whole old file, and so has to deliver it."""
    old, new = pattern(size, 1), pattern(size, 2)
    site = make_site({"f.bin": old}, f"site-{size}-{offload}")
    with Server(site=site, offload=offload):
        for address in BOTH:
            replace(site / "f.bin", old)
            wait_until(lambda: serves(address, "/f.bin", old), "the old file is served")
            sock, begun = begin_slow_download(address, "/f.bin")
            change(site / "f.bin", new)
            body, ended_well = finish(sock, begun)
            sock.close()
            what = f"{size} bytes, offload {offload}, {address}"
            if ended_well:
                check_equal(body, old, f"what ended with FIN ({what})")
            else:
                check(size > 16 << 20, f"the connection was reset although the old file was at hand ({what})")
                check(len(body) < size, f"the last byte came of what had changed ({what})")


@case()
def a_file_replaced_while_served_stays_whole():
    for size in (10 << 20, 40 << 20):
        for offload in ("off", "on"):
            change_while_serving(size, offload, replace)


@case()
def a_file_overwritten_while_served_is_never_mixed_silently():
    def overwrite(path, content):
        with open(path, "r+b") as file:
            file.write(content)

    for size in (10 << 20, 40 << 20):
        for offload in ("off", "on"):
            change_while_serving(size, offload, overwrite)


@case()
def a_file_truncated_while_served_is_never_filled_up():
    for size in (10 << 20, 40 << 20):
        for offload in ("off", "on"):
            change_while_serving(size, offload, lambda path, _: os.truncate(path, 100_000))


@case()
def a_file_of_5_gb_is_served_in_parts():
    size, tail, at_4_gb = (5 << 30) + 12345, pattern(1000, 5), pattern(4000, 6)
    path = folder("site") / "huge.bin"
    with open(path, "wb") as file:
        file.truncate(size)
        file.seek((4 << 30) - 2000)
        file.write(at_4_gb)
        file.seek(size - len(tail))
        file.write(tail)
    for offload in ("off", "on"):
        with Server(site=path.parent, offload=offload) as server:
            for address in BOTH:
                head = exchange(address, "/huge.bin", "HEAD")
                check_equal(head.fields.get("content-length"), str(size), "Content-Length")
                end = exchange(address, "/huge.bin", range="bytes=-1000")
                check_equal((end.status, end.body), (206, tail), "the end")
                middle = exchange(address, "/huge.bin", range=f"bytes={(4 << 30) - 2000}-{(4 << 30) + 1999}")
                check_equal(middle.body, at_4_gb, "where 32 bits end")
                sock = connect(address)
                sock.sendall(request("/huge.bin"))
                got = 0
                while got < 8 << 20:  # the beginning; then the client goes away
                    got += len(sock.recv(1 << 20))
                sock.close()
            resident = int(open(f"/proc/{server.process.pid}/statm").read().split()[1]) * 4096
            check(resident < 200 << 20, f"the server holds {resident >> 20} MB in memory")


# COVERS: R9293-P13
@case(120)
def sequence_numbers_wrap_within_one_answer():
    """4.5 GB over one connection: wherever its sequence numbers begin, they pass 2^32."""
    size = 4_500_000_000
    path = folder("site") / "huge.bin"
    with open(path, "wb") as file:
        for at in range(0, size, 100_000_000):
            file.seek(at)
            file.write(pattern(4096, at))
        file.truncate(size)
    with Server("--sink", "/sink", site=path.parent, offload="on"):
        command = f"curl -sS --fail --max-time 100 {url(V4, '/huge.bin')} | cmp - {path}"
        run("bash", "-o", "pipefail", "-c", command, seconds=110)
        counted = json.loads(curl("--fail", "-T", str(path), url(V4, "/sink"), seconds=100))
        check_equal(counted, {"bytes": size}, "an upload")

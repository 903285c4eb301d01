"""Files that are large, or change while they are served."""

import json
import os
import shutil
import subprocess

from harness import Failed, case, check, check_equal, folder, run, wait_until
from patience import Stopwatch
from world import BOTH, NOBODY, V4, V6, Server, connect, curl, exchange, make_site, pattern, request, url


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
            watch = Stopwatch()
            wait_until(lambda: exchange(V6, "/f.txt").body == content, f"{content} is served", 5)
            check(watch.fair < 2, f"{content} was served only after {watch}")
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


def keep_going(address, path, change, times=6):
    """A slow download of a large file, with changes while it runs: the content, and whether it ended with FIN."""
    sock, data = begin_slow_download(address, path)
    with sock:
        for number in range(times):
            change(number)
            for _ in range(40):
                data += sock.recv(65536)
        return finish(sock, data)


@case()
def a_large_file_that_grows_or_gets_other_rights_is_sent_on():
    old = pattern(40 << 20, 1)
    for offload in ("off", "on"):
        site = make_site({"log": old}, f"site-grow-{offload}")
        path = site / "log"

        def grow(number):
            with open(path, "ab") as file:
                file.write(pattern(100_000, number))

        def other_rights(number):
            path.chmod(0o644 if number % 2 else 0o604)
            if not number:
                os.link(path, site / "another")

        with Server(site=site, offload=offload):
            for address in BOTH:
                for what, change in (("grow", grow), ("chmod and link", other_rights)):
                    begun_with = path.stat().st_size
                    body, ended_well = keep_going(address, "/log", change)
                    check(ended_well, f"{what}: the connection was reset after {len(body)} bytes (offload {offload})")
                    check_equal(len(body), begun_with, f"{what}: bytes as promised at the start")
                    check(body[: len(old)] == old, f"{what}: other bytes")
                (site / "another").unlink()


@case()
def a_large_log_that_is_written_all_the_time_is_sent_whole():
    """The kernel moves the time of a file before its size: between the two an append looks like a rewrite."""
    old = pattern(40 << 20, 1)
    site = make_site({"log": old})
    with Server(site=site, offload="on"):
        writer = subprocess.Popen(["python3", "-c", "import sys\nwith open(sys.argv[1], 'ab', 0) as f:\n"
                                   "    for _ in range(200_000): f.write(b'a line of a log\\n')", str(site / "log")])
        try:
            for number in range(10):
                answer = exchange(BOTH[number % 2], "/log")
                check(answer.body[: len(old)] == old, f"download {number}: other bytes")
        finally:
            writer.kill()
            writer.wait()


@case()
def a_small_file_that_keeps_changing_is_sent_all_the_same():
    names = [f"status-{number}" for number in range(20)]
    site = make_site({names[0]: b"x" * (8 << 20)})
    for name in names[1:]:
        os.link(site / names[0], site / name)  # each name is read anew
    script = "import sys\nwith open(sys.argv[1], 'r+b', 0) as f:\n    while True: f.seek(0); f.write(b'x' * 4096)"
    with Server(site=site):
        writer = subprocess.Popen(["python3", "-c", script, str(site / names[0])])
        try:
            for number, name in enumerate(names):
                answer = exchange(BOTH[number % 2], f"/{name}")
                check_equal((answer.status, len(answer.body)), (200, 8 << 20), "status and size")
                check(answer.body.count(b"x") == 8 << 20, "what is no byte of the file")
        finally:
            writer.kill()
            writer.wait()


@case()
def a_site_that_is_removed_and_made_again_is_served_again():
    """In a private folder, too: the user that serves may not enter it."""
    for private in (False, True):
        home = folder(f"home-{private}")
        site = home / "public"
        site.mkdir(mode=0o755)
        (site / "index.html").write_bytes(b"first")
        home.chmod(0o700 if private else 0o755)
        with Server("--user", NOBODY, site=site) as server:
            check_equal(exchange(V4).body, b"first", "at first")
            for number in range(3):
                content = f"build {number}".encode()
                if number % 2:
                    site.rename(home / f"old-{number}")
                    check(exchange(V6).status == 200, "what was renamed away is served until another is there")
                else:
                    shutil.rmtree(site)
                    wait_until(lambda: exchange(V6).status == 404, "a removed site is gone", 3)
                site.mkdir(mode=0o755)
                (site / "index.html").write_bytes(content)
                wait_until(lambda: exchange(V4).body == content, f"{content} is served (private: {private})", 3)
            children = open(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read().split()
            keepers = [open(f"/proc/{child}/status").read() for child in children]
            caps = [line.split()[1] for text in keepers for line in text.splitlines() if line.startswith("CapPrm")]
            check(f"{1 << 2:016x}" in caps if private else f"{1 << 2:016x}" not in caps,
                  f"private: {private}, capabilities of the keepers: {caps}")


@case()
def absolute_links_are_followed_inside_the_site_only():
    site = make_site({"docs/page.txt": b"page"})
    secret = folder("outside") / "secret.txt"
    secret.write_bytes(b"secret")
    (site / "inside").symlink_to(site / "docs" / "page.txt")
    (site / "folder").symlink_to(site / "docs")
    (site / "outside").symlink_to(secret)
    (site / "back").symlink_to(f"{site}/../outside/secret.txt")
    with Server(site=site):
        for address in BOTH:
            for path in ("/inside", "/folder/page.txt"):
                check_equal(exchange(address, path).body, b"page", path)
            for path in ("/outside", "/back"):
                check_equal(exchange(address, path).status, 404, path)

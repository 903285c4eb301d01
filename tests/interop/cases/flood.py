"""A SYN flood by a program of its own, as fast as it can: who is connected goes on, and who comes is served."""

import contextlib
import select
import shutil
import subprocess
import time
from pathlib import Path

from harness import NotRun, case, check, check_equal, folder, run
from patience import Stopwatch
from world import V4, Server, connect, exchange, make_site, pattern, read_to_end, request

SECONDS = 3


@contextlib.contextmanager
def syn_flood(*options):
    """Inside, SYNs of nobody go to the server; behind, the sender has ended."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if not compiler:
        raise NotRun("no C++ compiler")
    program = folder() / "syn_flood"
    if not program.exists():
        source = Path(__file__).resolve().parents[2] / "attack" / "syn_flood.cc"
        run(compiler, "-std=c++20", "-O2", "-o", program, source)
    process = subprocess.Popen([program, "--to", f"{V4}:80", "--seconds", str(SECONDS), *options],
                               stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        said = process.communicate()[0]
        print(f"(the flood: {said.strip()})")


def read_while(sock, process):
    """What comes over a socket while that process runs."""
    data = bytearray()
    while process.poll() is None:
        if select.select([sock], [], [], 0.05)[0]:
            # As slow as a reader of its own: the flood must not find the download at its end.
            data += sock.recv(65536)
            time.sleep(0.003)
    return bytes(data)


def resident(server):
    return int(open(f"/proc/{server.process.pid}/statm").read().split()[1]) * 4096


# COVERS: R4987-01 R4987-03 R4987-04
@case(120)
def a_syn_flood_stops_no_download_and_is_over_when_it_ends():
    data = pattern(80_000_000)
    with Server(site=make_site({"f.bin": data, "index.html": b"page"})) as server:
        with connect(V4) as sock, contextlib.ExitStack() as early:
            sock.sendall(request("/f.bin", connection="close"))
            before = resident(server)
            with syn_flood() as flood:
                visitors = [early.enter_context(connect(V4, timeout=60)) for _ in range(3)]
                got = read_while(sock, flood)
                check(len(got) > 1_000_000, f"{len(got)} bytes came while the flood went on")
            for visitor in visitors:
                visitor.sendall(request("/", connection="close"))
                check(read_to_end(visitor).endswith(b"page"), "a page for who came in the flood")
            watch = Stopwatch()
            for _ in range(20):
                check_equal(exchange(V4, "/").body, b"page", "a page after the flood")
            check(watch.fair < 10, f"20 pages after the flood took {watch}")
            check(resident(server) - before < 100 << 20, "the flood is remembered")
            body = (got + read_to_end(sock)).partition(b"\r\n\r\n")[2]
            check(body == data, "the download is not what was served")

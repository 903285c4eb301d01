"""Much at once: many connections, many bytes, slow readers."""

import time

from capture import Capture
from harness import case, check, check_equal
from patience import Stopwatch
from world import (BOTH, V4, V6, Server, connect, download, exchange, fetch_all_at_once, make_site, pattern, request)


def many_at_once(offload):
    data = pattern(132_801)
    with Server(site=make_site({"image.bin": data}), offload=offload):
        fetch_all_at_once(V4, "/image.bin", data, 1000)
        fetch_all_at_once(V6, "/image.bin", data, 200)
        check_equal(exchange(V4, "/image.bin").body, data, "one more")


@case(120)
def a_thousand_downloads_at_the_same_time():
    many_at_once("off")


@case(120)
def a_thousand_downloads_at_the_same_time_with_offload():
    many_at_once("on")


def large(offload):
    data = pattern(100_000_000)
    with Server(site=make_site({"large.bin": data}), offload=offload):
        for address in BOTH:
            check_equal(download(address, "/large.bin")[0], data, f"100 MB from {address}")


@case(120)
def a_hundred_megabytes():
    large("off")


@case(120)
def a_hundred_megabytes_with_offload():
    large("on")


def read_after_pause(address, path, pause):
    """A client with a small buffer that takes nothing for a while, then everything."""
    sock = connect(address, receive_buffer=8192)
    sock.sendall(request(path, connection="close"))
    time.sleep(pause)  # the pause is what the case is about
    data = bytearray()
    while piece := sock.recv(1 << 20):
        data += piece
    return bytes(data.partition(b"\r\n\r\n")[2])


# COVERS: MUST-36 MUST-37 SHLD-29 SHLD-30
@case()
def a_reader_that_pauses_is_probed_and_gets_everything():
    data = pattern(3_000_000)
    for offload in ("off", "on"):
        with Server(site=make_site({"f.bin": data}), offload=offload), Capture(snap=120) as capture:
            check_equal(read_after_pause(V4, "/f.bin", 3), data, f"after a pause, offload {offload}")
            capture.stop()
        probes = capture.packets("ip.src == 192.0.2.2 && tcp.analysis.zero_window_probe", "frame.time_relative")
        times = [float(probe["frame.time_relative"]) for probe in probes]
        check(len(times) >= 3, f"{len(times)} zero-window probes in 3 s")
        gaps = [after - before for before, after in zip(times, times[1:]) if after - before < 3]
        for before, after in zip(gaps, gaps[1:3]):
            check(1.5 < after / before < 2.7, f"probes {gaps} s apart do not back off exponentially")
        check(len(times) < 20, f"{len(times)} probes in 3 s")


@case()
def a_slow_reader_does_not_hold_up_the_others():
    data = pattern(2_000_000)
    with Server(site=make_site({"f.bin": data})):
        slow = [connect(address, receive_buffer=4096) for address in BOTH for _ in range(50)]
        for sock in slow:
            sock.sendall(request("/f.bin", connection="close"))
        watch = Stopwatch()
        for _ in range(5):
            check_equal(exchange(V6, "/f.bin").body, data, "beside 100 readers that do not read")
        check(watch.fair < 10, f"5 downloads took {watch}")
        for sock in slow:
            sock.close()

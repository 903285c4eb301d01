"""Segments that get lost on their way to the client: everything still arrives, once and in order."""

import time

from capture import Capture
from filters import drop_everything, drop_no_more, drop_some
from harness import case, check, check_equal
from world import BOTH, V4, V6, Server, connect, make_site, pattern, read_to_end, request


def lossy_download(address, path, share):
    with connect(address, timeout=60) as sock:
        drop_some(sock, share)
        sock.sendall(request(path, connection="close"))
        return read_to_end(sock).partition(b"\r\n\r\n")[2]


def downloads_with_loss(offload):
    data = pattern(500_000)
    with Server(site=make_site({"f.bin": data}), offload=offload):
        for share in (0.01, 0.05, 0.1):
            for address in BOTH:
                for turn in range(2):
                    check_equal(lossy_download(address, "/f.bin", share), data, f"{address}, loss {share}, turn {turn}")


# COVERS: MUST-18 MUST-19
@case(120)
def downloads_survive_loss():
    downloads_with_loss("off")


@case(120)
def downloads_survive_loss_with_offload():
    downloads_with_loss("on")


# COVERS: R5681-09
@case()
def most_losses_are_repaired_without_waiting_for_the_timeout():
    data = pattern(1_000_000)
    with Server(site=make_site({"f.bin": data})), Capture(snap=120) as capture:
        for address in BOTH:
            for _ in range(3):
                check_equal(lossy_download(address, "/f.bin", 0.01), data, f"download from {address}")
        capture.stop()
    last, quick, late = {}, 0, 0
    for packet in capture.packets("tcp", "tcp.stream", "frame.time_relative", "tcp.analysis.retransmission"):
        now = float(packet["frame.time_relative"])
        if packet["tcp.analysis.retransmission"]:
            waited = now - last.get(packet["tcp.stream"], now) > 0.15
            quick, late = quick + (not waited), late + waited
        last[packet["tcp.stream"]] = now
    check(quick > 2 * late, f"{late} of {quick + late} retransmissions came only after the timeout")


# COVERS: MUST-19
@case()
def a_client_that_hears_nothing_for_a_while_is_retried_ever_more_rarely():
    data = pattern(200_000)
    with Server(site=make_site({"f.bin": data})), Capture(snap=100) as capture:
        for address in BOTH:
            with connect(address) as sock:
                drop_everything(sock)
                sock.sendall(request("/f.bin", connection="close"))
                time.sleep(2)  # the silence is what the case is about
                drop_no_more(sock)
                check_equal(read_to_end(sock).partition(b"\r\n\r\n")[2], data, f"{address} after a silence")
        capture.stop()
    for source in (f"ip.src == {V4}", f"ipv6.src == {V6}"):
        sent = capture.packets(f"{source} && tcp.seq == 1 && tcp.len > 0", "frame.time_relative")
        times = [float(packet["frame.time_relative"]) for packet in sent]
        gaps = [after - before for before, after in zip(times, times[1:])]
        check(3 <= len(gaps) <= 6, f"the first segment was repeated after {gaps} s")
        for before, after in zip(gaps, gaps[1:]):
            check(1.7 < after / before < 2.4, f"{gaps} s do not back off exponentially")

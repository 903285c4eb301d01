"""`--impair`: whatever the link does, every byte arrives, once and in order; and what it did can be had again."""

import hashlib
import json
import threading

from harness import PROGRAM, case, check, check_equal, folder, run
from patience import Stopwatch
from world import BOTH, V4, Server, connect, curl, download, make_site, pattern, read_to_end, request, url
from cases.get import HOST, Nginx

BAD = "loss=5%,reorder=5%,duplicate=2%,corrupt=1%"
SIZE = 10_000_000
BOUND = 60  # seconds for one transfer: most are far below, and the machine may be busy


# COVERS: MUST-18 MUST-19 MUST-3
@case(300)
def downloads_arrive_whole_over_a_bad_link():
    data = pattern(SIZE)
    with Server("--impair", BAD, "--seed", 1, site=make_site({"f.bin": data})):
        for address in BOTH:
            got, = download(address, "/f.bin", seconds=BOUND)
            check_equal(got, data, f"{len(data)} bytes from {address}")


@case(300)
def uploads_arrive_whole_over_a_bad_link():
    data = pattern(SIZE)
    file = folder() / "body.bin"
    file.write_bytes(data)
    with Server("--impair", BAD, "--seed", 2, "--sink", "/sink"):
        for address in BOTH:
            said = json.loads(curl("--fail", "-T", str(file), url(address, "/sink?sha256"), seconds=BOUND))
            check_equal((said["bytes"], said["sha256"]), (len(data), hashlib.sha256(data).hexdigest()),
                        f"what arrived at {address}")


@case(300)
def a_client_of_ours_survives_it_too():
    data = pattern(SIZE)
    with Nginx(make_site({"f.bin": data})):
        for host in HOST:
            got = folder() / "got"
            run(PROGRAM, "get", url(host, "/f.bin"), "--impair", BAD, "--seed", 3, "-o", got, seconds=BOUND)
            check_equal(got.read_bytes(), data, f"{len(data)} bytes from {host}")


@case()
def a_delay_is_a_round_trip():
    with Server("--impair", "delay=40ms,jitter=5ms", site=make_site({"f.bin": b"x"})):
        for address in BOTH:
            watch = Stopwatch()
            connect(address).close()
            took, fair = watch.seconds, watch.fair
            check(0.065 < took and fair < 0.3, f"the handshake with {address} took {took:.3f} s instead of about 0.08")


@case()
def a_rate_is_a_rate():
    data = pattern(500_000)
    with Server("--impair", "out:rate=4mbit,out:queue=40", site=make_site({"f.bin": data})):
        watch = Stopwatch()
        got, = download(V4, "/f.bin")
        took, fair = watch.seconds, watch.fair
        check_equal(got, data, "the download")
        check(1.0 < took and fair < 6, f"{took:.2f} s for 4 Mbit at 4 Mbit/s")


def packets_of(capture):
    """(interface, comment) of each packet in an annotated capture."""
    said = run("tshark", "-r", capture, "-T", "fields", "-e", "frame.interface_id", "-e", "frame.comment").stdout
    packets = [line.split("\t", 1) for line in said.splitlines()]
    return [(interface, comments.split(",glasstcp/1:")[0]) for interface, comments in packets]


def captured_exchange(address, spec, seed):
    """The packets that leave, in order, of one download."""
    data = pattern(100_000)
    place = folder("captures")
    place.chmod(0o777)  # the server writes it as nobody
    capture = place / "c.pcapng"
    capture.unlink(missing_ok=True)
    with Server("--impair", spec, "--seed", seed, "--capture", capture, site=make_site({"f.bin": data})):
        got, = download(address, "/f.bin")
        check_equal(got, data, "the download")
    return [packet for packet in packets_of(capture) if packet[1].startswith("OUT ")]


@case(120)
def the_packet_that_is_named_is_lost_and_stands_on_the_second_interface():
    for address in BOTH:
        out = captured_exchange(address, "drop=out:4,drop=out:9", 1)
        lost = [number for number, (interface, _) in enumerate(out, 1) if interface == "1"]
        check_equal(lost, [4, 9], f"packets to {address} on the second interface")
        for number in lost:
            said = out[number - 1][1]
            check(said.endswith("[LOST drop=: the link was told to lose this packet]"), said)
        check(any("Retransmit" in comment for _, comment in out), "nothing was sent again")


def told_losses(seed):
    """For each of the first 60 packets that leave: whether the narration says that it was lost."""
    server = Server("--impair", "out:loss=10%", "--seed", seed, "-vv", may_speak=True,
                    site=make_site({"f.bin": pattern(100_000)}))
    with server:
        download(V4, "/f.bin")
    lost = []
    for line in server.stderr().splitlines():
        if " OUT " in line:
            lost.append(" LOST OUT " in line)
    return lost[:60]


@case()
def the_same_seed_loses_the_same_packets_again():
    first = told_losses(7)
    check_equal((len(first), any(first)), (60, True), "packets, and whether any was lost")
    check_equal(told_losses(7), first, "which of the first 60 packets were lost, with the same seed")
    check(told_losses(8) != first, "another seed loses the same packets")


def told_reasons(*options):
    """Why each packet was sent that the server tells of, the seventh being lost: README.md's example."""
    data = pattern(200_000)
    server = Server("--impair", "drop=out:7", "--verbose", *options, site=make_site({"f.bin": data}), may_speak=True)
    with server:
        got, = download(V4, "/f.bin")
        check_equal(got, data, "the download")
    lines = server.stderr().splitlines()
    return "\n".join(line for line in lines if " OUT " in line), lines


@case()
def a_lost_segment_is_found_by_time_or_without_sack_by_duplicates():
    reasons, lines = told_reasons()
    check("RackRetransmit" in reasons and "FastRetransmit" not in reasons, "with SACK: not found by time")
    check(any("sack " in line for line in lines if " IN " in line), "the kernel reported nothing by SACK")
    reasons, lines = told_reasons("--sack", "off")
    check("FastRetransmit" in reasons and "RackRetransmit" not in reasons, "without SACK: not found by duplicates")
    check(not any("sackOK" in line for line in lines if "SYN-ACK" in line), "--sack off offers SACK all the same")


@case()
def the_switches_of_tcp_show_on_the_wire():
    server = Server("--verbose", "--timestamps", "off", "--window-scale", "off", "--mss", "1000", "--receive-buffer",
                    "8K", site=make_site({"f.bin": b"x"}), may_speak=True)
    with server:
        curl(url(V4, "/f.bin"))
    answers = [line for line in server.stderr().splitlines() if " OUT SYN-ACK " in line]
    check(answers and "<mss 1000,sackOK>" in answers[0] and "win 8192" in answers[0], f"the SYN-ACK: {answers[:1]}")


@case()
def the_narration_tells_what_was_lost():
    server = Server("--impair", "drop=in:1", "--verbose", site=make_site({"f.bin": b"x"}), may_speak=True)
    with server:
        with connect(V4) as sock:
            sock.sendall(request("/f.bin", connection="close"))
            read_to_end(sock)
    lost = [line for line in server.stderr().splitlines() if "LOST IN" in line]
    check_equal(len(lost), 1, f"lines about lost packets: {lost}")


@case()
def the_end_waits_for_what_is_on_its_way():
    """Stopped in the middle: the last packets travel for a while, and the client gets all of them."""
    data = pattern(300_000)
    server = Server("--impair", "delay=100ms", site=make_site({"f.bin": data}))
    server.wait_ready()
    with connect(V4) as sock:
        sock.sendall(request("/f.bin", connection="close"))
        answer = [sock.recv(1000)]
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        answer.append(read_to_end(sock))
        stopper.join()
    check_equal(b"".join(answer).partition(b"\r\n\r\n")[2], data, "what was in flight")

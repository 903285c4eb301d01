"""Every packet of ours as tshark judges it: sound, complete, never repeated, with the right options and flags."""

from capture import REPEATED, Capture
from harness import case, check, check_equal, set_sysctl
from world import BOTH, V4, V6, Server, download, exchange, make_site, pattern, sink_result

OURS = f"(ip.src == {V4} || ipv6.src == {V6})"


def visit(site_files, offload="off", snap=1600):
    """Downloads each file over both versions of IP, a connection for each, under a capture."""
    with Server(site=make_site(site_files), offload=offload), Capture(snap=snap) as capture:
        for address in BOTH:
            for path in site_files:
                download(address, "/" + path)
        return capture.stop()


# COVERS: MUST-2 R8200-14 MUST-68 MUST-69
@case()
def each_packet_is_sound_and_sent_once():
    capture = visit({f"{size}.bin": pattern(size, size) for size in (0, 1, 20_000, 132_801, 3_400_000)})
    capture.check_sound()
    capture.check_no_retransmission()
    # (With SACK: the answer to a tail loss probe that was not needed.)
    capture.check_none("tcp.analysis.duplicate_ack && !tcp.options.sack_le || tcp.analysis.ack_lost_segment || "
                       "tcp.analysis.window_update && tcp.len > 0", "something unusual")
    capture.check_none(f"{OURS} && _ws.expert.severity >= 0x600000", "a warning of tshark")


@case()
def conversations_are_complete_with_data():
    capture = visit({"a.bin": pattern(50_000), "b.bin": pattern(100)})
    seen = {p["tcp.stream"]: p["tcp.completeness"] for p in capture.packets("tcp", "tcp.stream", "tcp.completeness")}
    check_equal(seen, dict.fromkeys("0123", "31"), "completeness (31: SYN, SYN-ACK, ACK, data, FIN)")
    capture.check_none("tcp.flags.reset == 1", "RST")


# COVERS: MUST-14 SHLD-5 R8200-15 R7323-04 MUST-65 R7323-09
@case()
def the_handshake_has_the_right_options():
    capture = visit({"a.bin": pattern(50_000)})
    answers = capture.packets("tcp.flags.syn == 1 && tcp.flags.ack == 1", "ip.version", "tcp.options.mss_val",
                              "tcp.option_kind", "tcp.options.wscale.shift", "tcp.window_size_value")
    check_equal(len(answers), 2, "SYN-ACKs")
    for answer in answers:
        wanted = "1460" if answer["ip.version"] == "4" else "1440"
        check_equal(answer["tcp.options.mss_val"], wanted, "MSS")
        kinds = set(answer["tcp.option_kind"].split(","))
        check(kinds >= {"2", "3", "4", "8"}, f"options {kinds} without MSS, window scale, SACK permitted or timestamps")
        check(0 < int(answer["tcp.options.wscale.shift"]) <= 14, f"window scale {answer['tcp.options.wscale.shift']}")
        check(int(answer["tcp.window_size_value"]) > 10_000, f"window {answer['tcp.window_size_value']}")
    later = f"{OURS} && tcp && tcp.flags.syn == 0"
    capture.check_none(f"{later} && tcp.options.mss_val", "MSS outside of a SYN")
    capture.check_none(f"{later} && !tcp.options.timestamp.tsval", "no timestamp")
    starts = {p["tcp.seq_raw"] for p in capture.packets(f"{OURS} && tcp.flags.syn == 1", "tcp.seq_raw")}
    check_equal(len(starts), 2, "different initial sequence numbers")


# COVERS: MUST-61 SHLD-28
@case()
def the_last_segment_of_an_answer_is_pushed_and_the_others_are_full():
    sizes = (1, 3000, 20_000, 500_000)
    with Server(site=make_site({f"{size}.bin": pattern(size) for size in sizes})), Capture() as capture:
        for address in BOTH:
            download(address, *(f"/{size}.bin" for size in sizes))  # one connection
        capture.stop()
    capture.check_no_retransmission()
    segments = capture.packets(f"{OURS} && tcp.len > 0 && !({REPEATED})", "tcp.len", "tcp.flags.push",
                               "http.response.code", "ip.version")
    ends = [segment for segment in segments if segment["http.response.code"]]  # where tshark sees an answer complete
    check_equal(len(ends), 2 * len(sizes), "answers")
    check_equal({segment["tcp.flags.push"] for segment in ends}, {"1"}, "PSH at the end of each answer")
    for segment in segments:
        full = "1448" if segment["ip.version"] == "4" else "1428"
        if not segment["http.response.code"]:
            check_equal(segment["tcp.len"], full, "length of a segment that is not the last")
    pushed = sum(segment["tcp.flags.push"] == "1" for segment in segments)
    check(pushed <= len(ends) + 10, f"{pushed} pushes for {len(ends)} answers")


@case()
def the_flow_label_is_constant_within_a_flow():
    capture = visit({"a.bin": pattern(200_000), "b.bin": pattern(100)})
    flows = {}
    for packet in capture.packets(f"ipv6.src == {V6} && tcp", "tcp.stream", "ipv6.flow"):
        flows.setdefault(packet["tcp.stream"], set()).add(int(packet["ipv6.flow"], 0))
    check_equal([len(labels) for labels in flows.values()], [1, 1], "flow labels of each connection")
    labels = set.union(*flows.values())
    check(len(labels) == 2 and 0 not in labels, f"flow labels {labels}")


@case()
def with_offload_the_kernel_gets_large_packets():
    capture = visit({"a.bin": pattern(20_000_000)}, offload="on", snap=200)
    capture.check_sound(with_checksums=False)
    largest = max(int(p["tcp.len"]) for p in capture.packets(f"{OURS} && tcp", "tcp.len"))
    check(largest > 30_000, f"the largest packet carries {largest} bytes")


# COVERS: R7323-01 R2018-01
@case()
def options_that_the_client_does_not_offer_are_not_used():
    data = pattern(2_000_000)
    for name, kind in (("tcp_timestamps", 8), ("tcp_sack", 4), ("tcp_window_scaling", 3)):
        set_sysctl("net.ipv4." + name, 0)
        with Server("--sink", "/sink", site=make_site({"f.bin": data})), Capture(snap=200) as capture:
            for address in BOTH:
                check_equal(exchange(address, "/f.bin").body, data, f"download without {name}")
                check_equal(sink_result(exchange(address, "/sink", "PUT", data))["bytes"], len(data), "upload")
            capture.stop()
        capture.check_none(f"tcp.option_kind == {kind}", f"option {kind} although net.ipv4.{name}=0")
        capture.check_no_retransmission()
        set_sysctl("net.ipv4." + name, 1)
    for name in ("tcp_timestamps", "tcp_sack", "tcp_window_scaling"):
        set_sysctl("net.ipv4." + name, 0)
    with Server(site=make_site({"f.bin": data})):
        for address in BOTH:
            check_equal(exchange(address, "/f.bin").body, data, "download without any of them")


# COVERS: R8200-13 R8200-15
@case()
def the_mss_follows_the_mtu():
    data = pattern(500_000)
    for mtu, mss in ((1280, ("1240", "1220")), (9000, ("8960", "8940")), (65535, ("65495", "65475")), (576, ("536",))):
        server = Server("--mtu", mtu, site=make_site({"f.bin": data}), may_speak=mtu < 1280)
        with server, Capture(snap=mtu + 100) as capture:
            for address in BOTH[: len(mss)]:
                check_equal(exchange(address, "/f.bin").body, data, f"download from {address} with MTU {mtu}")
            capture.stop()
        answers = capture.packets("tcp.flags.syn == 1 && tcp.flags.ack == 1", "tcp.options.mss_val")
        check_equal(tuple(a["tcp.options.mss_val"] for a in answers), mss, f"MSS with MTU {mtu}")
        capture.check_sound()
        capture.check_no_retransmission()

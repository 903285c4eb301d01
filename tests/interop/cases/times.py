"""Each packet of a capture is at the time when it really passed: beside tcpdump on the same interface."""

import statistics

import patience
from capture import Capture
from harness import case, check, check_equal, folder, run
from world import V4, Server, curl, make_site, pattern, url

FIELDS = ("ip.src", "ip.id", "tcp.srcport", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.flags")


def packets(file):
    """For each direction the packets in the order of the file: (what tells it from others, time in ns)."""
    options = [word for field in (*FIELDS, "frame.time_epoch") for word in ("-e", field)]
    lines = run("tshark", "-n", "-r", file, "-Y", "ip && tcp", "-T", "fields", *options).stdout.splitlines()
    found = {True: [], False: []}
    for line in lines:
        *key, at = line.split("\t")
        seconds, _, fraction = at.partition(".")
        found[key[0] == V4].append((tuple(key), int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9])))
    return found


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@case()
def a_capture_has_the_times_of_tcpdump():
    """The kernel notes the time of what we write while write() runs, and of what we read before read() gives it. So
    ours is never earlier, but for the error with which two clocks are compared; how much later, the median says: that
    a process is interrupted just there happens to a few packets only, however busy the machine is."""
    ours = folder() / "ours.pcapng"
    with Server("--capture", ours, site=make_site({"f.bin": pattern(200_000)})) as server, Capture() as capture:
        for _ in range(10):
            curl("--fail", "-o", "/dev/null", url(V4, "/f.bin"))
        capture.stop()
        server.stop()
    mine, theirs = packets(ours), packets(capture.file)
    comparison_error = 20_000  # ns: tcpdump cuts off at microseconds, and clocks are slewed
    for outgoing, name in ((True, "written"), (False, "read")):
        wanted, found = theirs[outgoing], mine[outgoing][: len(theirs[outgoing])]
        check(len(wanted) > 100, f"{len(wanted)} packets are {name}")
        check_equal([key for key, _ in found], [key for key, _ in wanted], f"order of packets that were {name}")
        times = [at for _, at in found]
        check(times == sorted(times), f"times of packets that were {name} go back")
        later = [a - b for (_, a), (_, b) in zip(found, wanted)]
        middle, most, least = statistics.median(later), percentile(later, 0.95), min(later)
        told = f"{name}: {len(later)} packets, later by {middle / 1000:.1f} us (median), " \
               f"{most / 1000:.1f} us (95 %), from {least / 1000:.1f} to {max(later) / 1000:.1f} us"
        print(told)
        check(least >= -comparison_error, f"earlier than the kernel: {told}")
        check(middle <= (50_000 if outgoing else 2_000_000) * patience.factor(), told)

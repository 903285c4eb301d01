"""A kernel that does not keep its word at the TUN device: it refuses packets by their shape, or has some that cannot be
read. faulty_tun.c stands before it."""

import errno
import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

from capture import Capture
from harness import PROGRAM, case, check, check_equal, folder, run, set_sysctl, wait_until
from preload import preloaded
from world import (BOTH, HOST_V6, V4, V6, Server, curl, download, exchange, fetch_all_at_once, make_site, pattern,
                   sink_result, url)

DATA = 3_000_000
PROMISED = "though it said it would take them"


def faulty(**faults):
    """The words before a command that make the device faulty."""
    return [*preloaded("faulty_tun"), *(f"FAULTY_{name.upper()}={value}" for name, value in faults.items())]


def serves_all(addresses=BOTH, lines=1, says=PROMISED, **faults):
    """3 MB come by each address, whole and without a retransmission, and stderr says why it is slower, in one line."""
    data = pattern(DATA)
    with Server(site=make_site({"f.bin": data}), offload="on", prefix=faulty(**faults), may_speak=True) as server:
        with Capture(snap=200) as capture:
            for address in addresses:
                started = time.monotonic()
                check_equal(download(address, "/f.bin")[0], data, f"content from {address}, {faults}")
                check(time.monotonic() - started < 20, f"3 MB took {time.monotonic() - started:.1f} s, {faults}")
            capture.stop()
        said = server.stderr().splitlines()
        check_equal(len(said), lines, f"lines on stderr ({said})")
        for line in said:
            check(says in line, f"not {says!r}, but {line!r}")
    return capture


@case(120)
def gso_packets_that_are_refused_go_as_plain_segments():
    for number in (errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP, errno.EIO, errno.ENOBUFS):
        capture = serves_all(write="gso", errno=number)
        check_equal(capture.count(f"ip.src == {V4} && tcp.analysis.retransmission"), 0, f"retransmissions, {number}")
        check_equal(capture.count("tcp.srcport == 80 && tcp.len > 1460"), 0, "GSO packets that came through")


@case(120)
def partial_checksums_that_are_refused_are_completed():
    for number in (errno.EINVAL, errno.EIO):
        serves_all(write="partial", errno=number)


@case()
def gso_packets_that_are_refused_over_ipv6_alone():
    serves_all(write="gso6")
    serves_all(addresses=[V4], lines=0, write="gso6")


@case()
def a_large_file_that_is_mapped_comes_without_offload_too():
    data = pattern(20_000_000)
    for kind in ("gso", "partial"):
        with Server(site=make_site({"f.bin": data}), offload="on", prefix=faulty(write=kind), may_speak=True):
            check_equal(download(V4, "/f.bin")[0], data, f"content with {kind} refused")


@case()
def get_sends_plain_segments_too():
    with Server(site=make_site({"f.bin": pattern(DATA)}), offload="on"):
        set_sysctl("net.ipv4.ip_forward", 1)
        done = run(*faulty(write="partial"), PROGRAM, "get", url(V4, "/f.bin"), text=False)
        check_equal(done.stdout, pattern(DATA), "content")
        check(PROMISED in done.stderr.decode(), f"no word of it: {done.stderr!r}")


@case(120)
def packets_that_cannot_be_read_are_skipped():
    data = pattern(DATA)
    for number in (errno.EINVAL, errno.ENOMEM, errno.EMSGSIZE, errno.EPERM):
        prefix = faulty(read="some", errno=number)
        with Server(site=make_site({"f.bin": data}), offload="on", prefix=prefix, may_speak=True) as server:
            check_equal(download(V4, "/f.bin")[0], data, f"content, errno {number}")
            check_equal(server.process.poll(), None, "exit status of a server that should live")
            first = server.stderr().splitlines()[0]
            check("cannot be read" in first and os.strerror(number) in first, f"not told: {first!r}")


@case()
def merged_packets_that_cannot_be_read_are_not_asked_for_any_more():
    """An upload: each GSO packet is lost, so it would never end."""
    data = pattern(DATA)
    (folder() / "up.bin").write_bytes(data)
    with Server("--sink", "/sink", offload="on", prefix=faulty(read="merged"), may_speak=True) as server:
        started = time.monotonic()
        answer = curl("--fail", "-T", str(folder() / "up.bin"), url(V4, "/sink"))
        check(b'"bytes":3000000' in answer.replace(b" ", b""), f"the sink says {answer!r}")
        check(time.monotonic() - started < 20, f"it took {time.monotonic() - started:.1f} s")
        check("merge none" in server.stderr(), server.stderr())


def processor_time(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case()
def reads_that_fail_for_ever_cost_no_processor():
    with Server(offload="on", prefix=faulty(read="all", errno=errno.EINVAL), may_speak=True) as server:
        run("ping", "-c", "1", "-W", "1", V4, check_status=False)  # so that poll calls the device readable
        before = processor_time(server.process)
        time.sleep(3)  # what it uses while it sleeps is what the case is about
        check(processor_time(server.process) - before < 0.6, "the loop spins")
        check_equal(server.process.poll(), None, "exit status of a server that should live")


@case()
def a_device_that_is_gone_ends_it_with_the_true_cause():
    server = Server(offload="on", prefix=faulty(read="gone", errno=errno.EBADFD), may_speak=True).wait_ready()
    run("ping", "-c", "3", "-i", "0.2", "-W", "1", V4, check_status=False)
    check_equal(server.wait_end(), 1, "exit status")
    check("the kernel took the interface tun0 from us" in server.stderr(), server.stderr())


def is_serving():
    return run(PROGRAM, "doctor", "--serving", check_status=False)


@case()
def down_and_up_again_both_ip_versions_serve():
    site = make_site({"f.txt": b"still here"})
    with Server(site=site) as server:
        for _ in range(3):
            run("ip", "link", "set", "tun0", "down")
            down = is_serving()
            check_equal(down.returncode, 1, "doctor --serving while it is down")
            check_equal(down.stdout.count("tun0 is down"), 2, f"families that are down ({down.stdout})")
            run("ip", "link", "set", "tun0", "up")
            for address in BOTH:
                check_equal(exchange(address, "/f.txt").body, b"still here", f"from {address}")
            check_equal(is_serving().returncode, 0, "doctor --serving afterwards")
        check_equal(server.process.poll(), None, "exit status of a server that should live")


@case()
def a_connection_outlives_down_and_up():
    data = pattern(20_000_000)
    for address in BOTH:
        with Server(site=make_site({"f.bin": data})):
            command = ["curl", "-sS", "-g", "--fail", "--limit-rate", "8M", "--max-time", "40", "-o",
                       str(folder() / "got"), url(address, "/f.bin")]
            client = subprocess.Popen(command)
            got = folder() / "got"
            wait_until(lambda: got.exists() and got.stat().st_size > 1_000_000, "it began")
            run("ip", "link", "set", "tun0", "down")
            run("ip", "link", "set", "tun0", "up")
            check_equal(client.wait(50), 0, f"status of curl from {address}")
            check_equal((folder() / "got").read_bytes(), data, f"content from {address}")
            (folder() / "got").unlink()


@case(120)
def connections_outlive_a_change_of_the_mtu():
    """Smaller, larger, and as before, in the midst of a download and of an upload; and new ones afterwards."""
    data = pattern(20_000_000)
    got, sent = folder() / "got", folder() / "sent"
    sent.write_bytes(data)
    for offload in ("off", "on"):
        with Server("--sink", "/sink", site=make_site({"f.bin": data}), offload=offload):
            for address in BOTH:
                down = subprocess.Popen(["curl", "-sS", "-g", "--fail", "--limit-rate", "8M", "--max-time", "60", "-o",
                                         str(got), url(address, "/f.bin")])
                up = subprocess.Popen(["curl", "-sS", "-g", "--fail", "--limit-rate", "8M", "--max-time", "60", "-T",
                                       str(sent), url(address, "/sink?sha256")], stdout=subprocess.PIPE)
                wait_until(lambda: got.exists() and got.stat().st_size > 1_000_000, "it began")
                for mtu in (1300, 9000, 1500):
                    run("ip", "link", "set", "tun0", "mtu", mtu)
                    size = got.stat().st_size
                    wait_until(lambda: got.stat().st_size > size + 500_000 or down.poll() is not None,
                               f"it goes on with an MTU of {mtu}")
                check_equal(down.wait(60), 0, f"status of curl from {address}, offload {offload}")
                check_equal(got.read_bytes(), data, f"content from {address}, offload {offload}")
                answer = json.loads(up.communicate(timeout=60)[0])
                check_equal(answer["sha256"], hashlib.sha256(data).hexdigest(), f"what came by {address}")
                got.unlink()
                check_equal(exchange(address, "/none").status, 404, f"status from {address} afterwards")


@case()
def a_queue_that_is_full_loses_packets_and_no_bytes():
    """The kernel drops what does not fit into the device's queue: ACKs and requests are lost, answers come whole."""
    data = pattern(1_000_000)
    with Server("--sink", "/sink", site=make_site({"f.bin": data})):
        run("ip", "link", "set", "tun0", "txqueuelen", 12)
        for address in BOTH:
            fetch_all_at_once(address, "/f.bin", data, 12)
        up = exchange(V4, "/sink?sha256", "PUT", data)
        check_equal(sink_result(up)["sha256"], hashlib.sha256(data).hexdigest(), "an upload")
        dropped = run("ip", "-s", "-j", "link", "show", "dev", "tun0").stdout
        check(json.loads(dropped)[0]["stats64"]["tx"]["dropped"] > 0, f"nothing was dropped: {dropped}")


@case()
def doctor_says_which_ip_version_does_not_answer():
    with Server():
        done = is_serving()
        check_equal((done.returncode, done.stdout.count("a server answers at")), (0, 2), f"both answer ({done.stdout})")
        run("ip", "address", "delete", HOST_V6 + "/64", "dev", "tun0")
        done = is_serving()
        check_equal(done.returncode, 1, "without the kernel's IPv6 address")
        check(f"a server answers at {url(V4)}\n" in done.stdout, done.stdout)
        check(f"no server answers at {url(V6)}: tun0 has not the address {HOST_V6}\n" in done.stdout, done.stdout)
        cure = done.stdout.split("'")[1].removeprefix("sudo ").split()
        run(*cure)
        check_equal(is_serving().returncode, 0, "after its cure")
    set_sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    with Server(may_speak=True):
        done = is_serving()
        check_equal(done.returncode, 0, f"IPv4 alone, where IPv6 is disabled ({done.stdout})")
        check("IPv6 is not served here" in done.stdout, done.stdout)


@case()
def a_prepared_device_gets_its_switch_back():
    run("ip", "tuntap", "add", "dev", "tun0", "mode", "tun")
    switch = Path("/proc/sys/net/ipv6/conf/tun0/keep_addr_on_down")
    for before in ("0", "1"):
        switch.write_text(before)
        with Server():
            check_equal(switch.read_text(), "1\n", "while it runs")
        check_equal(switch.read_text(), before + "\n", "afterwards")

"""A path with a narrow hop: client -1500- router -1400- host of the TUN device -1500- server."""

import hashlib
import subprocess

from capture import Capture
from harness import case, check, check_equal, folder, run, set_sysctl, wait_until
from world import V4, V6, Server, make_site, pattern

NARROW = 1400
CLIENT_V4, CLIENT_V6 = "10.1.0.1", "fd00:1::1"


class Namespace:
    """A further network namespace, which lives as long as a process that sleeps in it."""

    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "1000"])
        mine = run("readlink", "/proc/self/ns/net").stdout
        pid = self.process.pid
        wait_until(lambda: run("readlink", f"/proc/{pid}/ns/net").stdout != mine, "there is a new namespace")
        self.inside = ["nsenter", f"--net=/proc/{pid}/ns/net"]

    def run(self, *command, **more):
        return run(*self.inside, *command, **more)

    def ip(self, *arguments):
        return self.run("ip", *arguments)


def join(one, one_name, other, other_name, mtu):
    """A cable between two namespaces (None: the one of this case)."""
    run("ip", "link", "add", one_name, "mtu", mtu, "type", "veth", "peer", "name", other_name, "mtu", mtu)
    for place, name in ((one, one_name), (other, other_name)):
        if place:
            run("ip", "link", "set", name, "netns", place.process.pid)
        (place.run if place else run)("ip", "link", "set", name, "up")


def add_addresses(place, name, *addresses):
    for address in addresses:
        flags = ["nodad"] if ":" in address else []
        (place.run if place else run)("ip", "address", "add", address, "dev", name, *flags)


def add_routes(place, *routes):
    for target, gateway in routes:
        (place.run if place else run)("ip", "route", "add", target, "via", gateway)


def forward(place):
    for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        if place:
            place.run("sysctl", "-q", "-w", name + "=1")
        else:
            set_sysctl(name, 1)


def build_path():
    """Gives the client's namespace. The server's host is the namespace of this case."""
    client, router = Namespace(), Namespace()
    join(client, "up0", router, "down0", 1500)
    join(router, "up0", None, "down0", NARROW)
    add_addresses(client, "up0", CLIENT_V4 + "/24", CLIENT_V6 + "/64")
    add_addresses(router, "down0", "10.1.0.254/24", "fd00:1::fe/64")
    add_addresses(router, "up0", "10.2.0.1/24", "fd00:2::1/64")
    add_addresses(None, "down0", "10.2.0.254/24", "fd00:2::fe/64")
    forward(router)
    forward(None)
    add_routes(client, ("default", "10.1.0.254"), ("::/0", "fd00:1::fe"))
    add_routes(router, ("192.0.2.0/24", "10.2.0.254"), ("2001:db8::/64", "fd00:2::fe"))
    add_routes(None, ("10.1.0.0/24", "10.2.0.1"), ("fd00:1::/64", "fd00:2::1"))
    return client


def curl_in(client, *arguments):
    return client.run("curl", "-sS", "-g", "--fail", "--max-time", "30", *arguments, text=False).stdout


def through_the_narrow_hop(address, offload):
    data = pattern(5_000_000)
    link = f"http://[{address}]" if ":" in address else f"http://{address}"
    upload = folder() / "body.bin"
    upload.write_bytes(data)
    client = build_path()
    server = Server("--sink", "/sink", site=make_site({"f.bin": data, "s.txt": b"small"}), offload=offload)
    with server, Capture(snap=100) as capture:
        check_equal(curl_in(client, link + "/f.bin"), data, "download through the narrow hop")
        hashed = curl_in(client, "-T", upload, link + "/sink?sha256")
        check(hashlib.sha256(data).hexdigest().encode() in hashed, f"upload through the narrow hop: {hashed}")
        check_equal(curl_in(client, link + "/s.txt"), b"small", "a small file")
        capture.stop()
    return capture


def check_segments(capture, address):
    """After the message that says 1400, no packet of ours is larger, except those that were already on their way."""
    too_big = "icmp.type == 3 && icmp.code == 4" if address == V4 else "icmpv6.type == 2"
    told = capture.packets(too_big, "frame.number", "frame.time_relative", "icmp.mtu", "icmpv6.mtu")
    check(told, "no packet-too-big message: the path is not narrow")
    check_equal({packet["icmp.mtu"] or packet["icmpv6.mtu"] for packet in told}, {str(NARROW)}, "MTU in the messages")
    sent = capture.packets(f"{'ip.src' if address == V4 else 'ipv6.src'} == {address} && tcp.len > 0",
                           "frame.number", "frame.time_relative", "frame.len")
    late = [p for p in sent if float(p["frame.time_relative"]) > float(told[0]["frame.time_relative"]) + 1
            or int(p["frame.number"]) > int(told[0]["frame.number"]) + 200]
    check(late, "nothing was sent afterwards")
    return max(int(p["frame.len"]) for p in late), len(told)


# COVERS: MUST-54 R4443-07 R5927-01
@case()
def a_large_download_passes_a_narrow_hop_over_ipv4():
    largest, told = check_segments(through_the_narrow_hop(V4, "off"), V4)
    check(1300 < largest <= NARROW, f"packets of {largest} bytes after {told} messages that say {NARROW}")


# COVERS: MUST-54 R4443-07 R5927-01
@case()
def a_large_download_passes_a_narrow_hop_over_ipv6():
    largest, told = check_segments(through_the_narrow_hop(V6, "off"), V6)
    check(1300 < largest <= NARROW, f"packets of {largest} bytes after {told} messages that say {NARROW}")


@case()
def a_large_download_passes_a_narrow_hop_with_offload_over_ipv4():
    _, told = check_segments(through_the_narrow_hop(V4, "on"), V4)
    check(told < 100, f"{told} messages of a packet too big")


@case()
def a_large_download_passes_a_narrow_hop_with_offload_over_ipv6():
    _, told = check_segments(through_the_narrow_hop(V6, "on"), V6)
    check(told < 100, f"{told} messages of a packet too big")

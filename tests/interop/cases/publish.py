"""--publish: a client on another network reaches the page at this machine's own address, as behind `docker run -p`."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from capture import Capture
from cases.path import Namespace, add_addresses, add_routes, join
from harness import PROGRAM, NotRun, check, check_equal, case, folder, run, set_sysctl, wait_until
from world import BOTH, HOST_V4, HOST_V6, V4, V6, Server, curl, make_site, pattern, url

OUTSIDE_V4, OUTSIDE_V6 = "10.9.0.1", "fd00:9::1"  # the client
INSIDE_V4, INSIDE_V6 = "10.9.0.2", "fd00:9::2"  # this machine: "the container"
HAS_NFT = os.access("/usr/sbin/nft", os.X_OK)  # before a case hides it
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def connect_a_client():
    """The namespace of a client, on a cable to this one."""
    if not HAS_NFT:
        raise NotRun("no /usr/sbin/nft (nftables)")
    client = Namespace()
    join(client, "out0", None, "in0", 1500)
    add_addresses(client, "out0", OUTSIDE_V4 + "/24", OUTSIDE_V6 + "/64")
    add_addresses(None, "in0", INSIDE_V4 + "/24", INSIDE_V6 + "/64")
    return client


def fetch(client, address, path="/f.bin", *options, port=80, status=0):
    """The content that the client's curl gets."""
    where = f"http://[{address}]:{port}{path}" if ":" in address else f"http://{address}:{port}{path}"
    done = client.run("curl", "-sS", "-g", "--noproxy", "*", "--max-time", "10", *options, where, text=False,
                      check_status=False)
    check_equal(done.returncode, status, f"status of curl for {where} ({done.stderr.decode()})")
    return done.stdout


@case()
def a_client_outside_gets_the_page():
    data = pattern(3_000_000)
    client = connect_a_client()
    set_sysctl("net.ipv6.conf.all.forwarding", 1)
    with Server("--publish", site=make_site({"f.bin": data})), Capture() as capture:
        for address in (INSIDE_V4, INSIDE_V6):
            for _ in range(3):
                check_equal(fetch(client, address), data, f"content by {address}")
        for address in BOTH:
            check_equal(curl("--fail", url(address, "/f.bin")), data, f"content by {address}, on this machine")
        capture.stop()
        opening = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
        for source in (f"ip.src == {OUTSIDE_V4}", f"ipv6.src == {OUTSIDE_V6}"):
            check_equal(capture.count(f"{opening} && {source}"), 3, f"connections of the client itself, {source}")
        for source in (f"ip.src == {HOST_V4}", f"ipv6.src == {HOST_V6}"):
            check_equal(capture.count(f"{opening} && {source}"), 1, f"connections of this machine, {source}")
    check_equal(run("nft", "list", "ruleset").stdout, "", "rules afterwards")
    fetch(client, INSIDE_V4, status=7)


@case()
def what_was_switched_on_is_switched_off():
    client = connect_a_client()
    for before in ("0", "1"):
        set_sysctl("net.ipv4.ip_forward", before)
        switches = all_switches()
        with Server("--publish", "--port", "8080", site=make_site({"f.bin": b"mine"})):
            check_equal(FORWARDING.read_text(), before + "\n", "forwarding of all while it runs")
            check_equal(fetch(client, INSIDE_V4, port=8080), b"mine", "content on port 8080")
            fetch(client, INSIDE_V4, status=7)
        check_equal(all_switches(), switches, "forwarding of each interface afterwards")


@case()
def every_end_withdraws():
    """Also those that leave nobody who could: the kernel removes the rules then."""
    connect_a_client()
    off = all_switches()
    for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL):
        server = Server("--publish").wait_ready()
        check(run("nft", "list", "ruleset").stdout, "no rules while it runs")
        server.process.send_signal(number)
        server.wait_end()
        wait_until(lambda: run("nft", "list", "ruleset").stdout == "", f"the rules are gone after signal {number}")
        wait_until(lambda: all_switches() == off, f"forwarding is off again after signal {number}")
    server = Server("--publish").wait_ready()
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1):
        for child in children:
            os.kill(int(child), number)
    check(run("nft", "list", "ruleset").stdout, "a signal ended what keeps the rules")
    for pid in (server.process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    server.wait_end()
    wait_until(lambda: run("nft", "list", "ruleset").stdout == "", "the rules are gone with the last process")


def all_switches():
    """Whether each interface forwards; a TUN of ours comes and goes."""
    return {path.parent.name: path.read_text() for path in Path("/proc/sys/net/ipv4/conf").glob("*/forwarding")
            if not path.parent.name.startswith("tun")}


SECOND = ["--tun", "tun1", "--address", "198.51.100.2/24", "--host-address", "198.51.100.1",
          "--address6", "2001:db8:7::2/64", "--host-address6", "2001:db8:7::1"]


@case()
def two_servers_publish_side_by_side():
    """Each its own port; who ends first takes nothing from the other; forwarding goes off with the last."""
    client = connect_a_client()
    off = all_switches()
    first = Server("--publish", site=make_site({"f.bin": b"first"}, "one")).wait_ready()
    second = Server("--publish", "--port", "8080", *SECOND, site=make_site({"f.bin": b"second"}, "two")).wait_ready()
    check_equal(fetch(client, INSIDE_V4), b"first", "content from the first")
    check_equal(fetch(client, INSIDE_V4, port=8080), b"second", "content from the second")
    first.stop()
    check_equal(fetch(client, INSIDE_V4, port=8080), b"second", "content when the first has ended")
    fetch(client, INSIDE_V4, status=7)
    first = Server("--publish", site=make_site({"f.bin": b"again"}, "one")).wait_ready()
    second.process.kill()
    second.wait_end()
    wait_until(lambda: "tun1" not in run("nft", "list", "ruleset").stdout, "the second's rules are gone")
    check_equal(fetch(client, INSIDE_V4), b"again", "content when the second was killed")
    check(all_switches() != off, "forwarding is off while the first runs")
    first.stop()
    check_equal(all_switches(), off, "forwarding of each interface afterwards")


@case()
def one_port_is_published_once():
    with Server("--publish"):
        done = run(PROGRAM, "serve", "--publish", *SECOND, check_status=False)
        check_equal(done.returncode, 1, "exit status of the second")
        check_equal(done.stderr, "glasstcp: port 80 of this machine is published already by the server on tun0; choose "
                    "another --port, or leave out --publish\n", "what it says")
    with Server("--publish", *SECOND):
        pass


@case()
def what_is_addressed_to_others_passes():
    """A machine that forwards for others leaves their web traffic alone; one that does not, does not begin to."""
    client, beyond = connect_a_client(), Namespace()
    join(beyond, "out1", None, "in1", 1500)
    add_addresses(beyond, "out1", "10.8.0.1/24")
    add_addresses(None, "in1", "10.8.0.2/24")
    add_routes(client, ("10.8.0.0/24", INSIDE_V4))
    add_routes(beyond, ("10.9.0.0/24", "10.8.0.2"))
    set_sysctl("net.ipv4.ip_forward", 1)
    with Server("--publish", site=make_site({"f.bin": b"mine"})):
        fetch(client, "10.8.0.1", status=7)  # refused by who was called
        check_equal(fetch(client, INSIDE_V4), b"mine", "content from this machine")
    set_sysctl("net.ipv4.ip_forward", 0)
    off = all_switches()
    with Server("--publish", site=make_site({"f.bin": b"mine"})):
        fetch(client, "10.8.0.1", "/", "--connect-timeout", "2", status=28)  # nobody answers
        check_equal(fetch(client, INSIDE_V4), b"mine", "content from this machine")
        # Another program wants to forward: it may, from then on and beyond our end.
        set_sysctl("net.ipv4.ip_forward", 1)
        wait_until(lambda: "drop" not in run("nft", "list", "chain", "ip", "glasstcp_tun0", "forwarded").stdout,
                   "nothing is kept from being forwarded")
        fetch(client, "10.8.0.1", status=7)
        set_sysctl("net.ipv4.ip_forward", 0)
        wait_until(lambda: "drop" in run("nft", "list", "chain", "ip", "glasstcp_tun0", "forwarded").stdout,
                   "forwarding is limited again")
        check_equal(fetch(client, INSIDE_V4), b"mine", "content although the other switched forwarding off")
        set_sysctl("net.ipv4.ip_forward", 1)
    check_equal(FORWARDING.read_text(), "1\n", "forwarding, which another switched on")
    set_sysctl("net.ipv4.ip_forward", 0)
    set_sysctl("net.ipv4.conf.in1.forwarding", 1)
    on_one = all_switches()
    check(on_one != off, "nothing differs")
    with Server("--publish"):
        fetch(beyond, "10.8.0.2", "/", "--fail")
    check_equal(all_switches(), on_one, "an interface that forwarded before")


def notrack(rule):
    """Packets that the rule matches are not tracked: conntrack translates none of them."""
    families = ("ip", "ip6")
    for family in families:
        chain = "type filter hook prerouting priority -300;"
        lines = (f"table {family} strangers {{", "chain early {", chain, f"{rule} notrack", "}", "}")
        run("nft", "-f", "-", input="\n".join(lines) + "\n")
    return lambda: [run("nft", "delete", "table", family, "strangers") for family in families]


def notrack_port(port):
    run("nft", "-f", "-", input=f"""table ip port {{
chain early {{
type filter hook prerouting priority -300;
tcp dport {port} notrack
}}
}}
""")
    return lambda: run("nft", "delete", "table", "ip", "port")


def stray(client, address, ahead, window=1000):
    """What becomes of a connection beside which a stray segment is sent."""
    script = Path(__file__).resolve().parents[1] / "stray_segment.py"
    return client.run(sys.executable, script, "out0", address, 80, ahead, window).stdout.strip()


@case()
def a_stray_segment_does_not_make_the_hosts_tcp_reset_the_client():
    """Conntrack calls it INVALID, or does not track it, so it is addressed to this machine still."""
    client = connect_a_client()
    set_sysctl("net.ipv6.conf.all.forwarding", 1)
    with Server("--publish", site=make_site({"f.bin": b"mine"})):
        for address in (INSIDE_V4, INSIDE_V6):
            check_equal(stray(client, address, 1 << 30), "answered", f"INVALID, to {address}")
        withdraw = notrack("tcp window 4711")
        for address in (INSIDE_V4, INSIDE_V6):
            check_equal(stray(client, address, 0, 4711), "answered", f"untracked, to {address}")
        withdraw()


@case()
def other_ports_and_this_machine_itself_are_left_alone():
    """The rules drop nothing but what is addressed to the published port from outside."""
    client = connect_a_client()
    with Server("--publish", "--port", "8080", site=make_site({"f.bin": b"mine"})):
        program = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=%d, bind='0.0.0.0')"
        servers = [subprocess.Popen([sys.executable, "-c", program % port], cwd=make_site({"f.bin": b"other"}, "other"),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for port in (80, 8080)]
        wait_until(lambda: run("ss", "-Hltn").stdout.count(":80") >= 2, "the other servers listen")
        withdraw = notrack("iifname lo")
        withdraw_other = notrack_port(80)
        check_equal(fetch(client, INSIDE_V4), b"other", "untracked, another port")
        check_equal(curl("--fail", "http://127.0.0.1:8080/f.bin"), b"other", "this machine's own server, by lo")
        check_equal(fetch(client, INSIDE_V4, port=8080), b"mine", "the published port")
        withdraw()
        withdraw_other()
        for server in servers:
            server.kill()


@case()
def what_is_not_translated_never_leaves_and_meets_no_other_tcp():
    """The other direction: FINs of the server that conntrack does not track."""
    client = connect_a_client()
    set_sysctl("net.ipv6.conf.all.forwarding", 1)
    with Server("--publish", site=make_site({"f.bin": b"mine"})):
        for address, ours in ((INSIDE_V4, V4), (INSIDE_V6, V6)):
            withdraw = notrack('iifname "tun0" tcp flags & fin == fin')
            with Capture() as inside, Capture("in0") as outside:
                command = ["curl", "-sS", "-g", "--noproxy", "*", "--max-time", "20", "-H", "Connection: close",
                           url(address, "/f.bin")]
                fetching = subprocess.Popen([*client.inside, *command], stdout=subprocess.PIPE)
                time.sleep(1.5)  # a few retransmissions of the FIN
                withdraw()
                check_equal(fetching.communicate(timeout=30)[0], b"mine", f"content from {address}")
                inside.stop()
                outside.process.terminate()
                outside.process.wait()
            ip = "ipv6" if ":" in address else "ip"
            check(inside.count(f"{ip}.src == {ours} && tcp.flags.fin == 1") > 1, "no FIN was kept from the client")
            check_equal(inside.count(f"{ip}.src != {ours} && tcp.flags.reset == 1"), 0, "resets by another TCP")
            check_equal(outside.count("ip.addr == 192.0.2.0/24 || ipv6.addr == 2001:db8::/64"), 0,
                        "packets with an inner address outside")


@case()
def this_machines_own_connections_need_no_translation():
    """What conntrack does not track reaches the sockets of this machine that wait for it."""
    data = pattern(1_000_000)
    with Server("--publish", site=make_site({"f.bin": data})):
        for rule in ('iifname "tun0" tcp sport 80', 'iifname "tun0" tcp sport 80 tcp flags & fin == fin'):
            withdraw = notrack(rule + " tcp flags & syn == 0")
            for address in BOTH:
                check_equal(curl("--fail", "-H", "Connection: close", url(address, "/f.bin")), data, f"by {address}")
            withdraw()


def refused(cure, prefix=()):
    """The server runs without being published, and says why in one line."""
    client = connect_a_client()
    with Server("--publish", site=make_site({"f.bin": b"mine"}), prefix=prefix, may_speak=True) as server:
        said = server.stderr()
        check_equal(len(said.splitlines()), 1, f"lines of {said!r}")
        check(said.startswith("glasstcp: not published") and re.search(cure, said), f"no cure in {said!r}")
        check_equal(curl("--fail", url(BOTH[0], "/f.bin")), b"mine", "content at the TUN address")
        fetch(client, INSIDE_V4, status=7)


@case()
def without_forwarding_it_names_the_cure():
    run("mount", "--bind", "/proc/sys", "/proc/sys")
    run("mount", "-o", "remount,ro,bind", "/proc/sys")
    refused(r"ip_forward=1")


@case()
def without_nft_it_names_the_cure():
    empty = folder() / "empty"
    empty.write_bytes(b"")
    for place in ("/usr/lib", "/lib"):
        for library in Path(place).rglob("libnftables.so.1"):
            run("mount", "--bind", empty, library.resolve())
    refused(r"nftables")
    check_equal(FORWARDING.read_text(), "0\n", "forwarding")


@case()
def doctor_agrees_with_serve():
    done = run(PROGRAM, "doctor")
    check(done.stdout.endswith("glasstcp serve would work\n"), done.stdout)
    check_equal(run(PROGRAM, "doctor", "--serving", check_status=False).returncode, 1, "nobody serves")
    with Server():
        check("answers" in run(PROGRAM, "doctor", "--serving").stdout, "a server serves")
        beside = run(PROGRAM, "doctor").stdout
        check("glasstcp serve works: a server answers at http://192.0.2.2/\n" in beside, beside)
        check("PROBLEM" not in beside and "--tun tun1 --address 203.0.113.2/24" in beside, beside)
        chinese = run(PROGRAM, "doctor", "--lang", "zh").stdout
        check("glasstcp serve 正常" in chinese and "问题" not in chinese, chinese)
        plain = run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set=-all",
                    "--inh-caps=-all", PROGRAM, "doctor").stdout
        check("PROBLEM" not in plain, f"of a user without rights: {plain}")
        second = run(PROGRAM, "doctor", "--tun", "tun1", check_status=False)
        check_equal(second.returncode, 1, "a second server in the same network")
        check("PROBLEM  addresses" in second.stdout and "--address6 2001:db8:2::2/64" in second.stdout, second.stdout)
    with Server("--port", "8080"):
        check_equal(run(PROGRAM, "doctor", "--serving", check_status=False).returncode, 1, "nobody serves on port 80")
        run(PROGRAM, "doctor", "--serving", "--port", "8080")
        other = run(PROGRAM, "doctor", check_status=False)
        check_equal(other.returncode, 1, "the interface is held, and nobody answers on port 80")
        run(PROGRAM, "doctor", "--port", "8080")
    run("mount", "-t", "tmpfs", "-o", "ro", "none", "/dev/net")
    missing = run(PROGRAM, "doctor", check_status=False)
    check_equal(missing.returncode, 1, "no device")
    check("PROBLEM  device" in missing.stdout and "cure: " in missing.stdout, missing.stdout)


@case()
def the_page_that_is_written_out_is_the_one_that_is_served():
    page = folder() / "page"
    run(PROGRAM, "site", page)
    with Server():
        built_in = curl("--fail", url(BOTH[0], "/index.html"))
    with Server(site=page):
        check_equal(curl("--fail", url(BOTH[0], "/index.html")), built_in, "the page")


@case()
def in_a_container_it_makes_the_missing_node_or_names_the_flag():
    inside = ["env", "container=oci"]
    run("mount", "-t", "tmpfs", "none", "/dev/net")
    with Server(site=make_site({"f.bin": b"mine"}), prefix=inside):
        check_equal(curl("--fail", url(BOTH[0], "/f.bin")), b"mine", "content")
    os.unlink("/dev/net/tun")
    run("mount", "-o", "remount,ro", "/dev/net")
    done = run(*inside, PROGRAM, "serve", check_status=False)
    check_equal(done.returncode, 1, "status")
    check("--cap-add=NET_ADMIN --device=/dev/net/tun" in done.stderr, f"no cure in {done.stderr!r}")

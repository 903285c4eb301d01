"""--publish: a client on another network reaches the page at this machine's own address, as behind `docker run -p`."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from capture import Capture
from cases.path import Namespace, add_addresses, add_routes, join
from harness import PROGRAM, NotRun, check, check_equal, case, folder, run, set_sysctl, wait_until
from world import BOTH, HOST_V4, HOST_V6, Server, curl, make_site, pattern, url

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
        check_equal(capture.count(f"ip && tcp.flags.syn == 1 && tcp.flags.ack == 0 && !(ip.src == {HOST_V4})"), 0,
                    "connections that are not masqueraded")
    check_equal(run("nft", "list", "ruleset").stdout, "", "rules afterwards")
    fetch(client, INSIDE_V4, status=7)


@case()
def what_was_switched_on_is_switched_off():
    client = connect_a_client()
    for before in ("0", "1"):
        set_sysctl("net.ipv4.ip_forward", before)
        with Server("--publish", "--port", "8080", site=make_site({"f.bin": b"mine"})):
            check_equal(FORWARDING.read_text(), "1\n", "forwarding while it runs")
            check_equal(fetch(client, INSIDE_V4, port=8080), b"mine", "content on port 8080")
            fetch(client, INSIDE_V4, status=7)
        check_equal(FORWARDING.read_text(), before + "\n", "forwarding afterwards")
    server = Server("--publish", site=make_site({"f.bin": b"mine"})).wait_ready()
    server.process.kill()
    server.wait_end()
    wait_until(lambda: run("nft", "list", "ruleset").stdout == "", "the rules are gone after SIGKILL")


@case()
def what_is_addressed_to_others_passes():
    """A machine that forwards for others leaves their web traffic alone."""
    client, beyond = connect_a_client(), Namespace()
    join(beyond, "out1", None, "in1", 1500)
    add_addresses(beyond, "out1", "10.8.0.1/24")
    add_addresses(None, "in1", "10.8.0.2/24")
    add_routes(client, ("10.8.0.0/24", INSIDE_V4))
    add_routes(beyond, ("10.9.0.0/24", "10.8.0.2"))
    with Server("--publish", site=make_site({"f.bin": b"mine"})):
        fetch(client, "10.8.0.1", status=7)  # refused by who was called
        check_equal(fetch(client, INSIDE_V4), b"mine", "content from this machine")


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
        for address, host in ((INSIDE_V4, HOST_V4), (INSIDE_V6, HOST_V6)):
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
            check(inside.count(f"{ip}.src != {host} && tcp.flags.fin == 1") > 1, "no FIN was kept from the client")
            check_equal(inside.count(f"{ip}.src == {host} && tcp.flags.reset == 1"), 0, "resets by this machine's TCP")
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
    run("mount", "--bind", empty, os.path.realpath("/usr/sbin/nft"))
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

"""Starting up: what is missing is named with its cure, what exists is used, rights are given up."""

import os
import re
from pathlib import Path

from harness import PROGRAM, NotRun, case, check, check_equal, folder, run, set_sysctl
from world import BOTH, HOST_V4, HOST_V6, NOBODY, V4, V6, Server, curl, exchange, make_site, url

AS_NOBODY = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--inh-caps=-all",
             "--bounding-set=-all"]


def refusal(*command, status=1):
    """Runs what cannot start. Gives the one line that it says."""
    done = run(*command, check_status=False, seconds=20)
    check_equal(done.returncode, status, f"exit status of {command[-3:]} (stderr: {done.stderr})")
    check_equal(done.stdout, "", "stdout")
    if status == 1:
        lines = done.stderr.splitlines()
        check(len(lines) == 1, f"not one line: {done.stderr!r}")
        return lines[0]
    return done.stderr


def new_tun_node(mode):
    """A /dev/net with a tun of this mode, seen only in this case."""
    run("mount", "-t", "tmpfs", "none", "/dev/net")
    try:
        os.mknod("/dev/net/tun", 0o020000 | mode, os.makedev(10, 200))
        os.chmod("/dev/net/tun", mode)
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        raise NotRun(f"cannot make a device node: {error}") from None


@case()
def without_ipv6_it_serves_ipv4_and_says_how_to_have_both():
    set_sysctl("net.ipv6.conf.all.disable_ipv6", 1)
    set_sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    with Server(may_speak=True) as server:
        check_equal(server.ready, "ready http://192.0.2.2/", "the ready line")
        check("--sysctl net.ipv6.conf.all.disable_ipv6=0" in server.stderr(), f"no cure in {server.stderr()!r}")
        check_equal(len(server.stderr().splitlines()), 1, "lines on stderr")
        check_equal(exchange(V4).status, 200, "status over IPv4")


@case()
def without_the_device_it_names_the_cure():
    run("mount", "-t", "tmpfs", "-o", "ro", "none", "/dev/net")
    line = refusal(PROGRAM, "serve")
    check("/dev/net/tun" in line, f"no name in {line!r}")
    check("modprobe tun" in line or "--device=/dev/net/tun" in line, f"no cure in {line!r}")


@case()
def without_the_capability_it_names_the_cure():
    new_tun_node(0o666)
    line = refusal(*AS_NOBODY, PROGRAM, "serve")
    check("sudo" in line or "--cap-add=NET_ADMIN" in line, f"no cure in {line!r}")
    os.chmod("/dev/net/tun", 0o600)
    line = refusal(*AS_NOBODY, PROGRAM, "serve")
    check("sudo" in line or "--cap-add=NET_ADMIN" in line, f"no cure in {line!r}")


@case()
def wrong_usage_ends_with_2():
    for arguments in ("", "nonsense", "serve surplus", "serve --nonsense", "serve --mtu many", "serve --mtu 100000",
                      "serve --offload maybe", "serve --port 0", "serve --port 70000", "serve --address 192.0.2.300/24",
                      "serve --address 192.0.2.2/24 --host-address 198.51.100.1"):
        check(refusal(PROGRAM, *arguments.split(), status=2), f"nothing on stderr for '{arguments}'")
    for arguments in (["--help"], ["serve", "--help"], ["--version"]):
        done = run(PROGRAM, *arguments)
        check(done.stdout and not done.stderr, f"{arguments} does not answer on stdout")


@case()
def a_name_in_use_is_refused():
    with Server():
        line = refusal(PROGRAM, "serve", "--address", "198.51.100.2/24", "--host-address", "198.51.100.1")
        check("tun0" in line and "--tun" in line, f"no cure in {line!r}")
        check_equal(exchange(V4).status, 200, "status of the first server afterwards")


@case()
def an_unreadable_site_is_an_error_at_the_start():
    closed = make_site({"index.html": b"mine"}, "closed")
    closed.chmod(0o700)
    line = refusal(PROGRAM, "serve", "--site", closed)
    check(str(closed) in line and "chmod" in line, f"no cure in {line!r}")
    page = make_site({"index.html": b"mine"}, "private")
    (page / "index.html").chmod(0o600)
    line = refusal(PROGRAM, "serve", "--site", page)
    check("index.html" in line and "chmod" in line, f"no cure in {line!r}")
    line = refusal(PROGRAM, "serve", "--site", "/no/such/folder")
    check("/no/such/folder" in line, f"no name in {line!r}")


@case()
def a_readable_site_in_a_closed_home_is_served():
    """It is opened before rights are given up, and used by its descriptor."""
    home = folder("home")
    site = make_site({"index.html": b"mine", "below/f.txt": b"also mine"}, "home/site")
    home.chmod(0o700)
    with Server(site=site) as server:
        check_equal(set(status_of(server.process)["Uid"].split()), {str(NOBODY)}, "user ids")
        check_equal(exchange(V4).body, b"mine", "the page")
        check_equal(exchange(V6, "/below/f.txt").body, b"also mine", "a file")


def status_of(process):
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@case()
def it_gives_up_root_and_all_capabilities():
    with Server() as server:
        status = status_of(server.process)
        check_equal(set(status["Uid"].split()), {str(NOBODY)}, "user ids")
        check_equal(set(status["Gid"].split()), {str(NOBODY)}, "group ids")
        check_equal(status["Groups"].strip(), "", "groups")
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            check_equal(int(status[name], 16), 0, name)
        check_equal(status["NoNewPrivs"], "1", "NoNewPrivs")
    with Server("--user", "daemon") as server:
        check_equal(set(status_of(server.process)["Uid"].split()), {"1"}, "user ids with --user daemon")
    check("nobody-of-this-name" in refusal(PROGRAM, "serve", "--user", "nobody-of-this-name"), "the name is not named")


@case()
def a_device_prepared_for_a_user_needs_no_rights():
    new_tun_node(0o666)
    site = make_site({"index.html": b"from a user"})
    for flags in ([], ["multi_queue"], ["vnet_hdr"]):
        run("ip", "tuntap", "add", "dev", "tun0", "mode", "tun", "user", NOBODY, *flags)
        run("ip", "address", "add", HOST_V4 + "/24", "dev", "tun0")
        run("ip", "address", "add", HOST_V6 + "/64", "dev", "tun0", "nodad")
        run("ip", "link", "set", "tun0", "up")
        for offload in ("on", "off"):
            with Server(site=site, offload=offload, prefix=AS_NOBODY, may_speak=True) as server:
                for address in BOTH:
                    check_equal(exchange(address).body, b"from a user", f"page from {address}, {flags}")
                lines = [line for line in server.stderr().splitlines() if "not started as root" not in line]
                check_equal(lines, [], "other words on stderr")
        check("tun0" in run("ip", "link").stdout, "the prepared device is gone")
        check(HOST_V4 in run("ip", "address").stdout, "the prepared address is gone")
        run("ip", "tuntap", "delete", "dev", "tun0", "mode", "tun", *flags)


@case()
def a_prepared_device_is_left_as_it_was():
    run("ip", "tuntap", "add", "dev", "tun0", "mode", "tun")
    for _ in range(2):
        with Server():
            check_equal(exchange(V6).status, 200, "status")
        there = run("ip", "address", "show", "dev", "tun0").stdout
        check(HOST_V4 not in there and HOST_V6 not in there, f"addresses that it added are still there: {there}")


@case()
def addresses_and_names_can_be_chosen():
    options = ["--tun", "web7", "--address", "198.51.100.9/28", "--host-address", "198.51.100.1",
               "--address6", "2001:db8:9::9/120", "--host-address6", "2001:db8:9::1", "--port", "8080"]
    with Server(*options) as server:
        check_equal(server.ready, "ready http://198.51.100.9:8080/ http://[2001:db8:9::9]:8080/", "the ready line")
        check(b"<html" in curl("--fail", "http://198.51.100.9:8080/"), "no page over IPv4")
        check(b"<html" in curl("--fail", "http://[2001:db8:9::9]:8080/"), "no page over IPv6")
        check(re.search(r"web7.* state (UP|UNKNOWN)", run("ip", "link").stdout), "web7 is not up")


@case()
def a_deleted_interface_ends_it():
    server = Server().wait_ready()
    run("ip", "link", "delete", "tun0")
    check_equal(server.wait_end(), 1, "exit status")
    check_equal(server.stderr(), "glasstcp: the interface tun0 was deleted\n", "stderr")


@case()
def an_interface_that_goes_down_and_up_serves_again():
    with Server(site=make_site({"f.txt": b"still here"})) as server:
        check_equal(exchange(V4, "/f.txt").body, b"still here", "at first")
        run("ip", "link", "set", "tun0", "down")
        run("ip", "link", "set", "tun0", "up")
        check_equal(exchange(V4, "/f.txt").body, b"still here", "afterwards")
        check_equal(server.process.poll(), None, "exit status of a server that should live")
        check_equal(curl("--fail", url(V4, "/f.txt")), b"still here", "by curl")

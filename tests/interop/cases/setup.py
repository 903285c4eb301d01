"""Starting up: what is missing is named with its cure, what exists is used, rights are given up."""

import contextlib
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


def cure_in(line):
    """The options that a refusal proposes, from --tun or --address on."""
    found = re.search(r" with ((--\S+ \S+ ?)+)$", line)
    check(found, f"no options to begin again with in {line!r}")
    return found[1].split()


def serve_side_by_side(cures):
    """Starts a first server, and one more for each function that makes the next one's options. All must answer."""
    with contextlib.ExitStack() as servers:
        urls = servers.enter_context(Server()).ready.split()[1:]
        for make_options in cures:
            options = make_options()
            urls += servers.enter_context(Server(*options)).ready.split()[1:]
        check_equal(len(set(urls)), 2 * (1 + len(cures)), f"different URLs in {urls}")
        for one in urls:
            check(b"<html" in curl("--fail", one), f"no page at {one}")


@case()
def the_cure_of_a_second_server_makes_it_serve_beside_the_first():
    def as_refused():
        return cure_in(refusal(PROGRAM, "serve"))

    serve_side_by_side([as_refused, as_refused, as_refused])


@case()
def a_second_server_in_the_same_network_is_refused():
    """Another name alone would give two routes for one network: it would be ready, and nobody would reach it."""
    def with_another_name():
        line = refusal(PROGRAM, "serve", "--tun", "tun9")
        check("192.0.2.1/24 is in use on tun0" in line, f"it does not say where: {line!r}")
        check("tun9" not in run("ip", "link").stdout, "the interface is still there")
        return ["--tun", "tun9", *cure_in(line)]

    def with_another_ipv4_network():
        line = refusal(PROGRAM, "serve", "--tun", "tun8", "--address", "10.8.0.2/24", "--host-address", "10.8.0.1")
        check("2001:db8::1/64" in line, f"it does not name the other network: {line!r}")
        return ["--tun", "tun8", "--address", "10.8.0.2/24", "--host-address", "10.8.0.1", *cure_in(line)]

    serve_side_by_side([with_another_name, with_another_ipv4_network])


@case()
def a_route_that_leads_elsewhere_is_in_the_way():
    run("ip", "tuntap", "add", "dev", "vpn0", "mode", "tun")
    run("ip", "link", "set", "vpn0", "up")
    run("ip", "route", "add", "192.0.2.0/24", "dev", "vpn0")
    line = refusal(PROGRAM, "serve")
    check("192.0.2.0/24 is in use on vpn0" in line, f"it does not say where: {line!r}")
    check_equal(run(PROGRAM, "doctor", check_status=False).returncode, 1, "doctor agrees")
    run("ip", "route", "replace", "192.0.0.0/16", "dev", "vpn0")
    run("ip", "route", "delete", "192.0.2.0/24")
    with Server():  # its own route is more exact
        check_equal(exchange(V4).status, 200, "status beside a larger route")


@case()
def one_lack_has_one_cure():
    """In a container: what doctor says of the device, of the rights, and what serve says."""
    new_tun_node(0o600)
    for environment, word in (({"container": "oci"}, "start the container with --cap-add=NET_ADMIN"),
                              ({"container": ""}, "run it with sudo")):
        inside = ["env", *([f"{k}={v}" for k, v in environment.items()] if environment["container"] else
                           ["-u", "container"]), *AS_NOBODY]
        if not environment["container"] and (Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()):
            continue
        said = run(*inside, PROGRAM, "doctor", check_status=False).stdout
        # A note is another way, not a cure of what is in the way.
        lines = said.splitlines()
        cures = [line.split("cure: ")[1] for before, line in zip(lines, lines[1:])
                 if "cure: " in line and before.startswith("PROBLEM")]
        check(len(cures) == 2 and len(set(cures)) == 1 and word in cures[0], f"cures {cures} in {said}")
        check(cures[0] in refusal(*inside, PROGRAM, "serve"), "serve says something else")


@case()
def files_in_a_folder_of_roots_are_opened_before_root_is_given_up():
    private = folder("roots")
    private.chmod(0o700)
    log, capture = private / "access.log", private / "page.pcapng"
    with Server("--access-log", log, "--capture", capture):
        check_equal(exchange(V4).status, 200, "status")
    check_equal(len(log.read_text().splitlines()), 1, "lines in the log")
    check_equal(capture.read_bytes()[:4], bytes.fromhex("0a0d0d0a"), "the beginning of the capture")
    theirs = folder("theirs")
    os.chown(theirs, NOBODY, NOBODY)
    with Server("--access-log", theirs / "log"):
        check_equal(exchange(V4).status, 200, "status")
    check_equal((theirs / "log").stat().st_uid, NOBODY, "owner of a log that its user may write")


@case()
def a_folder_where_a_file_should_be_is_told():
    for option in ("--capture", "--access-log"):
        line = refusal(PROGRAM, "serve", option, folder())
        check("Is a directory; give a file in it, like " in line, line)
        line = refusal(PROGRAM, "serve", option, folder() / "missing" / "file")
        check("No such file" in line and "make its folder first" in line, line)


@case()
def an_empty_site_is_told():
    site = folder("empty")
    with Server(site=site, may_speak=True) as server:
        check("is empty" in server.stderr() and "glasstcp site" in server.stderr(), f"no word: {server.stderr()!r}")
        check_equal(exchange(V4).status, 404, "status")
    (site / "f.txt").write_bytes(b"not empty")
    with Server(site=site):
        check_equal(exchange(V4, "/f.txt").status, 200, "status")


@case()
def no_user_number_means_staying_root():
    for user in ("4294967295", "-1", "4294967296", "nobody-of-this-name"):
        check("there is no user" in refusal(PROGRAM, "serve", f"--user={user}"), f"--user {user}")
    check_equal(refusal(PROGRAM, "serve", "--user", "", status=2).count("\n"), 1, "lines about an empty name")


@case()
def without_root_it_serves_in_a_namespace_of_its_own():
    """unshare -Urn: one user is mapped, and kept; a second shell enters by nsenter."""
    new_tun_node(0o666)
    inside = ["unshare", "--user", "--map-root-user", "--net"]
    prefix = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", *inside]
    if run(*prefix, "true", check_status=False).returncode:
        raise NotRun("a user cannot make a namespace here")
    with Server(prefix=prefix, may_speak=True) as server:
        check("it stays root there, without capabilities" in server.stderr(), f"no word: {server.stderr()!r}")
        check_equal(len(server.stderr().splitlines()), 1, "lines on stderr")
        second = ["nsenter", "--target", server.process.pid, "--user", "--net", "--preserve-credentials"]
        page = run(*second, "curl", "-sS", "--fail", "--noproxy", "*", url(V4)).stdout
        check("<html" in page, f"no page in the second shell: {page[:100]!r}")


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

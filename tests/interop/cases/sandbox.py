"""The sandbox: what a server that is ready may still do, seen from outside (/proc), tried from inside (intruder.c)."""

import ctypes
import signal
from pathlib import Path

from harness import PROGRAM, NotRun, case, check, check_equal, folder, run, wait_until
from preload import preloaded
from world import NOBODY, V4, Server, connect, curl, exchange, make_site, pattern, request, reset, url

ENDED = "glasstcp: the sandbox ended this process: it tried the system call {}, which it never needs"
LANDLOCK_CREATE_RULESET = 444
DAC_OVERRIDE, DAC_READ_SEARCH, SETGID, SETUID, NET_ADMIN = 1 << 1, 1 << 2, 1 << 6, 1 << 7, 1 << 12
# What one keeper may have: none, the network's, the folder's, the log's.
KEPT = (0, NET_ADMIN, DAC_READ_SEARCH, DAC_OVERRIDE | SETGID | SETUID)


def landlock_version():
    """Of this kernel's interface; 0: it has none."""
    return max(ctypes.CDLL(None).syscall(LANDLOCK_CREATE_RULESET, None, 0, 1), 0)


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def keepers(server):
    return Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()


def with_intruder():
    """The words before a command that let somebody in."""
    return preloaded("intruder")


def check_confined(pid, who, capabilities=0):
    facts = status(pid)
    for name, wanted in (("Seccomp", "2"), ("NoNewPrivs", "1"), ("Groups", ""), ("CapInh", f"{0:016x}"),
                         ("CapAmb", f"{0:016x}"), ("CapBnd", f"{0:016x}"), ("CapPrm", f"{capabilities:016x}")):
        check_equal(facts[name], wanted, f"{name} of {who}")
    return facts


@case()
def every_process_of_a_running_server_is_confined():
    """Started as root, on a prepared interface, so that all of its keepers are there."""
    run("ip", "tuntap", "add", "dev", "tun0", "mode", "tun")
    home = folder("home")
    site = home / "site"
    site.mkdir(mode=0o755)
    (site / "index.html").write_bytes(b"page")
    home.chmod(0o700)
    log = folder("logs") / "access.log"
    options = ["--user", NOBODY, "--access-log", log, "--capture", folder("logs") / "all.pcapng"]
    with Server(*options, site=site) as server:
        check_equal(exchange(V4).body, b"page", "a page")
        said = run(PROGRAM, "doctor").stdout
        check(f"active: the server is process {server.process.pid}" in said, said)
        facts = check_confined(server.process.pid, "the server")
        check_equal(facts["Uid"].split(), [str(NOBODY)] * 4, "users of the server")
        for task in Path(f"/proc/{server.process.pid}/task").iterdir():
            check_equal(status(task.name)["Seccomp"], "2", f"Seccomp of its thread {task.name}")
        children = keepers(server)
        check(len(children) >= 2, f"keepers: {children}")
        for child in children:
            facts = status(child)
            check_equal((facts["Seccomp"], facts["NoNewPrivs"], facts["CapBnd"], facts["CapAmb"]),
                        ("2", "1", f"{0:016x}", f"{0:016x}"), f"of the keeper {child}")
            check(int(facts["CapPrm"], 16) in KEPT, f"capabilities of a keeper: {facts['CapPrm']}")


@case()
def without_it_nothing_is_confined_and_the_page_is_the_same():
    with Server("--sandbox", "off", site=make_site({"index.html": b"page"})) as server:
        check_equal(exchange(V4).body, b"page", "a page")
        check_equal(status(server.process.pid)["Seccomp"], "0", "Seccomp")
        check_equal(status(server.process.pid)["NoNewPrivs"], "1", "NoNewPrivs")


@case()
def what_an_intruder_tries_quietly_is_refused_and_the_server_goes_on():
    """Files, memory, other processes: the attempt fails, and whoever asked gets the answer to the request."""
    site = make_site({"index.html": b"page"})
    with Server("--user", NOBODY, site=site, prefix=with_intruder(), may_speak=True) as server:
        attempts = {"passwd": "Permission denied", "unlink": "Function not implemented", "rwx": "Permission denied",
                    "kill": "Function not implemented"}
        if landlock_version():
            attempts |= {"beneath": "Permission denied", "create": "Permission denied"}
        for name, why in attempts.items():
            check_equal(exchange(V4, f"/try-{name}").status, 404, f"status of /try-{name}")
            check(f"intruder: {name}: {why}\n" in server.stderr(), f"{name}: {server.stderr()!r}")
        check_equal(exchange(V4).body, b"page", "a page behind all of them")
    check(not Path("/tmp/intruder").exists(), "a file was made")
    if not landlock_version():
        raise NotRun("this kernel has no Landlock: only what seccomp refuses was tried")


def ask(target):
    """A connection with a request that is not answered: the server ends, and its interface with it. It is to be
    reset: else the kernel would send the request again, and the next server, or rather its intruder, would read it."""
    asked = connect(V4)
    asked.sendall(request(target))
    return asked


@case()
def what_only_an_intruder_needs_ends_the_server_and_is_told():
    site = make_site({"index.html": b"page"})
    for name, call in (("exec", "execve"), ("fork", "clone"), ("socket", "socket"), ("unshare", "unshare"),
                       ("ptrace", "ptrace")):
        server = Server("--user", NOBODY, site=site, prefix=with_intruder()).wait_ready()
        asked = ask(f"/try-{name}")
        check_equal(server.wait_end(), -signal.SIGSYS, f"how it ended ({name})")
        reset(asked)
        check(server.stderr().startswith(ENDED.format(call)), f"{name}: {server.stderr()!r}")
    server = Server("--lang", "zh", site=site, prefix=with_intruder()).wait_ready()
    asked = ask("/try-exec")
    check_equal(server.wait_end(), -signal.SIGSYS, "how it ended in Chinese")
    reset(asked)
    check("沙箱" in server.stderr() and "execve" in server.stderr(), server.stderr())
    server = Server(site=site, prefix=with_intruder()).wait_ready()
    asked = ask("/try-catch")
    check_equal(server.wait_end(), -signal.SIGSYS, "how it ended when it would not be ended")
    reset(asked)


@case()
def an_intruder_without_the_sandbox_gets_what_the_user_has():
    """That the cases above can fail: without it the same attempts succeed."""
    site = make_site({"index.html": b"page"})
    with Server("--sandbox", "off", site=site, prefix=with_intruder(), may_speak=True) as server:
        for name in ("passwd", "rwx", "socket"):
            exchange(V4, f"/try-{name}")
            check(f"intruder: {name}: done\n" in server.stderr(), server.stderr())


@case()
def a_site_that_is_made_anew_is_read_whatever_leads_to_it():
    """Landlock knows the folder of the start alone: the files of a later one come from the keeper. By a link that is
    turned, too, and of every size, and with a list of the folder."""
    home = folder("releases")
    for number in range(3):
        site = home / f"release-{number}"
        (site / "sub").mkdir(mode=0o755, parents=True)
        (site / "index.html").write_bytes(f"release {number}".encode())
        (site / "big.bin").write_bytes(pattern(20 << 20, seed=number))
        (site / "sub" / "a.txt").write_bytes(b"listed")
        (site / "absolute").symlink_to(home / "current" / "index.html")
        (site / "secret").symlink_to("/etc/passwd")
    link = home / "current"
    link.symlink_to("release-0")
    with Server("--list", site=link):
        for number in range(3):
            if number:
                turned = home / "next"
                turned.symlink_to(f"release-{number}")
                turned.rename(link)
            wanted = f"release {number}".encode()
            wait_until(lambda: exchange(V4).body == wanted, f"{wanted} is served", 3)
            large = pattern(20 << 20, seed=number)
            wait_until(lambda: curl(url(V4, "/big.bin")) == large, "the large file is the new one", 3)
            check(b"a.txt" in exchange(V4, "/sub/").body, "the list of a folder")
            check_equal(exchange(V4, "/secret").status, 404, "a link that leads out")
            wait_until(lambda: exchange(V4, "/absolute").body == wanted, "a link that stays inside is the new one", 3)


@case()
def what_the_container_refuses_is_told_and_the_page_is_served():
    """As under a seccomp profile that knows no Landlock: a filter before ours answers EPERM."""
    refuse = ("import ctypes, os, struct, sys\n"
              "code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]\n"
              "text = b''.join(struct.pack('HBBI', *one) for one in code)\n"
              "program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', len(code), 0))\n"
              "held = ctypes.create_string_buffer(text)\n"
              "struct.pack_into('HxxxxxxQ', program, 0, len(code), ctypes.addressof(held))\n"
              "libc = ctypes.CDLL(None, use_errno=True)\n"
              "assert libc.prctl(22, 2, program, 0, 0) == 0, os.strerror(ctypes.get_errno())\n"
              "os.execvp(sys.argv[1], sys.argv[1:])\n")
    program = folder() / "refuse.py"
    program.write_text(refuse)
    site = make_site({"index.html": b"page"})
    with Server(site=site, prefix=["python3", program], may_speak=True) as server:
        check_equal(exchange(V4).body, b"page", "a page")
        check_equal(status(server.process.pid)["Seccomp_filters"], "2", "filters: the container's, and ours")
        check_equal(server.stderr(),
                    "glasstcp: sandbox: seccomp active; Landlock: refused here (Operation not permitted)\n", "stderr")

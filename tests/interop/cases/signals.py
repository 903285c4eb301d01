"""What signals do to a server, and the descriptors that it is started with."""

import os
import pty
import signal
import time
from pathlib import Path

from cases.glass import requests_in
from harness import PROGRAM, case, check, check_equal, folder, run, wait_until
from patience import Stopwatch
from world import BOTH, NOBODY, V4, Server, connect, exchange, make_site, pattern, read_to_end, request


def begin_a_download(address):
    """A connection with an answer under way that nobody reads."""
    sock = connect(address, receive_buffer=4096)
    sock.sendall(request("/f.bin"))
    check(sock.recv(1000), "no answer begins")
    return sock


@case()
def a_second_signal_ends_it_at_once_with_resets():
    site = make_site({"f.bin": pattern(20_000_000)})
    for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGQUIT)):
        server = Server(site=site).wait_ready()
        socks = [begin_a_download(address) for address in BOTH]
        server.process.send_signal(first)
        time.sleep(0.3)  # two signals, not one that is pending still
        watch = Stopwatch()
        server.process.send_signal(second)
        check_equal(server.wait_end(), 128 + first, "exit status")
        check(watch.fair < 3, f"the end took {watch}, where answers in flight get 5 s after one signal")
        for sock in socks:
            try:
                read_to_end(sock)
            except ConnectionResetError:
                continue
            check(False, f"no reset for {sock.getpeername()[0]}")


@case()
def sigquit_ends_it_as_sigterm_does():
    server = Server().wait_ready()
    sock = connect(V4)
    sock.sendall(request("/", "HEAD"))
    check(sock.recv(1000), "no answer")  # so that the server has it, too, and not only the client
    server.process.send_signal(signal.SIGQUIT)
    check_equal(read_to_end(sock), b"", "what comes over an idle connection but the FIN")
    sock.close()
    check_equal((server.wait_end(), server.stderr()), (0, ""), "exit status and stderr")


def is_stopped(process):
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@case()
def what_came_before_the_signal_is_answered():
    """A request that lies in the device while the server is busy is no idle connection's."""
    server = Server().wait_ready()
    sock = connect(V4)
    sock.sendall(request("/", "HEAD"))
    check(sock.recv(1000), "no answer")
    server.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: is_stopped(server.process), "it stands still")
    sock.sendall(request("/", "HEAD"))
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGCONT)
    check(read_to_end(sock).startswith(b"HTTP/1.1 200 "), "the second request has no answer")
    sock.close()
    check_equal(server.wait_end(), 0, "exit status")


@case()
def no_other_signal_ends_it():
    with Server(may_speak=True) as server:
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF,
                       signal.SIGIO, signal.SIGPWR, signal.SIGSTKFLT, signal.SIGXFSZ, signal.SIGPIPE, signal.SIGRTMIN):
            server.process.send_signal(number)
            check_equal(exchange(V4).status, 200, f"status after signal {number}")
    server = Server(prefix=["nohup"], may_speak=True).wait_ready()
    server.process.send_signal(signal.SIGHUP)
    check_equal(exchange(V4).status, 200, "status behind nohup")
    server.stop()


def rotate(server, log):
    """As logrotate does: the old file gets another name, and the server is told. Gives the old file."""
    old = log.with_suffix(".1")
    old.unlink(missing_ok=True)
    check_equal(exchange(V4, "/before").status, 404, "status")
    wait_until(lambda: "/before" in log.read_text(), "the line is in the log")
    log.rename(old)
    server.process.send_signal(signal.SIGHUP)
    wait_until(log.exists, "there is a new log")
    check_equal(exchange(V4, "/after").status, 404, "status")
    wait_until(lambda: "/after" in log.read_text(), "the next line is in the new log")
    check("/before" not in log.read_text() and "/before" in old.read_text().splitlines()[-1],
          "a line is in the wrong file")
    return old


@case()
def sighup_opens_the_log_again():
    """In a folder that only root may enter, which the server no longer is; and by a path that is relative."""
    private = folder("roots")
    private.chmod(0o700)
    with Server("--access-log", private / "access.log") as server:
        for _ in range(2):
            rotate(server, private / "access.log")
    os.chdir(private)
    with Server("--access-log", "relative.log") as server:
        rotate(server, private / "relative.log")
    theirs = folder("theirs")
    os.chown(theirs, 65534, 65534)
    with Server("--access-log", theirs / "access.log") as server:
        check_equal(rotate(server, theirs / "access.log").stat().st_uid, 65534, "owner of the first log")
        check_equal((theirs / "access.log").stat().st_uid, 65534, "owner of the second")


def begins_well(capture):
    return capture.exists() and capture.stat().st_size > 100


@case()
def sighup_opens_the_capture_again():
    """Each file is whole, what is not moved away goes on, and a folder of root's is no hindrance."""
    private = folder("roots")
    private.chmod(0o700)
    capture = private / "all.pcapng"
    with Server("--capture", capture) as server:
        for number in range(2):
            old = private / f"old-{number}.pcapng"
            exchange(V4, f"/before-{number}")
            capture.rename(old)
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda: begins_well(capture), "there is a new capture")
            exchange(V4, f"/after-{number}")
            server.process.send_signal(signal.SIGHUP)  # nothing was moved away: it is not begun anew
            exchange(V4, f"/last-{number}")
            wait_until(lambda n=number: f"/last-{n}" in requests_in(capture), "the request is in the new capture")
            check_equal(requests_in(capture)[-2:], [f"/after-{number}", f"/last-{number}"], "requests in the new one")
            check(f"/before-{number}" in requests_in(old), "what came before is in the old one")
            check(f"/after-{number}" not in requests_in(old), "what came later is in the old one")


@case()
def sighup_opens_each_of_several_capture_files():
    top = folder("ring")
    files = [top / f"all_{number}.pcapng" for number in (1, 2, 3)]
    with Server("--capture", top / "all.pcapng", "--capture-size", "64K", "--capture-files", "3",
                site=make_site({"f.bin": pattern(500_000)})) as server:
        exchange(V4, "/before")
        for file in files[:2]:
            file.rename(file.with_suffix(".old"))
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: all(map(begins_well, files)), "the captures are there again")
        check_equal(requests_in(files[0]) + requests_in(files[1]), [], "requests in the new ones")
        check_equal(exchange(V4, "/f.bin").status, 200, "status")
    check("/before" in requests_in(files[0].with_suffix(".old")), "what came before is in the old one")
    for file in files:
        check(file.stat().st_size <= 64 << 10, f"{file} has {file.stat().st_size} bytes")
        requests_in(file)  # it is whole


@case()
def a_capture_that_cannot_be_opened_again_goes_on():
    top = folder("top")
    with Server("--capture", top / "all.pcapng", may_speak=True) as server:
        top.rename(folder() / "moved")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the capture cannot be opened again: No such file" in server.stderr(), "it says so")
        exchange(V4, "/later")
    check("/later" in requests_in(folder() / "moved" / "all.pcapng"), "what came later is in the old one")


@case()
def what_is_opened_again_as_root_leads_over_no_link():
    """Who owns a folder above the log turns it into a link while the server runs: root's right must not follow it."""
    for options in ((), ("--sandbox", "off")):
        for option, name in (("--access-log", "access.log"), ("--capture", "all.pcapng")):
            theirs, roots = folder(f"theirs-{len(options)}-{name}"), folder(f"roots-{len(options)}-{name}")
            os.chown(theirs, NOBODY, NOBODY)
            (theirs / "logs").mkdir(mode=0o755)  # root's
            roots.chmod(0o755)
            (roots / name).write_text("untouched")
            with Server("--user", NOBODY, option, theirs / "logs" / name, *options, may_speak=True) as server:
                (theirs / "logs").rename(theirs / "moved")
                (theirs / "logs").symlink_to(roots)
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: "cannot be opened again" in server.stderr(), "it says so")
                exchange(V4, "/later")
            check_equal((roots / name).read_text(), "untouched", f"content of the file of root's ({option})")


@case()
def a_log_that_cannot_be_opened_again_goes_on():
    top = folder("top")
    with Server("--access-log", top / "access.log", may_speak=True) as server:
        top.rename(folder() / "moved")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "cannot be opened again: No such file or directory" in server.stderr(), "it says so")
        exchange(V4, "/later")
        wait_until(lambda: "/later" in (folder() / "moved" / "access.log").read_text(), "the line is in the old log")


@case()
def it_ends_with_its_terminal():
    """SIGHUP means another thing where the terminal is gone."""
    outer, inner = pty.openpty()
    server = Server(stderr=inner).wait_ready()
    os.close(inner)
    server.process.send_signal(signal.SIGHUP)
    check_equal(exchange(V4).status, 200, "status after SIGHUP with a terminal")
    os.close(outer)
    server.process.send_signal(signal.SIGHUP)
    check_equal(server.wait_end(), 0, "exit status")


@case()
def descriptors_that_are_closed_lead_nowhere():
    """Else what the program opens first becomes its stderr: lines for people went into a buffer of packets."""
    data = pattern(3_000_000)
    shell = ["sh", "-c", 'exec "$@" 0<&- 2>&-', "sh"]
    with Server("--verbose", site=make_site({"f.bin": data}), prefix=shell) as server:
        opened = Path(f"/proc/{server.process.pid}/fd")
        for number in (0, 2):
            check_equal(os.readlink(opened / str(number)), "/dev/null", f"descriptor {number}")
        check_equal(exchange(V4, "/f.bin").body, data, "content")
        server.process.send_signal(signal.SIGUSR1)
        check_equal(exchange(V4, "/f.bin").body, data, "content after a word on stderr")
    run("sh", "-c", 'exec "$@" >&- 2>&-', "sh", PROGRAM, "--version")
    done = run("sh", "-c", 'exec "$@" >&-', "sh", PROGRAM, "get", "--via", "kernel", "http://192.0.2.2/",
               check_status=False)
    check(done.returncode != 0, "get without a stdout ends with 0")

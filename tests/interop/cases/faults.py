"""What fails beside a server while it serves: disks, readers, the processor. Devices: device.py; files: files.py."""

import fcntl
import os
import signal
import subprocess

from harness import case, check, check_equal, folder, run, wait_until
from patience import Stopwatch
from world import V4, Server, connect, curl, download, exchange, make_site, pattern, request, url

SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ


def small_disk(name, size="1M"):
    path = folder(name)
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "none", path)
    return path


def fill(disk):
    """Nothing more can be written there. Gives the file that holds all of it."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


@case()
def the_access_log_goes_on_when_a_full_disk_has_room_again():
    disk = small_disk("disk")
    log = disk / "access.log"
    with Server("--access-log", log, may_speak=True) as server:
        exchange(V4, "/first")
        wait_until(lambda: "/first" in log.read_text(), "the log is written")
        ballast = fill(disk)
        # More than one block of the disk, and than what may wait.
        paths = [f"/{number}-{'x' * 800}" for number in range(120)]
        for path in paths:
            curl(url(V4, path))
        wait_until(server.stderr, "it says that the disk is full")
        check_equal(server.stderr(), "glasstcp: the access log cannot be written: No space left on device; "
                    "trying again\n", "what it says")
        ballast.unlink()
        wait_until(lambda: "is written again" in server.stderr(), "the log is written again")
        exchange(V4, "/last")
        wait_until(lambda: "/last" in log.read_text(), "what comes then is written")
        lines = log.read_text().splitlines()
        check(all(line.startswith("192.0.2.1 - - [") and line.endswith('"') for line in lines), "a line is not whole")
        said = server.stderr().splitlines()
        check_equal(len(said), 2, f"lines on stderr ({said})")
        missing = int(said[1].rpartition("; ")[2].split()[0])
        check_equal(len(lines) + missing, len(paths) + 2, "lines that are there, and that are told to be missing")
    check_equal(len(server.stderr().splitlines()), 3, "lines on stderr at the end")


@case()
def a_file_that_may_not_grow_is_like_a_full_disk():
    """ulimit -f: the signal for it would end the server."""
    log = folder() / "access.log"
    prefix = ["sh", "-c", 'ulimit -f 8; exec "$@"', "sh"]
    with Server("--access-log", log, may_speak=True, prefix=prefix) as server:
        for number in range(12):
            curl(url(V4, f"/{number}-{'x' * 800}"))
        wait_until(lambda: "File too large; trying again" in server.stderr(), "it says so")
        check_equal(exchange(V4).status, 200, "status")


class Pipe:
    """A stderr that somebody reads, or does not."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, SET_PIPE_SIZE, 4096)
        self.text = b""

    def read_all(self):
        """What comes until the end."""
        os.close(self.writing)
        with open(self.reading, "rb") as file:
            self.text += file.read()
        return self.text.decode()

    def take(self, wanted):
        """Reads until this comes."""
        while wanted.encode() not in self.text:
            piece = os.read(self.reading, 65536)
            check(piece, f"the end instead of {wanted!r}")
            self.text += piece


@case()
def nobody_waits_for_a_reader_of_stderr():
    data = pattern(20_000_000)
    pipe = Pipe()
    server = Server("-vv", site=make_site({"f.bin": data}), stderr=pipe.writing).wait_ready()
    for _ in range(2):
        check_equal(download(V4, "/f.bin")[0], data, "content while nobody reads")
    pipe.take("lines are missing here: nobody read them in time")
    check_equal(exchange(V4, "/none").status, 404, "status once somebody reads")
    server.process.send_signal(signal.SIGTERM)
    check_equal(server.wait_end(), 0, "exit status")
    lines = [line.strip() for line in pipe.read_all().splitlines() if line.strip()]
    broken = [line for line in lines if not line[0].isdigit() and not line.startswith("glasstcp: ")]
    check(not broken, f"lines that are not whole: {broken[:2]}")


@case()
def it_ends_although_nobody_reads_stderr():
    pipe = Pipe()
    server = Server("-vv", site=make_site({"f.bin": pattern(3_000_000)}), stderr=pipe.writing).wait_ready()
    download(V4, "/f.bin")
    watch = Stopwatch()
    server.process.send_signal(signal.SIGTERM)
    check_equal(server.wait_end(), 0, "exit status")
    check(watch.fair < 4, f"the end took {watch}")


@case()
def nobody_waits_for_a_reader_of_the_log():
    """A pipe that another program shares: it stays as that has it."""
    pipe = Pipe()
    server = Server("--access-log", "/dev/stderr", stderr=pipe.writing).wait_ready()
    for number in range(40):
        curl(url(V4, f"/{number}-{'x' * 800}"))
    check_equal(fcntl.fcntl(pipe.writing, fcntl.F_GETFL) & os.O_NONBLOCK, 0, "O_NONBLOCK of the shared pipe")
    server.process.send_signal(signal.SIGTERM)
    check_equal(server.wait_end(), 0, "exit status")


@case(seconds=200)
def a_server_that_was_stopped_for_a_minute_goes_on():
    """SIGSTOP for longer than any of its own timers. What clients sent meanwhile lies in the device, behind more pings
    than one turn of the loop reads, and no deadline may end anything before it was read."""
    data = pattern(20_000_000)
    with Server(site=make_site({"f.bin": data})) as server:
        got = folder() / "got"
        client = subprocess.Popen(["curl", "-sS", "--fail", "--limit-rate", "8M", "--max-time", "400", "-o", str(got),
                                   url(V4, "/f.bin")])
        wait_until(lambda: got.exists() and got.stat().st_size > 1_000_000, "it began")
        late = connect(V4)
        server.process.send_signal(signal.SIGSTOP)
        run("ping", "-c", "433", "-i", "0.15", "-W", "1", V4, check_status=False, seconds=100)  # 65 seconds
        late.sendall(request("/none"))
        server.process.send_signal(signal.SIGCONT)
        check(late.recv(1000).startswith(b"HTTP/1.1 404 "), "the request that came while it was stopped")
        check_equal(client.wait(100), 0, "status of curl")
        check_equal(got.read_bytes(), data, "content")
        check_equal(exchange(V4, "/none").status, 404, "status afterwards")

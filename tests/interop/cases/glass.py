"""/_glass/: captures from a running server, who may have them, and that reading them harms nobody."""

import os
import signal
import subprocess
import time
import zipfile

import patience
from cases.publish import INSIDE_V4, OUTSIDE_V4, connect_a_client, fetch
from harness import PROGRAM, TOP, case, check, check_equal, folder, run, wait_until
from world import NOBODY, V4, V6, Server, connect, curl, make_site, pattern, read_to_end, request, split_answers, url

CAPTURE = "/_glass/capture.pcapng"
LIVE = CAPTURE + "?live=1"
FAR_AWAY = "203.0.113.9"  # a client's address that is in no network of this machine


class Live:
    """curl that reads a live capture into a file."""

    def __init__(self, address=V4):
        self.file = folder() / f"live-{time.monotonic_ns()}.pcapng"
        command = ["curl", "-sS", "-g", "-N", "--noproxy", "*", "-o", self.file, url(address, LIVE)]
        self.process = subprocess.Popen(command)
        wait_until(lambda: self.file.exists() and self.file.stat().st_size > 100, "the capture has begun")

    def wait_end(self):
        patience.communicate(self.process, 20)
        return self.process.returncode


def rows(file, *fields, shown="frame"):
    """What tshark finds: a tuple of fields for each packet. The file must be whole."""
    options = [word for field in fields for word in ("-e", field)]
    done = run("tshark", "-n", "-r", file, "-Y", shown, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;",
               *options)
    check("cut short" not in done.stderr, f"the file is not whole: {done.stderr}")
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def requests_in(file):
    return [uri for (uri,) in rows(file, "http.request.uri", shown="http.request")]


@case()
def a_live_capture_shows_what_passes_and_not_itself():
    site = make_site({"f.bin": pattern(100_000)})
    with Server(site=site) as server:
        live = Live()
        for address in (V4, V6):
            curl("--fail", "-o", "/dev/null", url(address, "/f.bin"))
        curl("--fail", "-o", "/dev/null", url(V4, LIVE), "--head")
        wait_until(lambda: requests_in(live.file).count("/f.bin") == 2, "both requests have come through")
        size = live.file.stat().st_size
        check_equal(curl("-s", url(V4, "/nothing"), "-o", "/dev/null", "-w", "%{http_code}"), b"404", "another request")
        wait_until(lambda: live.file.stat().st_size > size, "what passes comes at once")
        server.stop()
        check_equal(live.wait_end(), 0, "curl's status when the server ends")
    check_equal(requests_in(live.file), ["/f.bin", "/f.bin", "/nothing"], "requests in the capture")
    interfaces = {name for (name,) in rows(live.file, "frame.interface_name")}
    check_equal(interfaces, {"tun0"}, "interfaces of packets")
    comments = [text for (text,) in rows(live.file, "frame.comment")]
    check(all("glasstcp/1: " in text for text in comments), "a packet has no line for programs")
    check(not [text for text in comments if "missing" in text], "packets are missing")


@case()
def recent_packets_are_kept_when_they_are_to_be():
    with Server("--recent", "4M", site=make_site({"f.bin": b"x" * 5000})) as server:
        for address in (V4, V6):
            curl("--fail", "-o", "/dev/null", url(address, "/f.bin"))
        file = folder() / "recent.pcapng"
        for _ in range(2):  # the second shows nothing of the first
            head = curl("--fail", "-o", file, "-D", "-", url(V4, CAPTURE)).decode()
            check("\r\nConnection: close\r\n" in head and "\r\nCache-Control: no-store\r\n" in head, head)
            check("Access-Control" not in head, head)
            check_equal(requests_in(file), ["/f.bin", "/f.bin"], "requests in the capture")
            streams = {stream for (stream,) in rows(file, "tcp.stream", shown="tcp")}
            check_equal(len(streams), 2, "connections in the capture")
        server.stop()
    with Server():
        answer = curl("-w", "%{http_code}", url(V4, CAPTURE)).decode()
        check(answer.endswith("404") and "--recent" in answer, answer)


@case()
def only_who_may_look_is_shown_it():
    def status(*options, address=V4, path=CAPTURE):
        done = curl("-w", "%{http_code}", *options, url(address, path)).decode("latin-1")
        return done[-3:], done

    run("ip", "link", "set", "lo", "up")
    with Server("--recent", "1M", "--view-host", "glass.example") as server:
        run("ip", "address", "add", "203.0.113.9/32", "dev", "lo")  # a network that was not there at the start
        run("ip", "address", "add", "fd00:77::9/128", "dev", "lo")
        for address in (V4, V6):
            check_equal(status("-o", "/dev/null", address=address)[0], "200", f"from the link, {address}")
        for options, address in ((("--interface", "203.0.113.9"), V4), (("--interface", "fd00:77::9"), V6)):
            for path in (CAPTURE, LIVE, "/%5fglass/capture.pcapng", "/x/../_glass/capture.pcapng", "/_glass/nothing"):
                code, text = status(*options, "--path-as-is", address=address, path=path)
                check_equal(code, "403", f"{path} from afar")
                check("--view " in text, text)
        for host, wanted in (("evil.example", "403"), ("evil.example:80", "403"), ("localhost:8080", "200"),
                             ("glass.example", "200"), ("[2001:db8::2]:80", "200"), ("localhost.evil.example", "403")):
            code, text = status("-H", f"Host: {host}")
            check_equal(code, wanted, f"Host: {host}")
            check(code == "200" or "--view-host" in text, text)
        with connect(V4) as sock:
            sock.sendall(f"GET {CAPTURE} HTTP/1.0\r\n\r\n".encode())
            check_equal(split_answers(read_to_end(sock))[0].status, 403, "without Host")
        server.stop()
    with Server("--recent", "1M", "--view", "203.0.113.0/24"):
        check_equal(status("-o", "/dev/null", "--interface", "203.0.113.9")[0], "200", "from the network of --view")
        check_equal(status()[0], "403", "from the link, which was not")


@case()
def a_reader_that_is_too_slow_misses_packets_and_is_told():
    data = pattern(40_000_000)
    with Server(site=make_site({"f.bin": data})) as server:
        with connect(V4, receive_buffer=65536) as slow:
            slow.sendall(request(LIVE, host=V4))
            slow.recv(1)
            check_equal(curl("--fail", url(V4, "/f.bin")), data, "content while nobody reads the capture")
            curl("--fail", url(V4, "/f.bin"), "--head")
            server.terminate()
            content = read_to_end(slow)
        check_equal(server.wait_end(), 0, f"exit status ({server.stderr()})")
    file = folder() / "slow.pcapng"
    file.write_bytes(b"\n\r\r\n" + content.partition(b"\n\r\r\n")[2])
    told = [text for (text,) in rows(file, "frame.comment", shown='frame.comment contains "missing"')]
    check(told, "no packet says how many are missing before it")
    missed = sum(int(text.partition(" packets are missing before")[0].rpartition(";")[2]) for text in told)
    sums = [line for line in content.split(b"\0") if b"missing in this capture" in line]
    check(str(missed).encode() in sums[-1], f"{missed} packets are missing, and the end says {sums}")


@case()
def a_folder_of_the_same_name_is_told_of():
    with Server(site=make_site({"_glass/index.html": b"mine"}), may_speak=True) as server:
        check(b"mine" not in curl(url(V4, "/_glass/")), "the server's own page")
        check("/_glass" in server.stderr(), server.stderr())


def on_a_plain_machine():
    """What a command begins with so that it sees no sign of a container: a root that has everything but such signs."""
    root = folder("root")
    for entry in os.scandir("/"):
        place = root / entry.name
        if entry.is_symlink():
            place.symlink_to(os.readlink(entry.path))
        elif entry.is_dir() and entry.name not in ("tmp", "run"):
            place.mkdir()
            run("mount", "--rbind", entry.path, place)
    (root / "run").mkdir()
    (root / "tmp").mkdir()
    run("mount", "--rbind", "/tmp", root / "tmp")
    return ["env", "-u", "container", "-u", "KUBERNETES_SERVICE_HOST", "chroot", root]


@case()
def behind_publish_it_is_for_the_networks_of_this_machine():
    """A client from outside has its own address: one beyond those networks is told apart."""
    client = connect_a_client()
    client.ip("address", "add", f"{FAR_AWAY}/32", "dev", "out0")
    run("ip", "route", "add", FAR_AWAY, "via", OUTSIDE_V4)
    outside = on_a_plain_machine()
    for options, near, far in (((), b"200", b"403"), (("--view", FAR_AWAY), b"403", b"200")):
        for prefix in (outside, ["env", "container=oci"]):
            with Server("--publish", "--recent", "1M", *options, prefix=prefix, site=make_site({"f.bin": b"mine"})):
                for source, wanted in ((OUTSIDE_V4, near), (FAR_AWAY, far)):
                    by = ["--interface", source]
                    check_equal(fetch(client, INSIDE_V4, "/f.bin", *by), b"mine", f"the site itself, for {source}")
                    answer = fetch(client, INSIDE_V4, CAPTURE, "-o", "/dev/null", "-w", "%{http_code}", *by)
                    check_equal(answer, wanted, f"a capture for {source}, {options}")


# --- glasstcp capture -------------------------------------------------------------------------------------------------


class Reading:
    """`glasstcp capture` that writes into a file."""

    def __init__(self, *options, prefix=()):
        self.file = folder() / f"read-{time.monotonic_ns()}.pcapng"
        self.process = subprocess.Popen([*prefix, PROGRAM, "capture", "-o", self.file, *options],
                                        stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.file.exists() and self.file.stat().st_size > 100, "the capture has begun")

    def stop(self, number=signal.SIGINT):
        """What it says; it must have ended in order."""
        self.process.send_signal(number)
        _, said = patience.communicate(self.process, 20)
        check_equal(self.process.returncode, 0, f"its status ({said})")
        return said


@case()
def the_command_reads_from_a_running_server():
    with Server(site=make_site({"f.bin": pattern(50_000)})) as server:
        everything, some = Reading(), Reading("--filter", "ip6 and tcp port 80", "--tun", "tun0")
        for address in (V4, V6):
            curl("--fail", "-o", "/dev/null", url(address, "/f.bin"))
        said = everything.stop()
        check_equal(requests_in(everything.file), ["/f.bin", "/f.bin"], "requests in the capture")
        check_equal(said, f"glasstcp: {len(rows(everything.file, 'frame.number'))} packets captured\n", "what it says")
        curl("--fail", "-o", "/dev/null", url(V6, "/f.bin"))
        server.stop()  # which ends the other one, with all that passed
        _, said = patience.communicate(some.process, 20)
        check_equal(some.process.returncode, 0, f"status when the server ends ({said})")
        check_equal(requests_in(some.file), ["/f.bin", "/f.bin"], "requests that match")
        check_equal(rows(some.file, "frame.number", shown="!ipv6"), [], "packets that are not of IPv6")


@case()
def the_command_says_what_is_wrong():
    def says(*options):
        done = run(PROGRAM, "capture", "-o", folder() / "none.pcapng", *options, check_status=False)
        check_equal(done.returncode, 1, f"status of {options}")
        return done.stderr

    check("no glasstcp server runs" in says(), says())
    with Server(), Server("--tun", "tun1", "--address", "198.51.100.2/24", "--host-address", "198.51.100.1",
                          "--address6", "2001:db8:1::2/64", "--host-address6", "2001:db8:1::1"):
        check("--tun tun0" in says(), says())
        check("tun0, tun1" in says("--tun", "tun9"), says("--tun", "tun9"))
        check("--filter: " in says("--filter", "tcp prt 80"), says("--filter", "tcp prt 80"))
        stranger = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
        done = run(*stranger, PROGRAM, "capture", "--tun", "tun0", check_status=False)
        check(done.returncode == 1 and "use sudo" in done.stderr, done.stderr)
        first = Reading("--tun", "tun1")
        first.stop(signal.SIGTERM)


@case()
def a_reader_of_the_pipe_that_goes_ends_the_command():
    with Server():
        done = run("bash", "-c", f"{PROGRAM} capture | head -c 100 | wc -c", seconds=20)
        check_equal(done.stdout.strip(), "100", "bytes through the pipe")


@case()
def the_files_for_wireshark_come_out_of_the_server():
    with Server():
        archive = folder() / "w.zip"
        head = curl("--fail", "-o", archive, "-D", "-", url(V4, "/_glass/wireshark.zip")).decode()
        check("application/zip" in head, head)
        with zipfile.ZipFile(archive) as opened:
            check_equal(opened.testzip(), None, "damaged files in the archive")
            found = {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}
    top = TOP / "scripts" / "wireshark"
    wanted = {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*") if file.is_file()}
    check_equal(found, wanted, "files in the archive")
    target = folder() / "out"
    run(PROGRAM, "wireshark-files", "-o", target)
    check_equal({str(file.relative_to(target)): file.read_bytes() for file in target.rglob("*") if file.is_file()},
                wanted, "files that the command writes")


# --- The file --------------------------------------------------------------------------------------------------------


def small_disk(size):
    """A folder on a disk of so many bytes."""
    place = folder("disk")
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", place)
    return place


@case()
def a_capture_goes_on_when_the_disk_has_room_again():
    disk = small_disk("2m")
    file, filler = disk / "v.pcapng", disk / "filler"
    filler.write_bytes(b"x" * 1_500_000)
    data = pattern(3_000_000)
    with Server("--capture", file, "--user", "root", site=make_site({"f.bin": data}), may_speak=True) as server:
        check_equal(curl("--fail", url(V4, "/f.bin")), data, "content while the disk is full")
        wait_until(lambda: "No space left" in server.stderr(), "the server says so")
        whole = rows(file, "frame.number")
        filler.unlink()
        run("mount", "-o", "remount,size=60m", "tmpfs", disk)
        wait_until(lambda: "is written again" in server.stderr(), "the server goes on")
        curl("--fail", "-o", "/dev/null", url(V4, "/f.bin?later"))
        server.stop()
    check("/f.bin?later" in requests_in(file), "what came later is in the file")
    check(len(rows(file, "frame.number")) > len(whole), "packets that waited")
    size = sum(int(length) for (length,) in rows(file, "tcp.len", shown="tcp.len > 0 && ip.src == " + V4))
    check(size >= 2 * len(data), f"{size} bytes of both answers: nothing that fits into memory is missing")


@case()
def a_pipe_that_nobody_reads_holds_nobody_up():
    pipe = folder() / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    data = pattern(45_000_000)
    server = Server("--capture", pipe, site=make_site({"f.bin": data}), may_speak=True).wait_ready()
    check_equal(curl("--fail", url(V4, "/f.bin")), data, "content while nobody reads the pipe")
    server.terminate()
    watch = patience.Stopwatch()
    check_equal(server.wait_end(), 0, f"exit status ({server.stderr()})")
    check(watch.fair < 8, f"it ended only after {watch}")
    check("packets are missing in the capture" in server.stderr(), server.stderr())
    os.close(end)


@case()
def a_capture_in_turns():
    top = folder("captures")
    with Server("--capture", top / "v.pcapng", "--capture-size", "200K", "--capture-files", "3",
                site=make_site({"f.bin": pattern(1_000_000)})):
        curl("--fail", "-o", "/dev/null", url(V4, "/f.bin"))
    files = sorted(top.iterdir())
    check_equal([file.name for file in files], ["v_1.pcapng", "v_2.pcapng", "v_3.pcapng"], "files")
    times = []
    for file in files:
        check(file.stat().st_size <= 200 << 10, f"{file} has {file.stat().st_size} bytes")
        seen = [float(at) for (at,) in rows(file, "frame.time_epoch")]
        check(seen, f"no packets in {file}")
        times += seen
    check_equal(len(set(times)), len(times), "packets that are in two files")


@case()
def a_file_belongs_to_the_user_behind_sudo():
    home, roots = folder("home"), folder("roots")
    os.chown(home, 1234, 1234)
    os.chmod(home, 0o700)
    secret = roots / "secret"
    secret.write_text("untouched")
    (home / "link").symlink_to(secret)
    for target, fails in ((home / "v.pcapng", False), (home / "link", True)):
        as_sudo = ["env", "SUDO_UID=1234", "SUDO_GID=1234"]
        server = Server("--capture", target, "--user", "nobody", prefix=as_sudo, may_speak=True)
        if fails:
            check_equal(server.wait_end(), 1, "exit status")
            check("is a link" in server.stderr(), server.stderr())
        else:
            with server:
                curl("-o", "/dev/null", url(V4, "/"))
            check_equal((target.stat().st_uid, target.stat().st_gid), (1234, 1234), f"owner of {target}")
            check(rows(target, "frame.number"), "packets")
    check_equal(secret.read_text(), "untouched", "what the link leads to")

"""`glasstcp get`: a client on our own TCP, against the kernel's nginx and against our own server through the kernel."""

import os
import signal
import socket
import subprocess
import threading
import time

from capture import Capture
from harness import PROGRAM, NotRun, case, check, check_equal, folder, run, set_sysctl, wait_until
from patience import Stopwatch
from world import BOTH, V4, V6, Server, make_site, pattern, reset, url

HOST = "198.51.100.1", "2001:db8:1::1"  # the kernel's end of the client's TUN device
CLIENT = "198.51.100.2", "2001:db8:1::2"


def get(*arguments, seconds=50):
    """The CompletedProcess of a get, with bytes."""
    return run(PROGRAM, "get", *arguments, check_status=False, seconds=seconds, text=False)


def content(*arguments, seconds=50):
    """What a get that must succeed writes to stdout."""
    done = get(*arguments, seconds=seconds)
    check_equal(done.returncode, 0, f"exit status of get {arguments} (stderr: {done.stderr!r})")
    check_equal(done.stderr, b"", "stderr")
    return done.stdout


def failure(code, *arguments, seconds=50):
    """The one line that a get says which must fail with this code."""
    done = get(*arguments, seconds=seconds)
    said = done.stderr.decode()
    check_equal(done.returncode, code, f"exit status of get {arguments} (stderr: {said!r})")
    check_equal(len(said.splitlines()), 1, f"lines on stderr ({said!r})")
    return said


def forward():
    set_sysctl("net.ipv4.ip_forward", 1)
    set_sysctl("net.ipv6.conf.all.forwarding", 1)


class Nginx:
    """The kernel's TCP with nginx on top, on every address of this namespace."""

    def __init__(self, site):
        self.top = folder("nginx")
        self.top.joinpath("conf").write_text(f"""
            daemon off; master_process off; user root; pid {self.top}/pid; error_log {self.top}/errors;
            events {{ worker_connections 64; }}
            http {{ access_log off; sendfile on; server_tokens off;
                client_body_temp_path {self.top}; proxy_temp_path {self.top}; fastcgi_temp_path {self.top};
                uwsgi_temp_path {self.top}; scgi_temp_path {self.top};
                server {{ listen 80; listen [::]:80; root {site}; location /moved {{ return 301 /f.txt; }} }} }}
        """)

    def __enter__(self):
        try:
            self.process = subprocess.Popen(["nginx", "-c", str(self.top / "conf"), "-e", str(self.top / "errors")],
                                            stdin=subprocess.DEVNULL)
        except FileNotFoundError:
            raise NotRun("nginx is missing") from None
        wait_until(lambda: run("ss", "-Hltn", "sport = :80").stdout, "nginx listens")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)


class Play:
    """A server of one connection at a time, which a function plays: play(socket)."""

    def __init__(self, play, port=80):
        self.listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
        self.play = play
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(30)
            try:
                self.play(sock)
            finally:
                sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # ends accept() in the other thread
        self.listener.close()
        self.thread.join()


def answers(*pieces, then=None):
    """Plays: reads the request, sends the pieces apart from each other, and closes or does `then`."""

    def play(sock):
        while b"\r\n\r\n" not in sock.recv(65536, socket.MSG_PEEK):
            pass
        sock.recv(65536)
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(0.05)  # so that they are not one segment
        if then:
            then(sock)

    return play


# --- Against the kernel's TCP ----------------------------------------------------------------------------------------


@case()
def files_from_nginx():
    small, large = b"hello\n", pattern(3_000_000)
    with Nginx(make_site({"f.txt": small, "large.bin": large})):
        for offload in ("on", "off"):
            for host in HOST:
                check_equal(content(url(host, "/f.txt"), "--offload", offload), small, f"a small file from {host}")
                check_equal(content(url(host, "/large.bin"), "--offload", offload), large, f"3 MB from {host}")
                check_equal(content(url(host, "/large.bin"), "-r", "1000-1999", "--offload", offload),
                            large[1000:2000], f"a range from {host}")
        check_equal(content(url(HOST[0], "/large.bin"), "-r", "-10"), large[-10:], "the last bytes")
        check_equal(content(url(HOST[0], "/large.bin"), "--seed", "7", "--mtu", "65535"), large, "with a large MTU")


@case()
def heads_errors_and_redirects_from_nginx():
    with Nginx(make_site({"f.txt": b"hello\n"})):
        head = content(url(HOST[0], "/f.txt"), "-I")
        check(head.startswith(b"HTTP/1.1 200 OK\r\n") and head.endswith(b"\r\n\r\n"), f"no head: {head!r}")
        check(b"\r\nContent-Length: 6\r\n" in head, f"no length in {head!r}")
        done = get(url(HOST[0], "/none"))
        check(done.returncode == 0 and b"404" in done.stdout, f"no page of an error: {done}")
        check("404" in failure(22, url(HOST[1], "/none"), "--fail"), "the status is not named")
        done = get(url(HOST[0], "/moved"))
        check(done.returncode == 0 and b"/f.txt (not followed)" in done.stderr, f"no word about the redirect: {done}")


@case(180)
def a_hundred_megabytes_from_nginx():
    data = pattern(100_000_000)
    with Nginx(make_site({"large.bin": data})):
        for offload in ("on", "off"):
            for host in HOST:
                check_equal(content(url(host, "/large.bin"), "--offload", offload), data, f"{host}, offload {offload}")


@case()
def a_prepared_device_is_left_as_it_was():
    run("ip", "tuntap", "add", "dev", "tun5", "mode", "tun")
    with Nginx(make_site({"f.txt": b"hello\n"})):
        for host in HOST:
            check_equal(content(url(host, "/f.txt"), "--tun", "tun5"), b"hello\n", f"from {host}")
    there = run("ip", "address", "show", "dev", "tun5").stdout
    check(HOST[0] not in there and HOST[1] not in there, f"addresses that it added are still there: {there}")


@case()
def every_way_to_end_an_answer():
    head = b"HTTP/1.1 200 OK\r\n"
    chunked = [head + b"Transfer-Encoding: chunked\r\n\r\n5\r", b"\nhello\r\n7;a=b\r\n, wor",
               b"ld\r\n0\r\nX: y\r\n", b"\r\n"]
    with Play(answers(*chunked)):
        for host in HOST:
            check_equal(content(url(host)), b"hello, world", "chunks")
    with Play(answers(head + b"\r\nuntil", b" the end")):
        check_equal(content(url(HOST[0])), b"until the end", "an answer that ends with its connection")
    with Play(answers(head + b"Content-Length: 2\r\n\r\nok and more", then=lambda sock: time.sleep(3))):
        check_equal(content(url(HOST[0])), b"ok", "an answer whose server does not close")


@case()
def an_answer_that_breaks_off():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    for more in ([], ["--via", "kernel"]):
        host = "127.0.0.1" if more else HOST[0]
        with Play(answers(head + b"hello")):
            check("5 of 10 bytes" in failure(18, url(host), *more), "how much came is not told")
        with Play(answers(head + b"hello", then=reset)):
            check("reset" in failure(56, url(host), *more), "the reset is not named")
        with Play(answers()):
            check("without an answer" in failure(52, url(host), *more), "the empty answer is not named")
        with Play(answers(b"SSH-2.0-OpenSSH\r\n")):
            failure(8, url(host), *more)
        with Play(answers(head + b"hello", then=lambda sock: time.sleep(3))):
            line = failure(28, url(host), "--timeout", "1", *more)
            check("nothing came for 1 s, after 5 bytes" in line, f"the pause is not named: {line}")


@case()
def nobody_there():
    for host in HOST:
        line = failure(7, url(host), "--timeout", "20")
        check("refused" in line and "RST" in line, f"the cause is not named: {line}")
    check("refused" in failure(7, "http://127.0.0.1/", "--via", "kernel"), "the cause is not named")
    check("loopback" in failure(7, "http://127.0.0.1/"), "the cause is not named")


@case()
def a_host_that_does_not_forward():
    set_sysctl("net.ipv4.ip_forward", 0)
    with Server():
        watch = Stopwatch()
        line = failure(28, url(V4), "--timeout", "4")
        check(3.5 < watch.seconds and watch.fair < 8, f"it took {watch}")
        check("3 SYNs" in line and "sysctl -w net.ipv4.ip_forward=1" in line, f"no cure in {line}")
        line = failure(28, url(V6), "--timeout", "1")
        check("sysctl -w net.ipv6.conf.all.forwarding=1" in line, f"no cure in {line}")


@case()
def routes_that_lead_nowhere():
    forward()
    run("ip", "route", "add", "blackhole", "203.0.113.0/24")
    run("ip", "route", "add", "unreachable", "192.0.2.0/24")
    run("ip", "route", "add", "unreachable", "2001:db8::/64")
    line = failure(28, "http://203.0.113.1/", "--timeout", "2")
    check("2 SYNs" in line and "sysctl" not in line, f"a black hole: {line}")
    for address in BOTH:
        watch = Stopwatch()
        check("no route" in failure(7, url(address), "--timeout", "20"), "the cause is not named")
        check(watch.fair < 3, f"it took {watch} to believe ICMP")


# --- Against our own server ------------------------------------------------------------------------------------------


@case()
def from_our_own_server_through_the_kernel():
    forward()
    data = pattern(3_000_000)
    for offload in ("on", "off"):
        with Server(site=make_site({"f.bin": data, "s.txt": b"small"}), offload=offload):
            for address in BOTH:
                check_equal(content(url(address, "/f.bin"), "--offload", offload), data, f"from {address}")
                check_equal(content(url(address, "/f.bin"), "-r", "5-9"), data[5:10], f"a range from {address}")
                head = content(url(address, "/f.bin"), "--head")
                check(b"\r\nContent-Length: 3000000\r\n" in head, f"no length in {head!r}")
                check_equal(content(url(address, "/f.bin"), "--via", "kernel"), data, f"by the kernel from {address}")
            check("refused" in failure(7, "http://192.0.2.2:81/"), "the cause is not named")


# COVERS: MUST-43 MUST-44
@case()
def what_stands_on_the_wire():
    forward()
    data = pattern(200_000)
    with Server(site=make_site({"f.bin": data})), Capture() as capture:
        for address in BOTH:
            check_equal(content(url(address, "/f.bin"), "--offload", "off"), data, f"from {address}")
        capture.stop()
    capture.check_sound()
    capture.check_no_retransmission()
    capture.check_none("tcp.flags.reset == 1", "RST")
    syns = capture.packets("tcp.flags.syn == 1 && tcp.flags.ack == 0", "ip.src", "ipv6.src", "tcp.options.mss_val")
    check_equal([tuple(s.values()) for s in syns], [(CLIENT[0], "", "1460"), ("", CLIENT[1], "1440")], "the SYNs")
    check_equal(capture.count("tcp.flags.fin == 1"), 4, "FINs")


@case(180)
def a_hundred_megabytes_from_our_own_server():
    forward()
    data = pattern(100_000_000)
    for offload in ("on", "off"):
        with Server(site=make_site({"large.bin": data}), offload=offload):
            for address in BOTH:
                file = folder() / "out"
                done = get(url(address, "/large.bin"), "-o", file, "--offload", offload)
                check_equal((done.returncode, done.stdout, done.stderr), (0, b"", b""), "the end")
                check_equal(file.read_bytes(), data, f"100 MB from {address}, offload {offload}")


@case()
def small_path_mtus_are_found():
    forward()
    data = pattern(1_000_000)
    with Server(site=make_site({"f.bin": data}), offload="off"):
        for address in BOTH:
            check_equal(content(url(address, "/f.bin"), "--mtu", "1300"), data, f"from {address}")


# --- Output, signals, rights -----------------------------------------------------------------------------------------


def start(*arguments, **more):
    return subprocess.Popen([PROGRAM, "get", *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            **more)


def status_of(process):
    return dict(line.split(":\t", 1) for line in open(f"/proc/{process.pid}/status") if ":\t" in line)


@case()
def a_reader_that_pauses_closes_the_window():
    data = pattern(50_000_000)
    with Nginx(make_site({"f.bin": data})):
        for more in ([], ["--via", "kernel"]):
            client = start(url(HOST[0] if not more else "127.0.0.1", "/f.bin"), *more, stdout=subprocess.PIPE)
            first = os.read(client.stdout.fileno(), 1000)
            time.sleep(2)  # the pause is what the case is about
            memory = int(status_of(client)["VmRSS"].split()[0])
            check(memory < 40_000, f"{memory} kB in memory while the reader pauses")
            check_equal(first + client.stdout.read(), data, "what came")
            check_equal(client.wait(20), 0, "exit status")


@case()
def a_reader_that_goes_away_is_an_error():
    with Nginx(make_site({"f.bin": pattern(5_000_000)})):
        client = start(url(HOST[0], "/f.bin"), stdout=subprocess.PIPE)
        os.read(client.stdout.fileno(), 1000)
        client.stdout.close()
        check_equal(client.wait(20), 23, "exit status")
        check(b"cannot write stdout: Broken pipe" in client.stderr.read(), "the cause is not named")
        line = failure(23, url(HOST[0], "/f.bin"), "-o", "/dev/full")
        check("No space left" in line, f"the cause is not named: {line}")
        check("/no/such" in failure(23, url(HOST[0], "/f.bin"), "-o", "/no/such/file"), "the file is not named")


@case()
def an_interrupt_resets_and_keeps_what_came():
    gone = threading.Event()

    def play(sock):
        answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")(sock)
        try:
            sock.recv(1)
        except ConnectionResetError:
            gone.set()

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        gone.clear()
        file = folder() / f"partial-{code}"
        with Play(play):
            client = start(url(HOST[0]), "-o", file, stdout=subprocess.DEVNULL)
            wait_until(lambda: file.exists() and file.read_bytes() == b"hello", "something has come")
            client.send_signal(number)
            check_equal(client.wait(10), code, "exit status")
            check(gone.wait(5), "the server was not told by RST")
            check_equal(file.read_bytes(), b"hello", "the partial file")
        check("tun" not in run("ip", "link").stdout, "the interface is still there")


@case()
def a_file_is_replaced_only_by_an_answer():
    file = folder() / "there"
    file.write_bytes(b"something longer than the answer")
    failure(7, url(HOST[0]), "-o", file)
    check_equal(file.read_bytes(), b"something longer than the answer", "the file after a failure")
    new = folder() / "new"
    failure(7, "http://127.0.0.1/", "-o", new, "--via", "kernel")
    check(not new.exists(), "a failure left an empty file")
    with Nginx(make_site({"f.txt": b"hello\n"})):
        check_equal(content(url(HOST[1], "/f.txt"), "-o", file), b"", "stdout")
        check_equal(file.read_bytes(), b"hello\n", "the file after an answer")


@case()
def words_and_pictures():
    """--verbose, --capture and the progress bar."""
    data = pattern(100_000)
    capture = folder() / "get.pcapng"
    with Nginx(make_site({"f.bin": data})):
        done = get(url(HOST[0], "/f.bin"), "-v", "--capture", capture, "-o", folder() / "out")
        said = done.stderr.decode()
        for word in ("* connecting to 198.51.100.1:80", "SYN-SENT -> ESTABLISHED", "> GET /f.bin HTTP/1.1",
                     "< HTTP/1.1 200 OK", "RFC 9293"):
            check(word in said, f"{word!r} is not told: {said[:2000]}")
        comments = run("tshark", "-n", "-r", capture, "-Y", "tcp.flags.syn == 1", "-T", "fields", "-e", "frame.comment")
        check_equal(len(comments.stdout.splitlines()), 2, "SYNs in the capture")
        check("OUT Syn" in comments.stdout, f"no reasons in {comments.stdout!r}")
        bar = run("script", "-qec", f"{PROGRAM} get {url(HOST[0], '/f.bin')} -o /dev/null", "/dev/null").stdout
        check("100% [" in bar and "100 kB of 100 kB" in bar, f"no progress bar: {bar!r}")


@case()
def two_at_once_and_names():
    with Play(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", then=lambda sock: time.sleep(3))):
        first = start(url(HOST[0]), stdout=subprocess.PIPE)
        os.read(first.stdout.fileno(), 5)
        line = failure(1, url(HOST[0]))
        check("in use on tun" in line and "--address" in line, f"no cure in {line}")
        first.kill()
        first.wait()
    run("mount", "-t", "tmpfs", "none", "/mnt")
    with open("/mnt/hosts", "w") as hosts:
        hosts.write("198.51.100.1 server.test\n")
    run("mount", "--bind", "/mnt/hosts", "/etc/hosts")
    with Nginx(make_site({"f.txt": b"hello\n"})):
        check_equal(content("server.test/f.txt"), b"hello\n", "by name")
    check("nowhere.invalid" in failure(6, "http://nowhere.invalid/"), "the name is not named")
    check_equal(get("http://a b/").returncode, 3, "exit status of a malformed URL")
    check_equal(get("https://a/").returncode, 1, "exit status of another protocol")


@case()
def it_gives_up_its_rights():
    with Play(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", then=lambda sock: time.sleep(3))):
        client = start(url(HOST[0]), stdout=subprocess.PIPE)
        os.read(client.stdout.fileno(), 5)
        status = status_of(client)
        check_equal(set(status["Uid"].split()), {"65534"}, "user ids")
        check_equal(int(status["CapEff"], 16) | int(status["CapPrm"], 16), 0, "capabilities")
        client.kill()
        client.wait()

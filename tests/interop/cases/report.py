"""`glasstcp report` beside tshark, on the same captures: of our server and of the kernel's TCP."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
import sys
import time

from browser import chromium, open_page
from capture import Capture
from cases.get import Nginx
from harness import PROGRAM, TOP, NotRun, captures, case, check, check_equal, folder, run, wait_until
from world import V4, Server, connect, curl, make_site, pattern, request, url

PORT = 8080  # that tshark takes for HTTP
FLAGS = {"retransmission": "retransmission", "fast_retransmission": "fast-retransmission",
         "spurious_retransmission": "spurious-retransmission", "duplicate_ack": "duplicate-ack",
         "out_of_order": "out-of-order", "lost_segment": "lost-before", "keep_alive": "keep-alive",
         "keep_alive_ack": "keep-alive-ack", "zero_window": "zero-window", "zero_window_probe": "zero-window-probe",
         "zero_window_probe_ack": "zero-window-probe-ack", "window_full": "fills-window",
         "window_update": "window-update", "reused_ports": "ports-reused", "ack_lost_segment": "acks-unseen"}
NUMBERS = {"tcp.seq": "seq", "tcp.ack": "ack", "tcp.len": "len", "tcp.window_size": "window"}


def report(capture):
    """The JSON of the report."""
    return json.loads(run(PROGRAM, "report", capture, "--json").stdout)


def tshark(capture, shown, *fields):
    """A list of values, in the order of `fields`, for each packet that `shown` selects."""
    command = ["tshark", "-n", "-r", capture, "-Y", shown, "-T", "fields", "-E", "separator=|", "-E", "occurrence=f"]
    for field in fields:
        command += ["-e", field]
    return [line.split("|") for line in run(*command).stdout.splitlines()]


def compare_frames(capture, found):
    """Numbers and judgments of each frame are tshark's. Gives how often each judgment was agreed on."""
    fields = ["frame.number", "tcp.stream", *NUMBERS, *(f"tcp.analysis.{flag}" for flag in FLAGS)]
    ours = {frame["frame"]: (c["stream"], frame) for c in found["connections"] for frame in c["frames"]}
    theirs = tshark(capture, "tcp && !icmp", *fields)
    check_equal(len(ours), len(theirs), "TCP frames")
    agreed = dict.fromkeys(FLAGS, 0)
    wrong = []
    for number, stream, *values in theirs:
        our_stream, frame = ours[int(number)]
        check_equal(our_stream, int(stream), f"stream of frame {number}")
        got = [str(frame[name]) for name in NUMBERS.values()]
        check_equal(got, [value or "0" for value in values[:len(NUMBERS)]], f"numbers of frame {number}")
        for flag, value in zip(FLAGS, values[len(NUMBERS):]):
            is_ours = FLAGS[flag] in frame["events"]
            # With us a fast or a spurious retransmission is a retransmission too.
            if flag == "retransmission" and {"fast-retransmission", "spurious-retransmission"} & set(frame["events"]):
                is_ours = False
            if is_ours != bool(value):
                wrong.append(f"frame {number}: {flag} is {bool(value)} for tshark")
            agreed[flag] += is_ours and bool(value)
    check(len(wrong) * 100 <= len(theirs), f"{len(wrong)} judgments differ: {wrong[:10]}")
    return agreed


def compare_streams(capture, found):
    """The bytes of both directions are those of tshark's reassembly."""
    for connection in found["connections"]:
        followed = run("tshark", "-n", "-r", capture, "-q", "-z", f"follow,tcp,raw,{connection['stream']}").stdout
        lines = [line for line in followed.splitlines() if line.strip() and not line.startswith(("=", "F", "N"))]
        by_server = sum(len(line.strip()) // 2 for line in lines if line.startswith("\t"))
        by_client = sum(len(line.strip()) // 2 for line in lines if not line.startswith("\t"))
        ours = connection["client"]["bytes"], connection["server"]["bytes"]
        check_equal(sorted(ours), sorted((by_client, by_server)), f"bytes of stream {connection['stream']}")


def compare_messages(capture, found, but=()):
    """Requests and responses end in the frames in which tshark ends them; `but`: streams that are left out."""
    shown = "(http.request || http.response)" + "".join(f" && tcp.stream != {stream}" for stream in but)
    theirs = tshark(capture, shown, "frame.number", "http.request.uri", "http.response.code")
    ours = []
    for connection in found["connections"]:
        if connection["stream"] in but:
            continue
        for message in connection["messages"]:
            words = message["start_line"].split(" ")
            is_request = message["kind"] == "request"
            ours.append([str(message["last_frame"]), words[1] if is_request else "", "" if is_request else words[1]])
    check_equal(sorted(ours, key=lambda one: int(one[0])), theirs, "messages")


class Loopback:
    """tcpdump on the loopback interface."""

    def __init__(self, name, snap=66000):
        """`snap`: bytes kept of each packet; the less, the more packets fit into the buffer."""
        self.file, self.snap = captures() / f"{name}.pcap", snap

    def __enter__(self):
        run("ip", "link", "set", "lo", "up")
        command = ["tcpdump", "-i", "lo", "-w", str(self.file), "-s", str(self.snap), "-U", "-n", "-B", "131072",
                   "-Z", "root", "--immediate-mode", "tcp"]
        self.dump = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: "listening on" in self.dump.stderr.readline(), "tcpdump listens")
        return self

    def __exit__(self, kind, *_):
        time.sleep(0.3)  # what tcpdump has not read yet
        self.dump.terminate()
        said = self.dump.communicate()[1]
        check(kind or "\n0 packets dropped by kernel" in said, f"tcpdump missed packets: {said}")


class Kernel(Loopback):
    """An HTTP server on the kernel's TCP (Python's by default), and its capture."""

    def __init__(self, site, name, port=PORT, command=None, snap=66000):
        super().__init__(name, snap)
        self.port = port
        self.command = command or [sys.executable, "-m", "http.server", str(port), "-d", str(site)]

    def __enter__(self):
        super().__enter__()
        self.server = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.listens, "the server listens")
        return self

    def listens(self):
        """As the kernel's table says, without a connection that would be in the capture."""
        return f":{self.port} " in run("ss", "-Htln").stdout

    def __exit__(self, *error):
        self.server.kill()
        self.server.wait()
        super().__exit__(*error)


def slow_reader():
    """Lets the server's answer wait for a closed window."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", PORT))
        sock.sendall(b"GET /logo.jpg HTTP/1.0\r\n\r\n")
        time.sleep(1)
        while sock.recv(4096):
            pass


def probed(found):
    """The streams whose window closed: tshark 4.0 does not put an answer together in which a window probe's byte came
    twice."""
    return [c["stream"] for c in found["connections"] if any("zero-window" in f["events"] for f in c["frames"])]


@case(seconds=120)
def kernel_tcp():
    site = make_site({"index.html": b'<img src="logo.jpg">', "logo.jpg": pattern(200_000),
                      "song.mp3": pattern(900_000)})
    with Kernel(site, "kernel") as kernel:
        local = f"http://127.0.0.1:{PORT}"
        for path in ("/", "/logo.jpg", "/nothing", "/song.mp3"):
            run("curl", "-s", "-o", "/dev/null", local + path)
        run("curl", "-s", "-I", "-o", "/dev/null", local + "/song.mp3")
        run("curl", "-s", "-o", "/dev/null", "http://127.0.0.1:9/", check_status=False)
        slow_reader()
    found = report(kernel.file)
    agreed = compare_frames(kernel.file, found)
    compare_streams(kernel.file, found)
    slow = probed(found)
    check(slow, "no window closed")
    compare_messages(kernel.file, found, but=slow)
    check(agreed["zero_window"] > 0 and agreed["window_update"] > 0, f"the window closed and opened ({agreed})")
    refused = [c for c in found["connections"] if c["close"]["ending"] == "refused"
               and c["server"]["endpoint"].endswith(":9")]
    check_equal(len(refused), 1, "refused connections")


@case(seconds=120)
def nginx_and_a_browser():
    """Chromium at nginx, both on the kernel's TCP: page, picture, audio by range, and once more from the cache."""
    page = b"<!DOCTYPE html><link rel=icon href=data:,><img src=logo.jpg><audio src=song.mp3 preload=auto></audio>"
    # A real picture: of one that cannot be decoded the browser resets the connection, sooner or later.
    picture = (TOP / "http/site/www/img/bg.jpg").read_bytes()
    site = make_site({"index.html": page, "logo.jpg": picture, "song.mp3": pattern(900_000)})
    with Nginx(site), Loopback("nginx") as loopback:
        for _ in range(2):
            open_page("http://127.0.0.1/")
    found = report(loopback.file)
    compare_frames(loopback.file, found)
    compare_streams(loopback.file, found)
    compare_messages(loopback.file, found, but=probed(found))
    targets = {resource["target"]: resource["fate"] for resource in found["resources"]}
    check_equal(targets.get("/logo.jpg"), "requested", f"what became of the picture ({targets})")


@case(seconds=120)
def kernel_tcp_with_loss():
    site = make_site({"song.mp3": pattern(3_000_000)})
    # Segments of their own, so that a loss is one segment.
    run("ip", "link", "set", "lo", "up", "mtu", "1500")
    run("ip", "link", "set", "dev", "lo", "gso_max_segs", "1")
    with Kernel(site, "loss", snap=1600) as kernel:
        run("nft", "add table inet loss; add chain inet loss in { type filter hook input priority 0; }; "
                   f"add rule inet loss in tcp sport {PORT} numgen inc mod 61 == 40 drop; "
                   f"add rule inet loss in tcp dport {PORT} tcp flags & ack == ack numgen inc mod 13 == 12 drop")
        run("curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{PORT}/song.mp3", seconds=90)
        run("nft", "delete table inet loss")
    agreed = compare_frames(kernel.file, report(kernel.file))
    check(agreed["retransmission"] + agreed["fast_retransmission"] + agreed["out_of_order"]
          + agreed["lost_segment"] > 0, f"there was loss ({agreed})")


@case(seconds=120)
def own_server():
    """Our own capture, with comments and dropped packets, and a close in three segments."""
    file = folder() / "own.pcapng"
    site = make_site({"index.html": b'<img src="logo.jpg">', "logo.jpg": pattern(300_000)})
    with Server("--capture", file, "--impair", "loss=1%", "--seed", 5, site=site):
        curl(url(V4), url(V4, "/logo.jpg"))
        sock = connect(V4)
        sock.sendall(request("/logo.jpg", Connection="close"))
        while sock.recv(65536):
            pass
        sock.close()
    found = report(file)
    check(found["capture"]["by_glasstcp"], "the capture is known as ours")
    compare_frames(file, found)
    check(any(c["close"]["segments"] == 3 for c in found["connections"]), "a close in three segments")


@case(seconds=60)
def own_server_by_tcpdump():
    """The same bytes and messages as tshark, without loss."""
    site = make_site({"index.html": b'<img src="logo.jpg">', "logo.jpg": pattern(300_000)})
    with Server("--port", PORT, site=site), Capture() as capture:
        local = f"http://{V4}:{PORT}"
        curl(local + "/", "-o", "/dev/null", local + "/logo.jpg", "-o", "/dev/null")
        curl("-r", "0-", local + "/logo.jpg", "-o", "/dev/null")
        capture.stop()
    found = report(capture.file)
    compare_frames(capture.file, found)
    compare_streams(capture.file, found)
    compare_messages(capture.file, found)
    statuses = [m["status"] for c in found["connections"] for m in c["messages"] if m["kind"] == "response"]
    check_equal(sorted(statuses), [200, 200, 206], "statuses")
    kinds = {finding["kind"] for finding in found["findings"] if finding["is_shown"]}
    check({"three-handshakes", "partial-content", "push"} <= kinds, f"answers ({sorted(kinds)})")


TITLES = r"^(Ladder diagram|Time-sequence graph|Window, bytes in flight and cwnd|Round-trip time|Throughput), [^\n]*"


@case(seconds=120)
def printed_on_a4():
    """Chromium prints the report on A4: each figure with its title and its caption on one sheet, and on every sheet
    who made it from what."""
    missing = [tool for tool in ("pdftotext", "pdfinfo") if not shutil.which(tool)]
    if missing:
        raise NotRun("missing tools: " + " ".join(missing))
    site = make_site({"index.html": b'<img src="logo.jpg">', "logo.jpg": pattern(300_000)})
    capture, page, printed = (folder() / name for name in ("print.pcapng", "print.html", "print.pdf"))
    with Server("--capture", capture, site=site):
        curl(url(V4), url(V4, "/logo.jpg"))
    told = run(PROGRAM, "report", capture, "-o", page).stdout
    check_equal(told, f"{page}: the report of {capture}\n", "what was written")
    chromium("--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri())
    about = run("pdfinfo", printed).stdout
    check("(A4)" in about, about)
    sheets = run("pdftotext", printed, "-").stdout.split("\f")[:-1]
    check_equal(len(sheets), int(re.search(r"Pages: +(\d+)", about).group(1)), "sheets")
    footer = "SHA-256 " + hashlib.sha256(capture.read_bytes()).hexdigest()
    figures = 0
    for number, sheet in enumerate(sheets, 1):
        check(footer in " ".join(sheet.split()), f"sheet {number} has no footer")
        captions = len(re.findall(r"^Figure \d+", sheet, re.M))
        check_equal(len(re.findall(TITLES, sheet, re.M)), captions, f"titles and captions of figures on sheet {number}")
        figures += captions
    check(figures >= 5, f"only {figures} figures")

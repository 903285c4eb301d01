"""The exchanges that two students captured for a laboratory report, made again with this server as theirs.

Each case leaves a capture (NAME.pcap) and a table (NAME.txt) that puts what the report shows beside what ours shows,
with tshark's listing below; `run --captures DIR` keeps them. Every row of a table is checked."""

import fcntl
import re
import shutil
import socket
import struct
import termios
import time

import patience
from browser import open_page
from capture import REPEATED, Capture
from cases.closing import client_state, retransmissions
from filters import drop_everything, drop_no_more
from harness import captures, case, check, check_equal, folder, run, set_sysctl, wait_until
from late_line import LateLine
from world import V4, V6, Server, connect, curl, read_to_end, request, split_answers

FIRST, SECOND = 8080, 5000  # the ports of the two reports
FULL = 65475  # 65535 - 40 (IPv6) - 20 (TCP)
LATE_CLIENT = "2001:db8:2::2"
FIN, RESET = "tcp.flags.fin == 1", "tcp.flags.reset == 1"


class Lab(Capture):
    """A capture of whole packets on tun0, and the table beside it."""

    def __init__(self, name, port):
        super().__init__(snap=65600, file=captures() / f"{name}.pcap")
        self.port, self.rows, self.wrong = port, [], []

    def tcp(self, more="", *fields, by=None):
        """The TCP packets of `by` ("us", "them": the client; None: both) that match, as packets() gives them."""
        side = {"us": f" && tcp.srcport == {self.port}", "them": f" && tcp.dstport == {self.port}", None: ""}[by]
        shown = f"tcp.port == {self.port}{side}" + (f" && ({more})" if more else "")
        return self.packets(shown, "frame.number", "tcp.stream", "tcp.len", "tcp.flags.str", *fields,
                            preferences=["-d", f"tcp.port=={self.port},http"])

    def row(self, report, ours, holds):
        self.rows.append((report, ours, "ok" if holds else "MISSING"))
        if not holds:
            self.wrong.append(f"the report shows: {report}; ours: {ours}")

    def close_book(self):
        """Writes the table and the listing, and fails if a row does not hold."""
        wide = max(len(report) for report, _, _ in self.rows)
        table = [f"{'the report shows':{wide}} | ours", "-" * wide + "-+-" + "-" * 40]
        table += [f"{report:{wide}} | {ours} [{verdict}]" for report, ours, verdict in self.rows]
        listing = run("tshark", "-n", "-r", self.file, "-d", f"tcp.port=={self.port},http", "-Y", "tcp").stdout
        self.file.with_suffix(".txt").write_text("\n".join(table) + "\n\n" + listing)
        self.check_sound()
        check(not self.wrong, "\n".join(self.wrong))


def letters(packet):
    """The flags of a packet, such as "FA", and "+data" if it carries some."""
    return packet["tcp.flags.str"].replace("·", "")[::-1] + ("+data" if packet["tcp.len"] != "0" else "")


def closing_of(lab, number):
    """The packets of a connection from the first FIN on, as "them:FA us:A ..." (them: the client)."""
    packets = lab.tcp(f"tcp.stream == {number}", "tcp.srcport", "tcp.flags.fin")
    first = next((i for i, packet in enumerate(packets) if packet["tcp.flags.fin"] == "1"), len(packets))
    sides = {str(lab.port): "us"}
    return " ".join(f"{sides.get(p['tcp.srcport'], 'them')}:{letters(p)}" for p in packets[first:])


def fetch(sock, path, **fields):
    """One answer of a connection that goes on."""
    sock.sendall(request(path, **fields))
    data = bytearray()
    while b"\r\n\r\n" not in data:
        data += receive(sock)
    size = next(int(line.split(b":")[1]) for line in data.split(b"\r\n") if line.startswith(b"Content-Length:"))
    while len(data.partition(b"\r\n\r\n")[2]) < size:
        data += receive(sock)
    return split_answers(bytes(data))[0]


def receive(sock):
    piece = sock.recv(1 << 20)
    check(piece, "the server closed within an answer")
    return piece


def unread(sock):
    return struct.unpack("i", fcntl.ioctl(sock, termios.FIONREAD, b"\0" * 4))[0]


def wait_until_full(sock):
    """Waits until nothing more comes in although nobody reads: the window is closed."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < 1:
        if unread(sock) != seen:
            seen, since = unread(sock), time.monotonic()
        time.sleep(0.02)
    check(seen > 0, "nothing has come")


# --- Report 1: IPv6, port 8080, an interface with an MTU of 65535, a client without timestamps ------------------------


def first_server():
    set_sysctl("net.ipv4.tcp_timestamps", 0)
    return Server("--mtu", 65535, "--port", FIRST)


def check_handshake(lab):
    for name, by in (("SYN", "them"), ("SYN-ACK", "us")):
        syn = lab.tcp("tcp.flags.syn == 1", "tcp.options.mss_val", "tcp.options.wscale.multiplier",
                      "tcp.options.sack_perm", "tcp.options.timestamp.tsval", "frame.len", "tcp.seq_raw", by=by)[0]
        lab.row(f"{name}: MSS=65475, WS, SACK_PERM, no timestamps",
                f"MSS={syn['tcp.options.mss_val']} WS={syn['tcp.options.wscale.multiplier']} "
                f"SACK_PERM={bool(syn['tcp.options.sack_perm'])} timestamps={bool(syn['tcp.options.timestamp.tsval'])}",
                syn["tcp.options.mss_val"] == "65475" and syn["tcp.options.wscale.multiplier"] and
                syn["tcp.options.sack_perm"] and not syn["tcp.options.timestamp.tsval"])
        lab.row(f"{name}: frame of 76 bytes, 4 of them the loopback's", f"{syn['frame.len']} bytes",
                syn["frame.len"] == "72")
        lab.row("initial sequence number: 0 is Wireshark's, the raw one is not", f"raw {syn['tcp.seq_raw']}",
                syn["tcp.seq_raw"] != "0")
    ack = lab.tcp("tcp.seq == 1 && tcp.ack == 1 && tcp.len == 0", "frame.len", by="them")[0]
    lab.row("ACK: frame of 64 bytes, 4 of them the loopback's", f"{ack['frame.len']} bytes", ack["frame.len"] == "60")


def check_answers(lab, sizes):
    """The three answers: full segments without PSH, the last of each with it."""
    segments = lab.tcp(f"tcp.len > 0 && !({REPEATED})", "tcp.flags.push", "http.response.code", by="us")
    answers, begun = [], []
    for segment in segments:
        begun.append(segment)
        if segment["http.response.code"]:  # where tshark sees an answer complete
            answers.append(begun)
            begun = []
    check_equal((len(answers), len(begun)), (3, 0), "answers, and segments after the last")
    codes = ("200 OK, 1,499 bytes in one segment, PSH", "200: 65475 (no PSH) + 65475 (no PSH) + ..., PSH at the end",
             "206: 65475 + 65475 + ... (no PSH), PSH at the end, 3,413,045 bytes")
    for what, path, answer in zip(codes, sizes, answers):
        *full, last = answer
        total = sum(int(segment["tcp.len"]) for segment in answer)
        pushed = sum(segment["tcp.flags.push"] == "1" for segment in full)
        lab.row(f"{path}: {what}",
                f"{last['http.response.code']}: {len(full)} x {FULL} (PSH on {pushed} of them) + {last['tcp.len']} "
                f"({'PSH' if last['tcp.flags.push'] == '1' else 'no PSH'}), {total} bytes",
                last["http.response.code"] == what[:3] and last["tcp.flags.push"] == "1" and total > sizes[path] and
                all((s["tcp.len"], s["tcp.flags.push"]) == (str(FULL), "0") for s in full))
        check(len(full) == (total - 1) // FULL, f"{path} in {len(answer)} segments")


# COVERS: R8200-13 SHLD-28
@case()
def report_1_page_logo_and_music():
    with first_server(), Lab("report-1-transfer", FIRST) as lab:
        with connect(V6, FIRST, receive_buffer=4 << 20) as sock:
            page, logo = fetch(sock, "/index.html"), fetch(sock, "/img/logo.jpg")
            music = fetch(sock, "/img/idol.mp3", range="bytes=0-")
        lab.stop()
    sizes = {"/index.html": len(page.body), "/img/logo.jpg": len(logo.body), "/img/idol.mp3": len(music.body)}
    check_handshake(lab)
    asked = lab.tcp("http.request", "http.request.uri", "tcp.flags.push", "http.request.line", "tcp.hdr_len",
                    by="them")
    ranged = "Range: bytes=0-" in asked[-1]["http.request.line"]
    lab.row("GET /index.html (PSH+ACK), /img/logo.jpg, /img/idol.mp3 with Range: bytes=0-",
            ", ".join(f"{p['http.request.uri']} ({letters(p)})" for p in asked) + f", the last with "
            f"Range: {ranged}",
            [p["http.request.uri"] for p in asked] == list(sizes) and ranged and
            all(p["tcp.flags.push"] == "1" for p in asked))
    lab.row("header length 20 (0101)", asked[0]["tcp.hdr_len"], asked[0]["tcp.hdr_len"] == "20")
    answered = lab.tcp("http.response", "tcp.ack", by="us")[0]
    wanted = str(1 + int(asked[0]["tcp.len"]))
    lab.row("next sequence number = 1 + length of the request (a pure ACK first: the answer took 12 ms)",
            f"Ack={answered['tcp.ack']}, on the answer itself, which is ready at once", answered["tcp.ack"] == wanted)
    check_answers(lab, sizes)
    how = closing_of(lab, 0)
    lab.row("three segments suffice to close when FIN rides on the ACK", how, how == "them:FA us:FA them:A")
    lab.check_no_retransmission()
    lab.close_book()


# COVERS: R9293-P14
@case()
def report_1_window_update_and_closing_in_four():
    """First a reader that drains its buffer late; then one that ends its side while an answer is still on its way: an
    audio element that has music enough for now, and so leaves its window shut."""
    with first_server(), Lab("report-1-closing", FIRST) as lab:
        with connect(V6, FIRST) as sock:
            sock.sendall(request("/img/logo.jpg", range="bytes=0-79999"))
            # Nearly all of the window that the kernel opened with the first segment, half of its first window: what
            # reading gives back is more than twice what is left, and so worth an update.
            wait_until(lambda: unread(sock) > 80000, "the answer is here, not read")
            time.sleep(0.3)  # its delayed ACK leaves, so that what reading opens has to be told by another
            read_all_that_is_here(sock)
        with connect(V6, FIRST) as sock:
            sock.sendall(request("/img/idol.mp3", range="bytes=0-299999"))
            wait_until_full(sock)
            sock.shutdown(socket.SHUT_WR)
            time.sleep(0.5)
            answer = split_answers(read_to_end(sock))[0]
        lab.stop()
    check_equal((answer.status, len(answer.body)), (206, 300_000), "the answer after the half-close")
    data = lab.tcp("tcp.stream == 0 && tcp.len > 0", by="us")
    update = lab.tcp("tcp.stream == 0 && tcp.analysis.window_update", "tcp.window_size", by="them")
    fin = lab.tcp(f"tcp.stream == 0 && {FIN}", by="them")
    check(data and update and fin, "no data, no window update or no FIN in the first connection")
    frames = [int(packets[-1]["frame.number"]) for packets in (data, update, fin)]
    lab.row("[TCP Window Update] after the last data, before FIN",
            f"last data in frame {frames[0]}, update to {update[-1]['tcp.window_size']} in frame {frames[1]}, FIN in "
            f"frame {frames[2]}", frames == sorted(frames))
    check_four_way(lab)
    check_equal(lab.count(RESET), 0, "resets")
    lab.close_book()


def read_all_that_is_here(sock):
    while unread(sock):
        sock.recv(unread(sock))


def check_four_way(lab):
    """In connection 1 of the capture: FIN of the client, our ACK at once and alone, our FIN later, its ACK."""
    theirs = lab.tcp(f"tcp.stream == 1 && {FIN}", "frame.time_relative", "tcp.seq", by="them")[0]
    acked = int(theirs["tcp.seq"]) + 1
    ours = lab.tcp(f"tcp.stream == 1 && tcp.ack == {acked}", "frame.time_relative", "tcp.flags.fin", "tcp.nxtseq",
                   by="us")
    late = 1000 * (float(ours[0]["frame.time_relative"]) - float(theirs["frame.time_relative"]))
    lab.row("client FIN, server ACK at once", f"{letters(theirs)}, then {letters(ours[0])} {late:.1f} ms later",
            letters(ours[0]) == "A" and late < 40 * patience.worst())
    fins = [packet for packet in ours if packet["tcp.flags.fin"] == "1"]
    check_equal(len(fins), 1, "our FINs")
    apart = 1000 * (float(fins[0]["frame.time_relative"]) - float(ours[0]["frame.time_relative"]))
    lab.row("server FIN, apart from that ACK",
            f"{letters(fins[0])} {apart:.0f} ms later, on the last bytes of the answer", apart > 300)
    lab.row("client ACK", closing_of(lab, 1).split()[-1], closing_of(lab, 1).endswith(" them:A"))
    check_equal(lab.count(f"tcp.stream == 1 && {FIN}"), 2, "FINs")


# COVERS: R9293-P14
@case()
def report_1_a_client_that_is_gone_resets():
    """The client ends its side before the answer is here. Then it is closed with bytes unread, while the rest of the
    answer and our FIN are on their way: its kernel says so (RST+ACK), and answers the late FIN with another RST."""
    line = LateLine(LATE_CLIENT, V6[:-1] + "/64")
    # Without tail loss probes the client repeats its FIN only after 200 ms; the line is held for less, as a rule.
    line.client.run("sysctl", "-q", "-w", "net.ipv4.tcp_timestamps=0", "net.ipv4.tcp_early_retrans=0")
    with first_server(), Lab("report-1-reset", FIRST) as lab:
        sock = line.at_the_client(lambda: connect(V6, FIRST, receive_buffer=1 << 20))
        line.hold()
        # Too much for slow start's two segments and the tail loss probe after them: the FIN comes later.
        sock.sendall(request("/img/idol.mp3", range="bytes=0-299999"))
        wait_until(lambda: " us:A us:A" in line.seen, "two segments are on their way, as slow start allows")
        sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: re.search("them:FA us:A", line.seen), "our ACK of the FIN is on its way")
        line.let_go(go_on_holding=True)
        wait_until(lambda: re.search("us:FP?A", line.seen), "the rest of the answer and our FIN are on their way")
        sock.close()
        wait_until(lambda: "them:RA" in line.seen, "the RST of a client that closes with bytes unread")
        line.let_go()
        wait_until(lambda: line.seen.endswith("them:R"), "the RST that answers what came too late")
        with connect(V6, FIRST) as another:
            check_equal(fetch(another, "/index.html").status, 200, "status of an answer afterwards")
        lab.stop()
    how = closing_of(lab, 0)
    lab.row("client FIN, server ACK, server FIN, then RST+ACK and RST", how,
            re.fullmatch(r"(them:FA us:A )+((them:A|us:P?A\+data) )*us:FP?A\+data ((us:FP?A\+data|them:A) )*"
                         r"them:RA( them:R)+", how))
    check_equal(lab.tcp(RESET, by="us"), [], "resets of ours")
    lab.close_book()


# --- Report 2: IPv4, port 5000, HTTP/1.0 ------------------------------------------------------------------------------


def second_server(*options, may_speak=False):
    return Server("--mtu", 65535, "--port", SECOND, *options, may_speak=may_speak)


def ask_in_http_1_0(local_port):
    """A connection whose answer has come, and the server's FIN, but which has not sent its own FIN; and the answer."""
    sock = connect(V4, SECOND, local_port=local_port)
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    return sock, split_answers(read_to_end(sock))[0]


# COVERS: R9293-P12 MAY-2
@case()
def report_2_the_server_closes_first():
    """Connection 0 asks, and the server closes it. Connection 1, opened in advance, stays idle. The acknowledgement of
    the client's FIN gets lost, so that FIN comes again; then the same port is used again (connection 2)."""
    with second_server("--verbose", may_speak=True) as server, Lab("report-2-closing", SECOND) as lab:
        sock = connect(V4, SECOND, local_port=40000)
        with connect(V4, SECOND, local_port=40001) as idle:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = split_answers(read_to_end(sock))[0]
            time.sleep(0.2)  # a kernel may delay the acknowledgement of the server's FIN by 40 ms
            drop_everything(sock)
            sock.shutdown(socket.SHUT_WR)
            wait_until(lambda: retransmissions(40000), "the client's FIN has been repeated")
            drop_no_more(sock)
            sock.close()
            wait_until(lambda: client_state(40000) == "", "the client's connection is closed, without TIME-WAIT")
            again, second = ask_in_http_1_0(40000)
            again.close()
            wait_until(lambda: client_state(40000) == "", "the second connection of this port is closed")
            check_equal(client_state(40001), "ESTAB", "state of the idle connection")
        wait_until(lambda: client_state(40001) != "ESTAB", "the idle connection is closed")
        lab.stop()
        said = server.stderr()
    check_equal((answer.status, second.status), (200, 200), "status")
    check_two_connections(lab)
    check_server_closes(lab, said)
    lab.close_book()


def check_two_connections(lab):
    syns = lab.tcp("tcp.flags.syn == 1 && tcp.stream < 2", "tcp.options.mss_val", "tcp.options.timestamp.tsval")
    lab.row("two handshakes, MSS=65495 WS SACK_PERM TSval",
            f"{len(syns) // 2} handshakes, MSS {'/'.join(p['tcp.options.mss_val'] for p in syns)}, all with TSval: "
            f"{all(p['tcp.options.timestamp.tsval'] for p in syns)}",
            len(syns) == 4 and all(p["tcp.options.mss_val"] == "65495" and p["tcp.options.timestamp.tsval"]
                                   for p in syns))
    carried = [sum(int(p["tcp.len"]) for p in lab.tcp(f"tcp.stream == {n}", by="them")) for n in (0, 1)]
    lab.row("only the first carries a request", f"bytes of the client: {carried[0]} and {carried[1]}",
            carried[0] and not carried[1])
    answer = lab.tcp("tcp.stream == 0 && tcp.len > 0", "tcp.flags.push", by="us")
    lab.row("the answer in three writes of 17 + 138 + 535 bytes, each PSH",
            f"head and content in one segment: {' + '.join(p['tcp.len'] for p in answer)} bytes",
            len(answer) == 1 and answer[0]["tcp.flags.push"] == "1")
    version = lab.tcp("tcp.stream == 0 && http.response", "http.response.version", "http.connection", by="us")[0]
    lab.row("HTTP/1.0 200 OK, and the connection ends",
            f"{version['http.response.version']} 200 OK (the version of the server), "
            f"Connection: {version['http.connection']}", version["http.connection"] == "close")


def check_server_closes(lab, said):
    how = closing_of(lab, 0)
    lab.row("server FIN first, client ACK, client FIN, server ACK", how,
            re.fullmatch(r"us:FP?A(\+data)? them:A( them:FA us:A)+", how))
    fins = lab.tcp(f"tcp.stream == 0 && {FIN}", "tcp.seq_raw", by="them")
    acks = lab.tcp("tcp.stream == 0 && tcp.len == 0 && tcp.flags.syn == 0 && tcp.flags.fin == 0", "tcp.ack_raw",
                   by="us")
    acked = [p for p in acks if int(p["tcp.ack_raw"]) == (int(fins[0]["tcp.seq_raw"]) + 1) % 2**32]
    lab.row("Q1: if the last ACK is lost, FIN comes again (the server's side waits here)",
            f"{len(fins)} times the same FIN, {len(acked)} times acknowledged",
            len(fins) >= 2 and len(acked) == len(fins) and len({p["tcp.seq_raw"] for p in fins}) == 1)
    states = re.findall(r"-> (FIN-WAIT-1|FIN-WAIT-2|TIME-WAIT):", said)
    lab.row("states of the figures, for the side that closes first", ", ".join(dict.fromkeys(states)),
            list(dict.fromkeys(states)) == ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"])
    starts = lab.tcp("tcp.flags.syn == 1 && tcp.srcport == 40000", "tcp.seq_raw", "tcp.stream", by="them")
    lab.row("(not in the report) the client's port again, while the server holds TIME-WAIT",
            f"{len(starts)} SYNs from port 40000, RSTs: {lab.count(RESET)}; the second ends as {closing_of(lab, 2)}",
            len(starts) == 2 and not lab.count(RESET) and closing_of(lab, 2).endswith("them:FA us:A"))
    how = closing_of(lab, 1)
    lab.row("the second connection stays idle", f"until the client closes it: {how}", how == "them:FA us:FA them:A")


# COVERS: R9110-15 R9110-28
@case()
def report_2_reload_with_304():
    """curl keeps the ETag and the date of what it has, and asks again with both."""
    etag, logo = folder("cache") / "etag", folder("cache") / "logo.jpg"
    where = f"http://{V4}:{SECOND}/img/logo.jpg"
    with second_server(), Lab("report-2-reload-304", SECOND) as lab:
        curl("--fail", "-R", "--etag-save", etag, "-o", logo, where)
        had = logo.read_bytes()
        curl("--fail", "--etag-compare", etag, "-z", logo, "-o", logo, where)
        lab.stop()
    check_equal(logo.read_bytes(), had, "what curl has afterwards")
    requests = lab.tcp("http.request", "http.request.line", by="them")
    conditions = [name for name in ("If-None-Match", "If-Modified-Since") if name in requests[1]["http.request.line"]]
    answers = lab.tcp("http.response", "http.response.code", "http.content_length_header", by="us")
    lab.row("304: not modified, from the browser's cache",
            f"{answers[0]['http.response.code']} with {len(had)} bytes; asked again with {' and '.join(conditions)}: "
            f"{answers[1]['http.response.code']} in one segment of {answers[1]['tcp.len']} bytes, without content",
            [a["http.response.code"] for a in answers] == ["200", "304"] and len(conditions) == 2 and
            int(answers[1]["tcp.len"]) < 500)
    lab.close_book()


# (tests/web shows the same for a reload within one window.)
@case(120)
def report_2_a_browser_has_cached_the_picture():
    """Twice in a browser, without --max-age and with it: it asks and gets 304, or does not ask at all."""
    for name, options in (("report-2-browser-304", ()), ("report-2-browser-max-age", ("--max-age", 600))):
        shutil.rmtree(folder("profile"))
        with second_server(*options), Lab(name, SECOND) as lab:
            for _ in range(2):  # what the first visit cached stays for the second
                open_page(f"http://{V4}:{SECOND}/index.html")
            lab.stop()
        logo = 'http.request.uri == "/img/logo.jpg"'
        asked = len(lab.tcp(logo, by="them"))
        codes = [p["http.response.code"] for p in lab.tcp("http.response", "http.response.code", by="us")
                 if p["http.response.code"] == "304"]
        control = lab.tcp('http.content_type == "image/jpeg"', "http.cache_control", by="us")[0]["http.cache_control"]
        shown = f"Cache-Control: {control}; seen twice, asked for {asked} times, {len(codes)} times 304"
        if options:
            lab.row("no GET for the logo at all: the browser had cached the image", shown,
                    asked == 1 and not codes and control == "max-age=600")
        else:
            lab.row("304: not modified, from the browser's cache", shown, asked == 2 and codes)
        lab.close_book()

"""The homework once more: what a student must state of one visit, and whether glasstcp tells it.

../homework.tsv fixes the statements: where each is told (the packet's comment, the narration, the report), and the
sentence with its frame, in both languages. Here the visit is made anew and each sentence is looked for; the frames and
numbers in it are tshark's. On visits of which a statement is not true its sentence must not appear."""

import csv
import html.parser
import re
import socket
import sys
import time
from types import SimpleNamespace

from browser import open_page
from cases.closing import client_state
from cases.lab_reports import unread, wait_until_full
from cases.report import Kernel, compare_frames, compare_messages, compare_streams, report, tshark
from harness import PROGRAM, TOP, Failed, NotRun, captures, case, check, check_equal, folder, run, wait_until
from world import V4, Answer, Server, connect, make_site, pattern, read_to_end, request

LANGUAGES = ("en", "zh")
LEAST_OF_BROWSER = 25  # statements that are about every visit of Chromium
PLACE = r"\{([a-z]\w*)(,?)\}"  # of a fact in a pattern
FULL = 1448  # bytes of a full segment on an Ethernet MTU, with the timestamps option
INITIAL_WINDOW = 10  # segments


def statements(about):
    """The rows of the table for one capture."""
    with open(TOP / "tests/interop/homework.tsv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if row["about"] == about]


# --- What the product says ------------------------------------------------------------------------------------------


class Text(html.parser.HTMLParser):
    """The text of a page as it is read: cells apart by " | ", no style, one space where there are several."""

    def __init__(self):
        super().__init__()
        self.pieces, self.is_style = [], False

    def handle_starttag(self, tag, attrs):
        self.is_style = tag == "style"
        if tag in ("td", "th"):
            self.pieces.append(" | ")
        elif tag not in ("b", "code", "i", "em", "strong") and not (tag == "span" and ("class", "frame") in attrs):
            self.pieces.append(" ")

    def handle_endtag(self, tag):
        self.is_style = False

    def handle_data(self, data):
        if not self.is_style:
            self.pieces.append(data)

    def text(self):
        return re.sub(r"\s+", " ", "".join(self.pieces))


class Told:
    """All that is told of a capture in a language: comments by frame, narration, report."""

    def __init__(self, capture, narration, language):
        lines = tshark(capture, "frame", "frame.number")
        self.comments = {int(number): "" for number, in lines}
        listing = run("tshark", "-n", "-r", capture, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f",
                      "-e", "frame.number", "-e", "frame.comment").stdout
        for line in listing.splitlines():
            number, _, comment = line.partition("\t")
            self.comments[int(number)] = comment
        self.narration = narration
        page = Text()
        page.feed(run(PROGRAM, "report", capture, "--lang", language).stdout)
        self.report = page.text()

    def holds(self, row, pattern, frame):
        if row["place"] == "comment":
            texts = [self.comments.get(frame, "")] if frame else self.comments.values()
        else:
            texts = [getattr(self, row["place"])]
        return any(re.search(pattern, text) for text in texts)


def filled(pattern, facts):
    """The pattern with the facts of a capture: {name} is a number as it is, {name,} with its thousands apart. Without
    facts any number stands there."""

    def value(match):
        name, apart = match.groups()
        if facts is None:
            return r"[\d,]+"
        check(name in facts, f"the visit has no '{name}'")
        return f"{facts[name]:,}" if apart else str(facts[name])

    return re.sub(PLACE, value, pattern)


def missing_of(rows, told, facts, language):
    """The statements that are not told."""
    def is_told(row):
        frame = facts[row["frame"]] if row["frame"] else 0
        return told.holds(row, filled(row[language], facts), frame)

    return [f"{row['no']}: {row['statement']}: {filled(row[language], facts)}" for row in rows if not is_told(row)]


def check_told(rows, told, facts, language):
    missing = missing_of(rows, told, facts, language)
    print(f"{language}: {len(rows) - len(missing)} of {len(rows)} statements are told")
    check(not missing, f"in {language} are not told:\n" + "\n".join(missing))


# --- The visit ------------------------------------------------------------------------------------------------------


class Watched:
    """A server that captures and narrates; afterwards what it said."""

    def __init__(self, name, language, *options, site=None):
        self.file = captures() / f"homework-{name}-{language}.pcapng"
        self.server = Server("--capture", self.file, "--verbose", "--lang", language, *options, site=site,
                             may_speak=True)
        self.language = language

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)
        self.file.with_suffix(".txt").write_text(self.server.stderr())

    def told(self):
        return Told(self.file, self.server.stderr(), self.language)


def ask(sock, path, **fields):
    sock.sendall(request(path, user_agent="Mozilla/5.0", accept="*/*", **fields))
    return answer_of(sock)


def close_and_wait(sock):
    """Closes, and waits until the server has closed too."""
    port = sock.getsockname()[1]
    sock.close()
    wait_until(lambda: client_state(port) in ("", "TIME-WAIT"), "the connection is closed")


def visit():
    """What a browser does: page and pictures on one connection, audio by range on another whose reader is slow, one
    that stays idle until the server closes it, a reload of which the picture comes from the cache, and a tab that is
    closed while its picture is on the way (RST)."""
    page = connect(V4)
    first = ask(page, "/")
    check_equal(first.status, 200, "status of the page")
    idle = connect(V4)
    audio = connect(V4, receive_buffer=200_000)
    for path in ("/img/bg.jpg", "/img/logo.jpg", "/favicon.ico"):
        check_equal(ask(page, path).status, 200, path)
    audio.sendall(request("/img/idol.mp3", range="bytes=0-", accept="*/*"))
    wait_until_full(audio)
    check_equal(answer_of(audio).status, 206, "status of the audio")
    again = ask(page, "/", if_none_match=first.fields["etag"])
    check_equal(again.status, 304, "status of the reload")
    gone = connect(V4)
    gone.sendall(request("/img/bg.jpg"))
    wait_until(lambda: unread(gone) > 10_000, "the picture is on its way")
    gone.close()
    close_and_wait(page)
    close_and_wait(audio)
    check_equal(idle.recv(1), b"", "the server closes the idle connection")
    time.sleep(0.2)  # the kernel acknowledges the FIN alone
    close_and_wait(idle)


def answer_of(sock):
    """The next response of a connection that goes on."""
    data = bytearray()
    while b"\r\n\r\n" not in data:
        data += received(sock)
    head, _, body = bytes(data).partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, pieces, have = int(first.split(" ")[1]), [body], len(body)
    while have < (int(fields["content-length"]) if status != 304 else 0):
        pieces.append(received(sock))
        have += len(pieces[-1])
    return Answer(status, fields, b"".join(pieces))


def received(sock):
    piece = sock.recv(1 << 20)
    check(piece, "the server closed within an answer")
    return piece


FIELDS = {"number": "frame.number", "stream": "tcp.stream", "from_port": "tcp.srcport", "seq": "tcp.seq",
          "raw_seq": "tcp.seq_raw", "ack": "tcp.ack", "len": "tcp.len", "next": "tcp.nxtseq", "flags": "tcp.flags",
          "field": "tcp.window_size_value", "window": "tcp.window_size", "shift": "tcp.options.wscale.shift",
          "uri": "http.request.uri", "status": "http.response.code", "content": "http.content_length_header"}
FIN, SYN, RST, ACK = 1, 2, 4, 16


class Facts(dict):
    """Frames and numbers of a visit, as tshark sees them, by the names that the table uses."""

    def __init__(self, capture, port=80):
        super().__init__()
        self.port = port
        self.frames = [self.frame(values) for values in tshark(capture, "tcp", *FIELDS.values())]

    @staticmethod
    def frame(values):
        def read(name, value):
            return value if name == "uri" else int(value or "0", 0)

        return SimpleNamespace(**{name: read(name, value) for name, value in zip(FIELDS, values)})

    def all(self, stream=None, by=None, **wanted):
        """The frames of a stream, of an end ("client", "server"), with these values."""
        def fits(frame):
            side = "server" if frame.from_port == self.port else "client"
            return ((stream is None or frame.stream == stream) and by in (None, side) and
                    all(getattr(frame, name) == value for name, value in wanted.items()))

        return [frame for frame in self.frames if fits(frame)]

    def first(self, **wanted):
        found = self.all(**wanted)
        check(found, f"no packet has {wanted}")
        return found[0]

    def stream_of(self, target):
        return self.first(uri=target).stream

    def requests(self, stream):
        return [frame for frame in self.all(stream=stream, by="client") if frame.uri]

    def data(self, stream):
        """The server's data, each number once, in its order."""
        frames = [frame for frame in self.all(stream=stream, by="server") if frame.len]
        return sorted({frame.seq: frame for frame in reversed(frames)}.values(), key=lambda frame: frame.seq)

    def handshake(self, stream=0):
        syn, synack, third = (self.first(stream=stream, flags=flags) for flags in (SYN, SYN | ACK, ACK))
        self |= {"syn": syn.number, "client_isn": syn.raw_seq, "client_factor": 1 << syn.shift,
                 "synack": synack.number, "server_isn": synack.raw_seq,
                 "third": third.number, "third_field": third.field, "third_window": third.field << syn.shift}

    def response(self, name, stream, target):
        """Frames and bytes of the request for a target and of its response."""
        asked = self.first(stream=stream, uri=target)
        later = [frame.ack for frame in self.requests(stream) if frame.number > asked.number]
        data = [f for f in self.data(stream) if asked.ack <= f.seq < min(later, default=1 << 40)]
        self |= {name + "_get": asked.number, name + "_asked": asked.len, name + "_first": data[0].number,
                 name + "_last": data[-1].number, name + "_segments": len(data),
                 name + "_full_segments": len(data) - 1, name + "_tail": data[-1].len,
                 name + "_bytes": sum(frame.len for frame in data)}
        self[name + "_number"] = self.requests(stream).index(asked) + 1

    def close(self, name, stream):
        fins = [frame for frame in self.all(stream=stream) if frame.flags & FIN]
        check(len(fins) >= 2, f"the close of stream {stream}")

        def acknowledged(fin):
            return next(f.number for f in self.all(stream=stream)
                        if f.number > fin.number and f.from_port != fin.from_port and f.ack == fin.next)

        second = next(fin for fin in fins if fin.from_port != fins[0].from_port)
        self |= {name + "_fin": fins[0].number, name + "_fin_seq": fins[0].seq, name + "_fin_next": fins[0].next,
                 name + "_acked": acknowledged(fins[0]), name + "_second": second.number,
                 name + "_end": acknowledged(second)}


# What the statements need, each part by itself: a browser's visit may lack some.


def page_facts(facts):
    stream = facts.stream_of("/")
    asked = facts.requests(stream)
    facts.handshake(stream)
    facts.response("page", stream, "/")
    facts["page_body"] = next(frame.content for frame in facts.all(stream=stream) if frame.status)
    facts |= {"page_requests": len(asked), "page_last_get": asked[-1].number}
    facts.close("page", stream)


def picture_facts(facts):
    for name in ("bg", "logo"):
        facts.response(name, facts.stream_of(f"/img/{name}.jpg"), f"/img/{name}.jpg")
    facts["image_first"] = min(facts["bg_first"], facts["logo_first"])


def cut_facts(facts):
    """The longest response of a connection, which the report takes for its example."""
    stream = facts.stream_of("/img/bg.jpg")
    check(stream != facts.stream_of("/img/idol.mp3"), "the audio is longer")
    facts.response("cut", stream, "/img/bg.jpg")


def audio_facts(facts):
    stream = facts.stream_of("/img/idol.mp3")
    facts.response("audio", stream, "/img/idol.mp3")
    facts["audio_body"] = facts.first(status=206).content
    facts["audio_last_byte"] = facts["audio_body"] - 1
    acks = [frame for frame in facts.all(stream=stream, by="client") if frame.ack > 1]
    several = [(late, late.ack - early.ack) for early, late in zip(acks, acks[1:]) if late.ack - early.ack > FULL]
    check(several, "an ACK of several segments")
    facts |= {"big_ack": several[0][0].number, "big_ack_bytes": several[0][1]}


def initial_window_facts(facts):
    """What left before the first ACK: ten segments, or one more where a busy machine let a probe leave."""
    stream = facts.stream_of("/img/idol.mp3")
    data = facts.data(stream)
    check_equal(data[0].number, facts["audio_first"], "the first response of its connection")
    ack = next(frame for frame in facts.all(stream=stream, by="client") if frame.ack > data[0].seq)
    first = [frame for frame in data if frame.number < ack.number]
    check(len(first) in (INITIAL_WINDOW, INITIAL_WINDOW + 1), f"{len(first)} segments before the first ACK")
    facts |= {"initial_last": first[-1].number, "initial_segments": len(first),
              "initial_bytes": sum(frame.len for frame in first)}


def window_facts(facts):
    acks = facts.all(stream=facts.stream_of("/img/idol.mp3"), by="client")
    opened = [(late, early) for early, late in zip(acks, acks[1:]) if late.window and not early.window]
    check(opened, "a window that opened")
    update, closed = opened[0]
    facts |= {"update": update.number, "update_window": update.window, "zero": closed.number}


def cache_facts(facts):
    unchanged = facts.first(status=304)
    asked = [frame.number for frame in facts.requests(unchanged.stream) if frame.number < unchanged.number]
    facts |= {"reload_get": asked[-1], "unchanged": unchanged.number}


def reuse_facts(facts):
    check_equal(len(facts.all(uri="/img/logo.jpg")), 1, "requests for the logo")
    facts["reused_first"] = facts["logo_first"]


def idle_facts(facts):
    syns = [frame for frame in facts.all(flags=SYN) if frame.stream != 0]
    check(syns and not any(frame.len for frame in facts.all(stream=syns[0].stream)), "the second connection is idle")
    facts |= {"idle_syn": syns[0].number, "idle_stream": syns[0].stream}


def idle_close_facts(facts):
    fin = next(frame for frame in facts.all(stream=facts["idle_stream"]) if frame.flags & FIN)
    check_equal(fin.from_port, facts.port, "who closes the idle connection")
    facts.close("idle", facts["idle_stream"])


def reset_facts(facts):
    facts["reset"] = next(frame.number for frame in facts.all(by="client") if frame.flags & RST)


PARTS = (page_facts, picture_facts, cut_facts, audio_facts, initial_window_facts, window_facts, cache_facts,
         reuse_facts, idle_facts, idle_close_facts, reset_facts)


def facts_of(capture):
    facts = Facts(capture)
    for part in PARTS:
        part(facts)
    return facts


@case()
def the_table_is_that_of_the_readme():
    """tests/README.md shows the statements of homework.tsv, word by word, 44 and 10 of them."""
    shown = (TOP / "tests/README.md").read_text(encoding="utf-8")
    check_equal([len(statements(about)) for about in ("visit", "flask")], [44, 10], "statements")
    for row in statements("visit") + statements("flask"):
        line = f"| {row['no']} | {row['statement']} | {row['place']} | {', '.join(row['not_on'].split())} |"
        check(line in shown, f"tests/README.md lacks: {line}")


@case(seconds=180)
def visit_is_told():
    """All 44 statements, in English and in Chinese."""
    for language in LANGUAGES:
        with Watched("visit", language, "--max-age", 600) as watched:
            visit()
        check_told(statements("visit"), watched.told(), facts_of(watched.file), language)


def browse(server_options, language):
    """The page in Chromium, twice with one profile: the second time everything is asked for again, and is 304."""
    with Watched("browser", language, *server_options) as watched:
        for _ in range(2):
            open_page(f"http://{V4}/", "profile-" + language)
    return watched


@case(seconds=180)
def a_browsers_visit_is_told():
    """Of Chromium's visit whatever the table says and the visit has; what it has is partly chance (how many
    connections, whether a window closes)."""
    for language in LANGUAGES:
        watched = browse((), language)
        facts = Facts(watched.file)
        for part in PARTS:
            try:
                part(facts)
            except (Failed, LookupError, StopIteration):
                pass  # not in this visit
        rows = [row for row in statements("visit") if is_in(row, facts)]
        check(len(rows) >= LEAST_OF_BROWSER, f"only {len(rows)} statements are about this visit")
        check_told(rows, watched.told(), facts, language)


def is_in(row, facts):
    """Whether a visit has all that a statement is about."""
    named = {name for name, _ in re.findall(PLACE, row["en"])} | ({row["frame"]} if row["frame"] else set())
    return bool(named) and named <= facts.keys()


# --- Visits of which statements are not true --------------------------------------------------------------------------


def plain_visit():
    """One small page over one connection, without timestamps; the server closes first, as the request asks."""
    sock = connect(V4)
    sock.sendall(request("/", connection="close"))
    check(read_to_end(sock).endswith(b"</p>"), "the page")
    time.sleep(0.2)  # the kernel acknowledges the FIN alone
    close_and_wait(sock)


def half_closed_visit():
    """The client ends its side while the response is on its way, and is answered in full."""
    sock = connect(V4, receive_buffer=4096)
    sock.sendall(request("/big"))
    wait_until_full(sock)
    sock.shutdown(socket.SHUT_WR)
    time.sleep(0.3)
    check(len(read_to_end(sock)) > 100_000, "the response after the half-close")
    sock.close()


def lossy_visit():
    """A segment of the response is lost; the window is not scaled, and the MTU is 1400."""
    sock = connect(V4)
    sock.sendall(request("/big"))
    check_equal(answer_of(sock).status, 200, "status")
    close_and_wait(sock)


FALSE_VISITS = {
    "plain": (plain_visit, ("--timestamps", "off")),
    "four": (half_closed_visit, ()),
    "loss": (lossy_visit, ("--mtu", 1400, "--window-scale", "off", "--impair", "drop=out:7")),
}


def check_not_told(name, language):
    make, options = FALSE_VISITS[name]
    site = make_site({"index.html": b"<p>hello</p>", "big": pattern(150_000)})
    with Watched(name, language, *options, site=site) as watched:
        make()
    told = watched.told()
    rows = [row for row in statements("visit") if name in row["not_on"].split()]
    check(rows, f"no statement is false of '{name}'")
    wrong = [row["no"] + ": " + row["statement"] for row in rows if told.holds(row, filled(row[language], None), 0)]
    check(not wrong, f"of the visit '{name}' is told in {language}, though it is not true:\n" + "\n".join(wrong))


@case(seconds=120)
def what_is_not_true_is_not_told():
    """Of a visit without 206, second connection, reset and a close in three; of a half-close; of a loss."""
    for name in FALSE_VISITS:
        for language in LANGUAGES:
            check_not_told(name, language)


# --- The other report's server: Flask on the kernel's TCP -----------------------------------------------------------

FLASK_PORT = 5000
FLASK = """
from flask import Flask
app = Flask(__name__)

@app.route("/")
def page():
    return "<h1>Profile</h1><ul><li>name<li>number<li>major</ul><img src=/static/logo.jpg width=200 height=200>"

app.run("127.0.0.1", %d)
""" % FLASK_PORT


def python_with_flask():
    for python in (sys.executable, "/usr/bin/python3"):
        if run(python, "-c", "import flask", check_status=False).returncode == 0:
            return python
    raise NotRun("no Flask (python3-flask)")


def flask_visit():
    """Two connections at once, as a browser opens them; the first asks for the page, whose picture is in the cache."""
    page = connect("127.0.0.1", FLASK_PORT)
    idle = connect("127.0.0.1", FLASK_PORT)
    page.sendall(request("/", host=f"127.0.0.1:{FLASK_PORT}"))
    check(b"</ul>" in read_to_end(page), "the page")
    time.sleep(0.2)  # the kernel acknowledges the server's FIN alone
    page.close()
    idle.close()
    time.sleep(0.2)


def flask_facts(capture):
    facts = Facts(capture, FLASK_PORT)
    facts.handshake()
    facts.response("page", 0, "/")
    facts["pure_ack"] = facts.first(stream=0, by="server", flags=ACK).number
    facts["idle_syn"] = facts.first(stream=1, flags=SYN).number
    facts.close("page", 0)
    return facts


@case(seconds=90)
def flask_is_told():
    """Ten statements about a capture that is not ours, told by the report alone; its numbers are tshark's."""
    with Kernel(folder("site"), "flask", FLASK_PORT, [python_with_flask(), "-c", FLASK]) as kernel:
        flask_visit()
    found = report(kernel.file)
    compare_frames(kernel.file, found)
    compare_streams(kernel.file, found)
    compare_messages(kernel.file, found)
    facts = flask_facts(kernel.file)
    rows = statements("flask")
    check_equal(len(rows), 10, "statements")
    for language in LANGUAGES:
        check_told(rows, Told(kernel.file, "", language), facts, language)

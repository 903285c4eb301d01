"""The live view at /_glass/: what it tells, what it costs, and that nobody else turns its switches."""

import json
import socket
import sys
import threading

import patience
from harness import case, check, check_equal, run, wait_until
from world import BOTH, V4, V6, Server, connect, curl, exchange, make_site, pattern, read_to_end, request, url

EVENTS = "/_glass/events"
CONTROL = "/_glass/control"


class View:
    """A page that watches: a connection of its own, and the events that have come."""

    def __init__(self, query="", address=V4):
        self.sock = connect(address)
        host = f"[{address}]" if ":" in address else address
        self.sock.sendall(request(f"{EVENTS}?{query}", host=host))
        self.events, self.rest, self.size = [], b"", 0
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.sock.recv(65536)
        self.head, _, self.rest = self.rest.partition(b"\r\n\r\n")

    def read(self, until, what, seconds=20):
        """Reads on until the function says so of all events."""
        watch = patience.Stopwatch()
        self.sock.settimeout(0.2)
        while not until(self.events):
            check(watch.fair < seconds, f"{what}: not within {watch}; came: {[name for name, _ in self.events]}")
            try:
                self.take(self.sock.recv(65536))
            except TimeoutError:
                continue

    def take(self, data):
        check(data, "the stream has ended")
        self.size += len(data)
        self.rest += data
        *whole, self.rest = self.rest.split(b"\n\n")
        for one in whole:
            name, _, line = one.partition(b"\ndata: ")
            if not one.startswith(b":"):
                self.events.append((name.removeprefix(b"event: ").decode(), json.loads(line)))

    def all(self, name):
        return [data for event, data in self.events if event == name]

    def rows(self):
        return [row for data in self.all("packets") for row in data["rows"]]

    def table(self):
        """The connections as they stand, by id."""
        rows = {}
        for data in self.all("connections"):
            rows.update({row["id"]: row for row in data["shown"]})
            for gone in data["gone"]:
                rows.pop(gone, None)
        return rows

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def post(body, address=V4, **fields):
    host = f"[{address}]" if ":" in address else address
    fields = {"host": host, "origin": f"http://{host}", "content_type": "application/json", **fields}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return exchange(address, CONTROL, "POST", data, **{name: value for name, value in fields.items() if value})


@case()
def it_shows_how_a_page_reached_its_reader():
    """Before anybody watched: the connection of the same client, with handshake, request and answer."""
    with Server(site=make_site({"index.html": b"<p>mine", "f.bin": pattern(100_000)})):
        for address in BOTH:
            curl("--fail", "-o", "/dev/null", url(address, "/"))
            with View("c=last", address) as view:
                check(b"text/event-stream" in view.head and b"no-store" in view.head, view.head)
                view.read(lambda _: len(view.rows()) >= 5, "the packets of the page")
                hello = view.all("hello")[0]
                rows = view.rows()
                check_equal([row["i"] for row in rows], list(range(len(rows))), "numbers of rows")
                check(rows[0]["label"].startswith("SYN seq=0"), rows[0])
                check_equal(rows[1]["reason"], "SynAck", "why the second packet left")
                check(any("GET / HTTP/1.1" in row.get("messages", "") for row in rows), "the request is named")
                check_equal(view.table()[hello["watched"]]["request"], "GET /", "request in the table")
                check(all(row["own"] == 0 for row in view.table().values()), "own connections are hidden")
                check("state" in {moment[0] for data in view.all("packets") for moment in data["moments"]} or
                      any(row["changed"][1] for row in rows), "changes of state")


@case()
def it_follows_a_download_and_tells_losses():
    data = pattern(3_000_000)
    with Server("--impair", "out:loss=2%,delay=5ms", "--seed", 3, site=make_site({"f.bin": data})):
        sock = connect(V4)
        with View() as view:
            view.read(lambda _: view.table(), "the connection is found")
            (number,) = view.table()
        with View(f"c={number}&own=1&lang=zh") as view:
            sock.sendall(request("/f.bin", connection="close"))
            read_to_end(sock)
            view.read(lambda _: any(row.get("lost") for row in view.rows()), "a loss of the link")
            view.read(lambda _: any("Retransmit" in row.get("reason", "") for row in view.rows()), "a retransmission")
            view.read(lambda _: view.all("counters"), "counters")
            check(any(row["own"] for row in view.table().values()), "own connections are shown when asked for")
            check(view.all("hello")[0]["language"] == "zh", "language")
        sock.close()


@case()
def a_thousand_connections_are_told_within_its_rate():
    with Server(site=make_site({"f.bin": b"x" * 2000})):
        socks = [connect(V4) for _ in range(1000)]
        with View() as view:
            view.read(lambda _: view.all("connections"), "the table")
            began, size, batches = patience.Stopwatch(), view.size, len(view.all("connections"))
            stop = threading.Event()

            def ask():
                while not stop.is_set():
                    for sock in socks:
                        sock.sendall(request("/f.bin"))
                        sock.recv(65536)

            asking = threading.Thread(target=ask)
            asking.start()
            view.read(lambda _: len(view.all("connections")) >= batches + 12, "twelve batches", 60)
            seconds = began.seconds
            stop.set()
            asking.join()
            rate = (view.size - size) / max(seconds, 2.75)
            check(rate <= 104_000, f"{rate:.0f} bytes a second")
            check((len(view.all("connections")) - batches) / seconds <= 5, f"batches in {seconds} s")
            check_equal(view.all("connections")[-1]["total"], 1001, "connections in all")
            check(len(view.table()) <= 200, f"{len(view.table())} connections are shown")
        for sock in socks:
            sock.close()


@case()
def too_many_views_are_told_and_a_reader_that_stops_harms_nobody():
    data = pattern(20_000_000)
    with Server(site=make_site({"f.bin": data})) as server:
        views = [View(address=address) for address in (V4, V6) * 4]
        check_equal(exchange(V4, EVENTS).status, 503, "a ninth view")
        check_equal(curl("--fail", url(V4, "/f.bin")), data, "content while eight views are open and not read")
        for view in views:
            view.sock.close()
        wait_until(lambda: status(V4)["view"]["open_views"] == 0, "they are gone")
        with View() as view:
            server.terminate()
            view.read(lambda _: view.all("bye"), "the server says that it ends")
            check_equal(server.wait_end(), 0, "exit status")  # before a second SIGTERM


@case()
def readers_that_stop_do_not_keep_the_places():
    """Eight that hold their windows closed, so that what they were told first waits, and one who looks."""
    with Server() as server:
        idle = [connect(V4) for _ in range(40)]  # whose rows fill a batch
        stopped = [connect(V4, receive_buffer=2048) for _ in range(8)]
        for sock in stopped:
            sock.sendall(request(EVENTS, host=V4))
            check(sock.recv(1), "no answer")
        wait_until(has_place, "one who reads has a place")
        for sock in idle + stopped:
            sock.close()
        server.stop()


def has_place():
    with connect(V4) as sock:
        sock.sendall(request(EVENTS, host=V4))
        return sock.recv(12) == b"HTTP/1.1 200"


def status(address):
    return json.loads(curl("--fail", url(address, "/_glass/status.json")))


@case()
def the_page_the_status_and_how_to_do_without():
    with Server() as server:
        for path in ("/_glass/", "/_glass", "/_glass/index.html"):
            answer = exchange(V4, path)
            built = answer.status == 200 and b"<html" in answer.body
            check(built or (answer.status == 404 and b"scripts/build" in answer.body), f"{path}: {answer}")
            check_equal(answer.fields["cache-control"], "no-store", "Cache-Control")
        check_equal(status(V4)["server"]["process"], str(server.process.pid), "the status as JSON")
    with Server("--no-view"):
        for path in ("/_glass/", EVENTS, "/_glass/status.json", CONTROL):
            check_equal(exchange(V4, path).status, 404, path)
        check(b"--no-view" in exchange(V4, "/_glass/").body, "why there is nothing")
        lab = exchange(V4, "/_glass/lab/")
        brings = b"scripts/setup web &amp;&amp; scripts/build" in lab.body
        check((lab.status == 200 and b"<html" in lab.body) or (lab.status == 404 and brings), f"the lab page: {lab}")


@case()
def the_switches_are_off_unless_they_are_asked_for():
    with Server():
        answer = post({"link": "loss=1%"})
        check_equal(answer.status, 403, "without --control")
        check("--control" in json.loads(answer.body)["error"], answer.body)


@case()
def only_its_own_page_turns_the_switches():
    """A form of another site, a name that was made to mean our address, wrong types, and too much."""
    with Server("--control", "--view-host", "glass.example"):
        good = {"setting": ["sack", "off"]}
        for wanted, fields in ((403, {"origin": None}), (403, {"origin": "null"}),
                               (403, {"origin": "http://evil.example"}), (403, {"origin": f"https://{V4}"}),
                               (403, {"host": "evil.example", "origin": "http://evil.example"}),
                               (415, {"content_type": "application/x-www-form-urlencoded"}),
                               (415, {"content_type": "text/plain"}), (415, {"content_type": None}),
                               (200, {"host": "glass.example", "origin": "http://glass.example"}), (200, {})):
            answer = post(good, **fields)
            check_equal(answer.status, wanted, f"{fields}: {answer.body}")
            check("access-control-allow-origin" not in answer.fields, "no other site may read it")
        answer = post(b"x" * 5000)
        check_equal(answer.status, 413, "a body that is too long")
        check("4096" in json.loads(answer.body)["error"], answer.body)
        chunked = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Transfer-Encoding: chunked",
                      "-H", "Content-Type: application/json", "-H", f"Origin: http://{V4}", "--data-binary",
                      "x" * 100_000, url(V4, CONTROL)).stdout
        check_equal(chunked, "413", "a long body in chunks")
        check_equal(post(b"{").status, 400, "no JSON")
        check_equal(exchange(V4, CONTROL).status, 405, "GET")
        # What a browser asks before it sends JSON to another site gets no leave.
        answer = exchange(V4, CONTROL, "OPTIONS", origin="http://evil.example",
                          access_control_request_method="POST")
        check("access-control-allow-origin" not in answer.fields, answer.fields)
        form = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", '{"link":"loss=100%"}',
                   "-H", "Origin: http://evil.example", url(V4, CONTROL)).stdout
        check(form in ("403", "415"), f"a form of another site: {form}")


@case()
def a_loss_of_everything_locks_nobody_out():
    data = pattern(50_000)
    with Server("--control", site=make_site({"f.bin": data})):
        for address in BOTH:
            with View(address=address) as view:
                answer = post({"link": "loss=100%"}, address)
                check_equal(answer.status, 200, f"{answer.body}")
                check_equal(json.loads(answer.body)["switches"]["link"]["in"], "loss=100%", "the link")
                lost = run("curl", "-sS", "-g", "--max-time", "3", "-o", "/dev/null", url(address, "/f.bin"),
                           check_status=False)
                check(lost.returncode == 28, f"curl ended with {lost.returncode}")
                view.read(lambda _: any(told["link"]["in"] == "loss=100%" for told in view.all("switches")),
                          "the view is told")
                check_equal(exchange(address, "/_glass/status.json").status, 200, "a new connection to the view")
                check_equal(post({"link": ""}, address).status, 200, "the link is healed")
            check_equal(curl("--fail", url(address, "/f.bin")), data, "content afterwards")


@case()
def settings_act_on_connections_that_open_afterwards():
    def has_sack(sock):
        TCP_INFO, OPTION_SACK = 11, 2
        return bool(sock.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 16)[5] & OPTION_SACK)

    with Server("--control"):
        before = connect(V4)
        check(has_sack(before), "SACK at first")
        check_equal(post({"setting": ["sack", "off"]}).status, 200, "sack off")
        with connect(V4) as after:
            check(not has_sack(after), "a connection that opened afterwards has SACK")
        check(has_sack(before), "a connection that was there")
        check_equal(post({"setting": ["sack", "maybe"]}).status, 400, "a wrong value")
        before.close()


@case()
def every_mechanism_can_be_switched_for_connections_that_open_afterwards():
    def options(sock):
        """Of Linux's end: which options the two agreed on, and the MSS."""
        info = sock.getsockopt(socket.IPPROTO_TCP, 11, 24)
        return info[5] & 1, info[5] & 2, info[5] & 4, int.from_bytes(info[16:20], sys.byteorder)

    with Server("--control", site=make_site({"f.bin": pattern(200_000)})), View() as view:
        view.read(lambda _: view.all("switches"), "the switches")
        names = {row["name"] for row in view.all("switches")[0]["settings"]}
        for name in ("rack", "tail_loss_probe", "delayed_ack", "min_rto", "initial_rto", "max_rto", "initial_window",
                     "congestion", "pacing", "hystart", "syn_cookies", "nagle", "ecn", "sack"):
            check(name in names, f"{name} is no switch")
        with connect(V4) as before:
            was = options(before)
            for setting in (["timestamps", "off"], ["window_scaling", "off"], ["mss", "1000"], ["rack", "off"],
                            ["initial_window", "2"], ["min_rto", "500"], ["delayed_ack", "0"], ["pacing", "off"],
                            ["syn_cookies", "only"], ["congestion", "bbr"]):
                check_equal(post({"setting": setting}).status, 200, setting)
            with connect(V4) as after:
                check_equal(options(after)[0], 0, "timestamps")
                check_equal(options(after)[2], 0, "window scaling")
                after.sendall(request("/f.bin", connection="close"))
                check(pattern(200_000) in read_to_end(after), "content")
            check_equal(options(before), was, "a connection that was there")
            before.sendall(request("/f.bin", connection="close"))
            check(pattern(200_000) in read_to_end(before), "content of the old connection")
        view.read(lambda _: {"name": "rack", "value": "off"}.items() <=
                  next(row for row in view.all("switches")[-1]["settings"] if row["name"] == "rack").items(),
                  "the view is told")
        check_equal(post({"setting": ["receive_buffer", "0"]}).status, 400, "what would lock the page out")
        check_equal(post({"setting": ["max_rto", "1"]}).status, 400, "a contradiction")


@case()
def with_offload_the_links_switches_say_why_they_are_off():
    with Server("--control", offload="on"), View() as view:
        view.read(lambda _: view.all("switches"), "the switches")
        check("--offload off" in view.all("switches")[0]["link_disabled"], view.all("switches"))
        check_equal(post({"link": "loss=1%"}).status, 409, "the link")
        check_equal(post({"setting": ["sack", "off"]}).status, 200, "a setting")

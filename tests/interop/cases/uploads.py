"""Bodies that clients send: counted, hashed and discarded."""

import hashlib
import json
import shutil
import time

from capture import Capture
from harness import case, check, check_equal, folder, run
from patience import Stopwatch
from world import (BOTH, V4, V6, Server, connect, curl, exchange, pattern, read_to_end, request, sink_result,
                   split_answers, url)


def sent_by_curl(address, data, *options):
    file = folder() / "body.bin"
    file.write_bytes(data)
    return json.loads(curl("--fail", *options, "-T", str(file), url(address, "/sink?sha256")))


# COVERS: R9112-16 R9110-29
@case(120)
def an_upload_of_any_size_has_the_right_hash():
    for offload in ("off", "on"):
        with Server("--sink", "/sink", offload=offload):
            for size in (0, 1, 1460, 65536, 1_000_003, 50_000_000):
                data = pattern(size, size)
                wanted = (size, hashlib.sha256(data).hexdigest())
                chunked = ["-H", "Transfer-Encoding: chunked"] if size else []  # curl 7.88 omits the end of no chunks
                for address in BOTH:
                    for options in ([], chunked, ["-X", "POST"]):
                        got = sent_by_curl(address, data, *options)
                        what = f"{size} bytes to {address}, {options or 'PUT'}, offload {offload}"
                        check_equal((got["bytes"], got["sha256"]), wanted, what)


@case()
def only_the_sink_takes_uploads():
    with Server("--sink", "/sink"):
        check_equal(sink_result(exchange(V4, "/sink", "PUT", b"abc")), {"bytes": 3}, "without a hash")
        check_equal(sink_result(exchange(V6, "/sink", "POST", iter([b"ab", b"c"]))), {"bytes": 3}, "in chunks")
        check_equal(exchange(V4, "/other", "PUT", b"abc").status, 405, "PUT elsewhere")
        check_equal(sink_result(exchange(V6, "/sink", "POST", iter([]))), {"bytes": 0}, "no chunk at all")
        check_equal(exchange(V4, "/other", "POST", pattern(500_000)).status, 405, "a larger POST elsewhere")
        file = folder() / "large.bin"
        file.write_bytes(pattern(20_000_000))
        status = curl("-H", "Expect: 100-continue", "-T", str(file), "-o", "/dev/null",
                      "-w", "%{http_code} %{size_upload}", url(V4, "/other"))
        check(status in (b"405 0", b"413 0", b"417 0"), f"status and size of what nobody waits for: {status}")
    with Server():
        check_equal(exchange(V4, "/sink", "PUT", b"abc").status, 405, "PUT without --sink")


@case()
def a_client_that_writes_slowly_is_waited_for():
    data = pattern(40)
    with Server("--sink", "/sink"):
        for address in BOTH:
            with connect(address) as sock:
                sock.sendall(request("/sink?sha256", "PUT", content_length=len(data), connection="close"))
                for byte in data:
                    sock.sendall(bytes([byte]))
                    time.sleep(0.02)  # the slowness is what the case is about
                answer = split_answers(read_to_end(sock))[0]
            check_equal(sink_result(answer)["sha256"], hashlib.sha256(data).hexdigest(), "hash")


@case()
def two_hundred_uploads_at_the_same_time():
    data = pattern(300_000)
    with Server("--sink", "/sink"):
        socks = [connect(address) for address in BOTH for _ in range(100)]
        for sock in socks:
            sock.sendall(request("/sink?sha256", "PUT", content_length=len(data), connection="close") + data[:1000])
        for start in range(1000, len(data), 50_000):
            for sock in socks:
                sock.sendall(data[start : start + 50_000])
        wanted = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for sock in socks:
            check_equal(sink_result(split_answers(read_to_end(sock))[0]), wanted, "result")
            sock.close()


@case()
def a_body_that_ends_too_early_is_no_upload():
    with Server("--sink", "/sink"), connect(V4) as sock:
        sock.sendall(request("/sink", "PUT", content_length=1000) + b"x" * 999)
        sock.shutdown(1)
        check(b" 200 " not in read_to_end(sock)[:20], "999 bytes of 1000 were accepted")


# COVERS: MUST-40 SHLD-18 SHLD-19 MUST-58
@case()
def uploads_are_acknowledged_often_enough_and_not_too_often():
    data = pattern(5_000_000)
    with Server("--sink", "/sink"), Capture(snap=120) as capture:
        sink_result(exchange(V4, "/sink", "PUT", data))
        capture.stop()
    sent, waiting, since, worst = 0, 0, 0.0, 0.0
    acks = most = 0
    for packet in capture.packets("tcp", "ip.src", "tcp.len", "frame.time_relative"):
        now = float(packet["frame.time_relative"])
        if packet["ip.src"] == V4:
            acks += packet["tcp.len"] == "0"
            worst = max(worst, now - since) if waiting else worst
            waiting = 0
        elif packet["tcp.len"] != "0":
            sent += 1
            since = since if waiting else now
            waiting += 1
            most = max(most, waiting)
    check(worst < 0.2, f"an acknowledgement came after {worst:.3f} s")
    check(sent / 200 < acks <= sent / 2 + 50, f"{acks} acknowledgements of {sent} segments, at most {most} without one")


def upload_before_reading(address, size, rate=None):
    """A client that sends everything before it reads: the answer, and how the connection ended."""
    with connect(address, timeout=60) as sock:
        sock.sendall(request("/other", "POST", content_length=size))
        for at in range(0, size, 100_000):
            sock.sendall(b"x" * min(100_000, size - at))
            if rate:
                time.sleep(100_000 / rate)  # the slowness is what the case is about
        return split_answers(read_to_end(sock))[0].status  # a reset would be an exception


# COVERS: R9112-33 R9112-29
@case(120)
def the_answer_to_a_refused_upload_reaches_a_client_that_sends_first():
    for offload in ("off", "on"):
        with Server(offload=offload), Capture(snap=120) as capture:
            for address in BOTH:
                for size in (2 << 20, 30 << 20):
                    what = f"{size} bytes to {address}, offload {offload}"
                    check_equal(upload_before_reading(address, size), 405, f"a plain client: {what}")
                    check_equal(exchange(address, "/other", "POST", pattern(size)).status, 405, f"http.client: {what}")
            check_equal(upload_before_reading(V4, 2 << 20, rate=300_000), 405, "one that is slow")
            if shutil.which("wget"):
                file = folder() / "large.bin"
                file.write_bytes(pattern(10 << 20))
                for address in BOTH:
                    done = run("wget", "-q", "-S", "-t", "1", "-T", "20", "-O", "-", "--post-file", file,
                               url(address, "/other"), check_status=False)
                    check(" 405 " in done.stderr, f"wget: {done.stderr}")
            capture.stop()
        check_equal(capture.count(f"tcp.flags.reset == 1 && (ip.src == {V4} || ipv6.src == {V6})"), 0, "resets of ours")


# COVERS: R9112-33
@case(60)
def who_sends_on_too_slowly_is_not_waited_for():
    with Server(), connect(V4, timeout=30) as sock:
        sock.sendall(request("/other", "POST", content_length=99_999_999))
        answer = read_to_end(sock)  # the FIN comes at once; the connection stays half open for a while
        check(b" 405 " in answer[:20], f"the answer: {answer[:50]}")
        watch = Stopwatch()
        try:
            while watch.fair < 25:
                sock.sendall(b"x")
                time.sleep(0.5)
        except (BrokenPipeError, ConnectionResetError):
            pass
        check(4 < watch.seconds and watch.fair < 15, f"a byte each half second was taken for {watch}")

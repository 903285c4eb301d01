"""Requests and answers, over IPv4 and IPv6, as curl and Python's client see them."""

import gzip
import re

from capture import Capture
from harness import case, check, check_equal, folder, wait_until
from patience import Stopwatch
from world import (BOTH, V4, V6, Server, connect, curl, download, exchange, make_site, pattern, read_to_end, request,
                   split_answers, url)


@case()
def every_size_arrives_byte_for_byte():
    sizes = [0, 1, 1459, 1460, 1461, 65536, 1_000_003, 16 << 20, (16 << 20) + 1]
    contents = [pattern(size, size) for size in sizes]
    site = make_site({f"{size}.bin": content for size, content in zip(sizes, contents)})
    for offload in ("off", "on"):
        with Server(site=site, offload=offload):
            for address in BOTH:
                for size, got, sent in zip(sizes, download(address, *(f"/{n}.bin" for n in sizes)), contents):
                    check_equal(got, sent, f"{size} bytes from {address}, offload {offload}")


@case()
def the_built_in_page_needs_no_site():
    with Server() as server:
        check_equal(server.ready, "ready http://192.0.2.2/ http://[2001:db8::2]/", "the ready line")
        four, six = (curl("--fail", url(address)) for address in BOTH)
        check(b"<html" in four, "no page at /")
        check_equal(four, six, "the page over IPv6")
    with Server("--port", "8080") as server:
        check_equal(server.ready, "ready http://192.0.2.2:8080/ http://[2001:db8::2]:8080/", "the ready line")
        check_equal(curl("--fail", "http://192.0.2.2:8080/"), four, "the page on port 8080")


# COVERS: R9110-01 R9110-04 R9110-05 R9110-09 R9110-11
@case()
def head_answers_like_get_without_the_content():
    with Server(site=make_site({"page.html": pattern(5000)})):
        for address in BOTH:
            get, head = exchange(address, "/page.html"), exchange(address, "/page.html", "HEAD")
            check_equal((get.status, head.status), (200, 200), "statuses")
            check_equal(head.body, b"", "content of the answer to HEAD")
            for answer in (get, head):
                check("date" in answer.fields, "no Date")
                del answer.fields["date"]
            check_equal(head.fields, get.fields, "fields of HEAD")
            check_equal(get.fields["content-length"], "5000", "Content-Length")
            check(get.fields["content-type"].startswith("text/html"), f"type {get.fields['content-type']}")


# COVERS: R9110-23 R9110-24 R9110-26 R9110-27
@case()
def ranges_give_parts():
    data = pattern(100_000)
    with Server(site=make_site({"f.bin": data})):
        for asked, first, last in [("0-0", 0, 0), ("99-1460", 99, 1460), ("99999-", 99999, 99999),
                                   ("-500", 99500, 99999), ("50000-999999", 50000, 99999), ("-200000", 0, 99999)]:
            for address in BOTH:
                answer = exchange(address, "/f.bin", range="bytes=" + asked)
                check_equal(answer.status, 206, f"status for {asked}")
                check_equal(answer.fields.get("content-range"), f"bytes {first}-{last}/100000", f"range for {asked}")
                check_equal(answer.body, data[first : last + 1], f"content for {asked}")
        answer = exchange(V4, "/f.bin", range="bytes=100000-")
        check_equal((answer.status, answer.fields.get("content-range")), (416, "bytes */100000"), "beyond the end")
        check_equal(curl("-r", "10-19", url(V6, "/f.bin")), data[10:20], "curl -r")


@case()
def several_ranges_come_as_multipart():
    data = pattern(100_000)
    with Server(site=make_site({"f.bin": data})):
        answer = exchange(V4, "/f.bin", range="bytes=0-9,500-599,-10")
        check_equal(answer.status, 206, "status")
        kind, _, boundary = answer.fields["content-type"].partition("; boundary=")
        check_equal(kind, "multipart/byteranges", "type")
        parts = answer.body.split(b"--" + boundary.strip('"').encode())
        check_equal(parts[-1].strip(), b"--", "the end of the last part")
        found = []
        for part in parts[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            place = re.search(rb"(?i)content-range: bytes (\d+)-(\d+)/100000", head)
            found.append((int(place[1]), int(place[2])))
            check_equal(content[:-2], data[found[-1][0] : found[-1][1] + 1], f"part {found[-1]}")
        check_equal(found, [(0, 9), (500, 599), (99990, 99999)], "parts")


# COVERS: R9110-15 R9110-16 R9110-18 R9110-28
@case()
def conditions_save_the_transfer():
    with Server(site=make_site({"f.txt": b"unchanged\n"})):
        first = exchange(V4, "/f.txt")
        tag, date = first.fields["etag"], first.fields["last-modified"]
        for fields in ({"if_none_match": tag}, {"if_none_match": f'"other", {tag}'}, {"if_modified_since": date}):
            answer = exchange(V6, "/f.txt", **fields)
            check_equal((answer.status, answer.body), (304, b""), f"answer to {fields}")
            check_equal(answer.fields.get("etag"), tag, f"ETag of the answer to {fields}")
        check_equal(exchange(V4, "/f.txt", if_match='"other"').status, 412, "If-Match of another")
        check_equal(exchange(V4, "/f.txt", range="bytes=0-1", if_range=tag).status, 206, "If-Range of this one")
        check_equal(exchange(V4, "/f.txt", range="bytes=0-1", if_range='"other"').status, 200, "If-Range of another")
        etags = folder() / "etag"
        curl("--etag-save", str(etags), url(V4, "/f.txt"))
        status = curl("--etag-compare", str(etags), "-o", "/dev/null", "-w", "%{http_code}", url(V4, "/f.txt"))
        check_equal(status, b"304", "status of curl's second look")


# COVERS: R9110-02 R9110-03 R9112-06 R9112-08 R9112-10 R9112-19
@case()
def what_cannot_be_answered_gets_its_status():
    long_path = "/" + "x" * 9000
    cases = [
        (request("/missing"), 404), (request("/../../etc/passwd"), 404), (request("/%2e%2e/etc/passwd"), 404),
        (request("/", "DELETE"), 405), (request("/", "BREW"), 501), (request(long_path), 414),
        (request("/", field="y" * 33000), 431), (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/3.0\r\n\r\n", 505),
        (b"nonsense\r\n\r\n", 400), (request("/", "POST", content_length="3", transfer_encoding="chunked"), 400),
    ]
    site = make_site({"index.html": b"home\n", "sub/index.html": b"below\n"})
    with Server(site=site):
        for text, status in cases:
            for address in BOTH:
                with connect(address) as sock:
                    sock.sendall(text.replace(b"Host: test\r\n", b"Host: test\r\nConnection: close\r\n"))
                    answers = split_answers(read_to_end(sock))
                check_equal(answers[0].status if answers else None, status, f"status for {text[:60]!r}")
                if status == 405:
                    check("GET" in answers[0].fields.get("allow", ""), "405 without Allow")
        moved = exchange(V4, "/sub")
        check_equal((moved.status, moved.fields.get("location", "")[-5:]), (301, "/sub/"), "a folder without its slash")
        check_equal(exchange(V4, "/sub/").body, b"below\n", "index of a folder")
        check_equal(exchange(V4, "/").body, b"home\n", "index of the site")


@case()
def speaking_tls_to_it_gets_a_hint():
    with Server(), connect(V4) as sock:
        sock.sendall(bytes.fromhex("16030100c8010000c40303") + bytes(194))
        answer = read_to_end(sock)
        check(b" 400 " in answer[:20] and b"http://" in answer, f"answer: {answer[:300]!r}")


# COVERS: R9112-28
@case()
def one_connection_serves_many_requests():
    with Server(site=make_site({"f.bin": pattern(3000)})), Capture() as capture:
        for address in BOTH:
            check_equal(len(download(address, *["/f.bin"] * 20)), 20, "downloads")
        download(V4, "/f.bin", "/f.bin", options=["--http1.0"])
        capture.stop()
        check_equal(capture.count("tcp.flags.syn == 1 && tcp.flags.ack == 0 && ipv6"), 1, "connections over IPv6")
        check_equal(capture.count("tcp.flags.syn == 1 && tcp.flags.ack == 0 && ip"), 3, "connections over IPv4")


# COVERS: R9112-30 R9112-32
@case()
def pipelined_requests_are_answered_in_order():
    files = {f"{number}.bin": pattern(number * 397, number) for number in range(100)}
    with Server(site=make_site(files)):
        for address in BOTH:
            with connect(address) as sock:
                text = b"".join(request("/" + name) for name in files) + request("/0.bin", connection="close")
                sock.sendall(text + request("/1.bin"))  # behind "close": not answered
                answers = split_answers(read_to_end(sock))
            check_equal(len(answers), 101, "answers")
            for name, answer in zip(files, answers):
                check_equal(answer.body, files[name], name)
            with connect(address) as sock:
                for byte in request("/7.bin", connection="close"):  # a request in pieces of one byte
                    sock.sendall(bytes([byte]))
                check_equal(split_answers(read_to_end(sock))[0].body, files["7.bin"], "7.bin")


@case()
def the_access_log_has_a_line_for_each_request():
    log = folder("logs") / "access.log"
    log.touch()
    log.chmod(0o666)
    with Server("--access-log", log, site=make_site({"f.txt": b"12345"})):
        exchange(V4, "/f.txt", user_agent="a b")
        exchange(V6, "/missing?x=1", "HEAD")
        lines = wait_until(lambda: (lines := log.read_text().splitlines()) and len(lines) == 2 and lines, "two lines")
        stamp = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
        check(re.fullmatch(rf'192\.0\.2\.1 - - {stamp} "GET /f\.txt HTTP/1\.1" 200 5 "-" "a b"', lines[0]), lines[0])
        missing = rf'2001:db8::1 - - {stamp} "HEAD /missing\?x=1 HTTP/1\.1" 404 0 "-" "-"'
        check(re.fullmatch(missing, lines[1]), lines[1])


@case()
def compressed_neighbours_are_chosen_by_accept_encoding():
    text = b"".join(b"line %d\n" % n for n in range(20_000))
    site = make_site({"f.txt": text, "f.txt.gz": gzip.compress(text), "f.txt.br": b"not read here"})
    with Server(site=site):
        for address in BOTH:
            unpacked = curl("-H", "Accept-Encoding: gzip", "--compressed", url(address, "/f.txt"))
            check_equal(unpacked, text, "unpacked by curl")
            plain, packed = exchange(address, "/f.txt"), exchange(address, "/f.txt", accept_encoding="gzip, br;q=0")
            check_equal(packed.body, (site / "f.txt.gz").read_bytes(), "bytes sent")
            check_equal((plain.body, plain.fields.get("content-encoding")), (text, None), "without the field")
            check_equal(packed.fields["content-encoding"], "gzip", "coding")
            check_equal(packed.fields["content-type"], plain.fields["content-type"], "type")
            check(packed.fields["etag"] != plain.fields["etag"], "one ETag for two representations")
            check_equal((plain.fields["vary"], packed.fields["vary"]), ("Accept-Encoding",) * 2, "Vary")
            check_equal(exchange(address, "/f.txt", accept_encoding="gzip, br").fields["content-encoding"], "br", "br")
            part = exchange(address, "/f.txt", accept_encoding="gzip", range="bytes=2-9")
            check_equal((part.status, part.body), (206, packed.body[2:10]), "a range of the packed bytes")


@case()
def folders_charsets_added_fields_and_a_page_for_404():
    files = {"404.html": b"<h1>own page</h1>", "gbk.html": b"<meta charset=gbk>\xc4\xe3", "u.html": "<p>ä".encode(),
             "d/<a>&.txt": b"odd", "d/.hidden": b"x", "d/sub/x": b"x", "v.ts": b"G"}
    with Server("--list", "--header", "X-Frame-Options: DENY", "--header", "X-Two:2", site=make_site(files)):
        for address in BOTH:
            page = exchange(address, "/d/")
            check(b'href="%3Ca%3E%26.txt"><bdi>&lt;a&gt;&amp;.txt<' in page.body, f"no escaped link in {page.body!r}")
            check(b"hidden" not in page.body and b'href="sub/"' in page.body, "names of the page")
            check_equal(exchange(address, "/d/%3Ca%3E%26.txt").body, b"odd", "the file behind the link")
            gone = exchange(address, "/nothing", range="bytes=0-1")
            check_equal((gone.status, gone.body), (404, files["404.html"]), "the page for 404")
            for answer in (page, gone):
                check_equal((answer.fields.get("x-frame-options"), answer.fields.get("x-two")), ("DENY", "2"), "added")
                check_equal(answer.fields.get("keep-alive"), "timeout=55", "Keep-Alive")
            kinds = [exchange(address, "/" + name).fields["content-type"] for name in ("gbk.html", "u.html", "v.ts")]
            check_equal(kinds, ["text/html", "text/html; charset=utf-8", "video/mp2t"], "types")


@case()
def a_request_that_never_ends_is_given_up():
    with Server(), connect(V4) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: te")
        watch = Stopwatch()
        answer = read_to_end(sock)
        check(b" 408 " in answer[:20], f"answer {answer[:100]!r}")
        check(5 < watch.seconds and watch.fair < 20, f"after {watch}")

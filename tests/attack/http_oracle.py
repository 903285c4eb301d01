"""Request parsing beside llhttp, the parser of Node.js: what it refuses we refuse, and where it sees one message end
and the next begin, we do. Disagreement about where a request ends is what request smuggling (CWE-444) lives by."""

import base64
import json
import random
import shutil
import socket
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent

# What llhttp refuses and we take or answer in another way, each with its reason. Nothing else may be.
LAXER = {
    "HPE_INVALID_METHOD": "any token is a method (RFC 9110 §9.1): 501, and the connection goes on",
    "HPE_INVALID_URL": "a target is looked up: 400 or 404",
    "HPE_INVALID_VERSION": "505 or 400",
    "HPE_CR_EXPECTED": "a single LF ends a line of the head (RFC 9112 §2.2 allows it)",
    "HPE_LF_EXPECTED": "the same",
}
# Bytes behind a message that said `close` are thrown away by both; llhttp calls it an error.
IGNORED = "HPE_CLOSED_CONNECTION"
REFUSALS = {400, 413, 414, 431, 501, 505}

HEADS = [
    "GET / HTTP/1.1\r\nHost: a\r\n", "GET /a%20b?c=d HTTP/1.1\r\nHost: a\r\n", "HEAD / HTTP/1.0\r\n",
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\n", "GET * HTTP/1.1\r\nHost: a\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n", "GET  / HTTP/1.1\r\nHost: a\r\n", "GET /\r\nHost: a\r\n",
    "GET / HTTP/1.2\r\nHost: a\r\n", "GET / HTTP/2.0\r\nHost: a\r\n", "get / HTTP/1.1\r\nHost: a\r\n",
]
FIELDS = [
    "", "Content-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n", "Content-Length: -1\r\n",
    "Content-Length: 99999999999999999999\r\n", "Content-Length : 5\r\n", "Content-Length:\t5\r\n",
    "Content-Length: 5 \r\n",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Transfer-Encoding: identity\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
    "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding : chunked\r\n", "Transfer-Encoding:\x0bchunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: CHUNKED\r\n",
    "X: a\r\n b\r\n", "X: a\nY: b\r\n", "X\r\n", ": a\r\n", "X: \0\r\n", "X: a\rb\r\n", " X: a\r\n", "X(y): a\r\n",
    "X: \xff\r\n",
    "Connection: close\r\n", "Connection: keep-alive\r\n", "Expect: 100-continue\r\nContent-Length: 5\r\n",
]
BODIES = ["", "hello", "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n", "05\r\nhello\r\n0\r\n\r\n",
          "5\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n",
          "ffffffffffffffff\r\nhello", "-5\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n"]
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def requests(count):
    """Texts: every combination of a few parts, and those with a byte or two changed."""
    chance, texts = random.Random(4711), []
    whole = [head + fields + "\r\n" + body for head in HEADS[:5] for fields in FIELDS for body in BODIES]
    whole += [head + fields + "\r\n" for head in HEADS for fields in FIELDS]
    chance.shuffle(whole)
    for text in whole[: count * 2 // 3]:
        texts.append(text.encode("latin-1") + NEXT)
    while len(texts) < count:
        data = bytearray(chance.choice(whole).encode("latin-1"))
        for _ in range(chance.randrange(1, 3)):
            at = chance.randrange(len(data))
            data[at:at + chance.randrange(2)] = bytes([chance.choice(b"\r\n\0\t :;,=xX05\x80\x7f")])
        texts.append(bytes(data) + NEXT)
    return texts


def ask_llhttp(texts):
    lines = "\n".join(base64.b64encode(text).decode() for text in texts)
    done = subprocess.run(["node", HERE / "llhttp_oracle.js"], input=lines, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def ask_server(address, text):
    """The status codes of a connection that says this and no more; interim ones are left out."""
    data = b""
    with socket.create_connection((address, 80), 20) as sock:
        sock.sendall(text)
        sock.shutdown(socket.SHUT_WR)
        try:
            while piece := sock.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
    return statuses(data, text.lstrip(b"\r\n").startswith(b"HEAD "))


def statuses(data, first_has_no_content):
    found = []
    while data.startswith(b"HTTP/1."):
        head, _, rest = data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        has_content = status >= 200 and not (first_has_no_content and not found)
        data = rest[int(fields.get(b"content-length", 0)):] if has_content else rest
        if status >= 200:
            found.append(status)
    return found


def has_single_line_feed(text):
    """In its head: RFC 9112 §2.2 lets it end a line, and llhttp does not take it."""
    head = text[: text.index(b"\r\n\r\n")]
    return b"\n" in head.replace(b"\r\n", b"") or b"\r\n\n" in text or text.startswith(b"\n")


def judge(theirs, ours):
    """What is wrong, or nothing. `theirs`: of llhttp; `ours`: statuses. What we refuse is not counted as taken."""
    refused_by_us = bool(ours) and ours[-1] in REFUSALS
    taken = len(ours) - refused_by_us
    if theirs["refused"] in LAXER or theirs["upgrade"]:  # (an upgrade ends HTTP for llhttp; we do none)
        return ""
    if taken > theirs["complete"]:
        return f"takes {taken} messages where llhttp takes {theirs['complete']} {theirs['refused']}"
    if theirs["refused"] in ("", IGNORED) and taken < theirs["complete"] and not refused_by_us:
        return f"takes {taken} messages where llhttp takes {theirs['complete']}, and refuses none"
    return ""


def compare(address, count):
    """(passed, failed, lines to print)"""
    if not shutil.which("node"):
        return 0, 0, ["llhttp: not run: node is missing (scripts/setup web)"]
    texts = requests(count)
    wrong, stricter = [], 0
    for text, theirs in zip(texts, ask_llhttp(texts)):
        ours = ask_server(address, text)
        fault = judge(theirs, ours)
        # Who expects 100 and is refused may send its body or not: we close (RFC 9110 §10.1.1).
        if fault and not has_single_line_feed(text) and b"100-continue" not in text:
            wrong.append(f"FAILED llhttp: {fault}: {text[:-len(NEXT)]!r} {ours} {theirs}")
        stricter += not theirs["refused"] and any(status in (400, 501, 505) for status in ours)
    told = f"llhttp: {len(texts)} requests, {len(wrong)} disagreements, {stricter} that only we refuse"
    return (0, 1, [*wrong[:12], told]) if wrong else (1, 0, [told])

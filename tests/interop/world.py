"""The server under test, its site, and clients: curl, and plain sockets for what curl cannot do."""

import http.client
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass

import patience
from harness import PROGRAM, Failed, check, check_equal, folder, run

V4, V6 = "192.0.2.2", "2001:db8::2"  # the server, by default
HOST_V4, HOST_V6 = "192.0.2.1", "2001:db8::1"  # the kernel's end of the TUN device
BOTH = (V4, V6)
NOBODY = 65534


def url(address, path="/"):
    return f"http://[{address}]{path}" if ":" in address else f"http://{address}{path}"


def pattern(size, seed=1):
    """Bytes that look like no other part of themselves."""
    return random.Random(seed).randbytes(size)


def make_site(files, name="site"):
    """A folder with these files: {"a/b.bin": bytes}."""
    top = folder(name)
    for path, content in files.items():
        file = top / path
        file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file.write_bytes(content)
    return top


# --- The server -----------------------------------------------------------------------------------------------------


class Server:
    """`glasstcp serve` in the namespace of this case. As a context manager it is ready inside, and stopped behind:
    then it must have ended with 0 and without a word (`may_speak` allows words on stderr). `stderr`: a descriptor
    instead of a file of its own."""

    def __init__(self, *options, site=None, offload="off", prefix=(), may_speak=False, stderr=None):
        self.may_speak = may_speak
        self.errors = folder() / f"stderr-{time.monotonic_ns()}"
        arguments = ["serve", "--offload", offload, *map(str, options)]
        if site is not None:
            arguments += ["--site", str(site)]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([*prefix, PROGRAM, *arguments], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE,
                                            stderr=errors if stderr is None else stderr)
        self.ready = ""

    def wait_ready(self, seconds=20):
        watch, readable = patience.Stopwatch(), []
        while not readable and watch.fair < seconds:
            readable, _, _ = select.select([self.process.stdout], [], [], 0.5)
        if readable:
            self.ready = self.process.stdout.readline().decode().rstrip("\n")
        check(self.ready.startswith("ready http"), f"no ready line, but {self.ready!r}; stderr: {self.stderr()}")
        return self

    def stderr(self):
        return self.errors.read_text(errors="replace")

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_end(self, seconds=15):
        """Its exit status."""
        watch = patience.Stopwatch()
        while True:
            try:
                return self.process.wait(0.5)
            except subprocess.TimeoutExpired:
                if watch.fair > seconds:
                    raise Failed(f"the server did not end within {watch}; stderr: {self.stderr()}") from None

    def stop(self):
        if self.process.poll() is None:
            self.terminate()
        check_equal(self.wait_end(), 0, f"exit status of the server (stderr: {self.stderr()})")
        if not self.may_speak:
            check_equal(self.stderr(), "", "stderr of the server")

    def __enter__(self):
        return self.wait_ready()

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
            return
        was = self.process.poll()
        if was is None:
            self.process.kill()
            self.process.wait()
        print(f"(the server {'was running' if was is None else f'had ended with {was}'}; stderr: {self.stderr()!r})")


# --- Clients --------------------------------------------------------------------------------------------------------


def curl(*arguments, seconds=50, status=True):
    """Its stdout as bytes."""
    command = ["curl", "-sS", "-g", "--max-time", str(seconds * patience.MOST), *arguments]
    return run(*command, seconds=seconds, text=False, check_status=status).stdout


def download(address, *paths, options=(), seconds=50):
    """Fetches all paths with one curl, over one connection if the server lets it. Gives their contents, in order."""
    outputs = [folder("downloads") / f"{os.getpid()}-{number}" for number in range(len(paths))]
    arguments = []
    for path, output in zip(paths, outputs):
        output.write_bytes(b"")  # curl makes no file for an empty answer
        arguments += [url(address, path), "-o", str(output)]
    curl("--fail", *options, *arguments, seconds=seconds)
    return [output.read_bytes() for output in outputs]


def connect(address, port=80, timeout=20, local_port=None, receive_buffer=None):
    """A connected TCP socket with a timeout."""
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(timeout * patience.factor())
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if local_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", local_port))
    sock.connect((address, port))
    return sock


def reset(sock):
    """Aborts: the kernel sends RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def request(path="/", method="GET", host="test", **fields):
    """The text of a request. Fields: connection="close", if_none_match=..."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_to_end(sock):
    """All until the peer's FIN."""
    pieces = []
    while piece := sock.recv(1 << 20):
        pieces.append(piece)
    return b"".join(pieces)


@dataclass
class Answer:
    status: int
    fields: dict  # names in lower case
    body: bytes


def split_answers(data):
    """The answers of a connection, each with its Content-Length (none for HEAD)."""
    answers = []
    while data:
        head, separator, data = data.partition(b"\r\n\r\n")
        check(separator, f"the answer ends within its head: {head[:200]!r}")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(fields.get("content-length", 0))
        answers.append(Answer(int(first.split(" ")[1]), fields, data[:size]))
        check(len(data) >= size, f"{len(data)} bytes of a content of {size}")
        data = data[size:]
    return answers


def exchange(address, path="/", method="GET", body=None, **fields):
    """One request on a connection of its own, by Python's client, which checks the framing."""
    client = http.client.HTTPConnection(address, 80, timeout=30 * patience.factor())
    try:
        client.request(method, path, body, {name.replace("_", "-").title(): value for name, value in fields.items()})
        answer = client.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{method} {path} at {address}: {type(error).__name__} {error}") from None
    finally:
        client.close()


def fetch_all_at_once(address, path, wanted, count):
    """Opens `count` connections at the same time, and compares what comes over each byte by byte."""
    import asyncio

    async def fetch():
        reader, writer = await asyncio.open_connection(address, 80, limit=1 << 20)
        writer.write(request(path, connection="close"))
        data = await reader.read(-1)
        writer.close()
        return data.partition(b"\r\n\r\n")[2] == wanted

    async def all_of_them():
        return await asyncio.gather(*(fetch() for _ in range(count)), return_exceptions=True)

    results = asyncio.run(all_of_them())
    errors = [result for result in results if result is not True]
    check(not errors, f"{len(errors)} of {count} downloads are not what was served; the first: {errors[:1]!r}")


def sink_result(answer):
    check_equal(answer.status, 200, f"status of the sink ({answer.body[:200]!r})")
    return json.loads(answer.body)

"""What the attacks on HTTP share: many connections that one process holds, and what became of them."""

import argparse
import errno
import socket
import time


def arguments(description, connections, path="/"):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--to", required=True, metavar="ADDRESS", help="the server")
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--seconds", type=float, default=10, help="how long it goes on")
    parser.add_argument("--connections", type=int, default=connections, help="at the same time")
    parser.add_argument("--path", default=path, help="what is asked for; {} is a number")
    parser.add_argument("--files", type=int, default=1000, help="how many numbers there are (default: 1000)")
    return parser.parse_args()


class Attack:
    """Keeps `connections` open: one that ends is replaced. `begin(sock)` speaks first; `step(sock)` is called once a
    second for each of them."""

    def __init__(self, options, receive_buffer=None):
        self.options, self.receive_buffer = options, receive_buffer
        self.sockets = []
        self.opened = self.refused = self.ended = self.reset = 0

    def open(self):
        sock = socket.socket(socket.AF_INET6 if ":" in self.options.to else socket.AF_INET)
        if self.receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        sock.settimeout(2)
        try:
            sock.connect((self.options.to, self.options.port))
            self.opened += 1
            self.begin(sock)
        except OSError:
            self.refused += 1
            sock.close()
            return
        sock.setblocking(False)
        self.sockets.append(sock)

    def path(self):
        """What the next connection asks for."""
        return self.options.path.format(self.opened % self.options.files)

    def begin(self, sock):
        raise NotImplementedError

    def step(self, sock):
        raise NotImplementedError

    def turn(self, sock):
        """Whether it is still there."""
        try:
            return self.step(sock)
        except BlockingIOError:
            return True
        except OSError as error:
            self.reset += error.errno == errno.ECONNRESET
            return False

    def run(self):
        end = time.monotonic() + self.options.seconds
        while (now := time.monotonic()) < end:
            while len(self.sockets) < self.options.connections and time.monotonic() < end:
                before = len(self.sockets)
                self.open()
                if len(self.sockets) == before:
                    break
            for sock in [sock for sock in self.sockets if not self.turn(sock)]:
                self.sockets.remove(sock)
                sock.close()
                self.ended += 1
            time.sleep(max(0, min(end, now + 1) - time.monotonic()))
        print(f"opened {self.opened}, refused {self.refused}, ended by the server {self.ended} "
              f"(reset {self.reset}), held at the end {len(self.sockets)}")


def request(path, method="GET", *fields):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: attack", *fields, "", ""]).encode()


def waits_for_more(sock):
    """Reads one byte; False: the server has closed."""
    return sock.recv(1) != b""


def stands(sock):
    """Looks at the connection without reading; raises what it ended with."""
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, "ended")
    return True

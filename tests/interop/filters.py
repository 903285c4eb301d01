"""Loss on purpose: a filter on a client's socket drops segments that arrive for it (tcpdump still sees them)."""

import ctypes
import socket
import struct

ATTACH, DETACH = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER
RETURN, LOAD, JUMP_IF_AT_LEAST = 0x06, 0x20, 0x35  # of classic BPF
RANDOM = 0xFFFFF000 + 56  # where a load gives a random number
KEEP, DROP = 0xFFFFFFFF, 0


def attach(sock, *instructions):
    """Each instruction: (code, steps to jump if true, if false, operand)."""
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in instructions))
    description = struct.pack("HL", len(instructions), ctypes.addressof(program))
    sock.setsockopt(socket.SOL_SOCKET, ATTACH, description)


def drop_everything(sock):
    attach(sock, (RETURN, 0, 0, DROP))


def drop_some(sock, share):
    attach(sock, (LOAD, 0, 0, RANDOM), (JUMP_IF_AT_LEAST, 0, 1, int(share * 2**32)), (RETURN, 0, 0, KEEP),
           (RETURN, 0, 0, DROP))


def drop_no_more(sock):
    sock.setsockopt(socket.SOL_SOCKET, DETACH, 0)

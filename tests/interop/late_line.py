"""A line between the server's host and a client in another namespace, which can hold back what goes to the client."""

import ctypes
import fcntl
import os
import select
import socket
import struct
import threading

from cases.path import Namespace, add_addresses
from harness import check, run, set_sysctl

SET_INTERFACE, TUN, NO_HEADER = 0x400454CA, 0x0001, 0x1000  # TUNSETIFF, IFF_TUN, IFF_NO_PI
CLONE_NEWNET = 0x40000000
MTU = 65535


def open_tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, SET_INTERFACE, struct.pack("16sH22x", name.encode(), TUN | NO_HEADER))
    run("ip", "link", "set", name, "mtu", MTU)
    return device


class LateLine:
    """Two TUN devices, near0 here and far0 at the client, and a thread that carries packets from one to the other.
    (A late packet, made without the kernel's netem, and late for exactly as long as a case wants.)"""

    def __init__(self, client_address, server_network):
        self.client = Namespace()
        self.near, self.far = open_tun("near0"), open_tun("far0")
        run("ip", "link", "set", "far0", "netns", self.client.process.pid)
        self.client.ip("link", "set", "far0", "up")
        run("ip", "link", "set", "near0", "up")
        add_addresses(self.client, "far0", client_address + "/128")
        self.client.ip("route", "add", server_network, "dev", "far0")
        run("ip", "route", "add", client_address + "/128", "dev", "near0")
        set_sysctl("net.ipv6.conf.all.forwarding", 1)
        self.guard = threading.Lock()
        self.holding, self.held = False, []
        self.seen = ""  # flags of the TCP segments from either end, " them:S us:SA them:A" (them: the client)
        threading.Thread(target=self._carry, daemon=True).start()

    def _carry(self):
        while True:
            for source in select.select([self.near, self.far], [], [])[0]:
                packet = os.read(source, MTU)
                with self.guard:
                    if packet[6] == socket.IPPROTO_TCP:
                        names = "".join(name for bit, name in enumerate("FSRPA") if packet[53] >> bit & 1)
                        self.seen += f" {'us' if source == self.near else 'them'}:{names}"
                    if source == self.near and self.holding:
                        self.held.append(packet)
                    else:
                        os.write(self.far if source == self.near else self.near, packet)

    def hold(self):
        with self.guard:
            self.holding = True

    def let_go(self, go_on_holding=False):
        """Delivers, late, what was held back."""
        with self.guard:
            self.holding = go_on_holding
            held, self.held = self.held, []
            for packet in held:
                os.write(self.far, packet)

    def at_the_client(self, function):
        """What function() gives, called in the client's namespace (where a socket stays that was made there)."""
        given = []

        def call():
            with open(f"/proc/{self.client.process.pid}/ns/net") as namespace:
                entered = ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET)
            if entered == 0:
                given.append(function())

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()
        check(given, "nothing came of the client's namespace")
        return given[0]

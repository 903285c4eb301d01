"""Run in a client's namespace: opens a connection, says a stray segment beside it that conntrack cannot place, and asks
again on the same connection.

usage: stray_segment.py INTERFACE ADDRESS PORT AHEAD WINDOW
  AHEAD   how far beyond what the server expects the stray segment lies, bytes
  WINDOW  the window that it offers, by which a rule may know it
Prints "answered", or how the connection ended.
"""

import socket
import struct
import sys
import time

interface, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
ahead, window = int(sys.argv[4]), int(sys.argv[5])
v6 = ":" in address
REQUEST = b"GET /f.bin HTTP/1.1\r\nHost: test\r\n\r\n"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ask(sock):
    sock.sendall(REQUEST)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"mine"):
        piece = sock.recv(65536)
        if not piece:
            raise OSError("the server closed")
        answer += piece


sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x86DD if v6 else 0x0800))
sniffer.bind((interface, 0))
sniffer.settimeout(0.3)
client = socket.create_connection((address, port), 5)
client.settimeout(5)
ask(client)

# Where the connection stands, by the last segment of the server.
mine = client.getsockname()[1]
acknowledged = following = 0
try:
    while True:
        packet = sniffer.recv(65536)
        at = 40 if v6 else (packet[0] & 15) * 4
        source, target, seq, ack, offset = struct.unpack("!HHIIB", packet[at:at + 13])
        size = (struct.unpack("!H", packet[4:6])[0] + 40 if v6 else struct.unpack("!H", packet[2:4])[0])
        if source == port and target == mine:
            acknowledged, following = ack, seq + size - at - (offset >> 4) * 4
except TimeoutError:
    pass

seq, ack = (acknowledged + ahead) % 2**32, following % 2**32
tcp = struct.pack("!HHIIBBHHH", mine, port, seq, ack, 5 << 4, 0x10, window, 0, 0)
family = socket.AF_INET6 if v6 else socket.AF_INET
ends = socket.inet_pton(family, client.getsockname()[0]) + socket.inet_pton(family, address)
tcp = tcp[:16] + struct.pack("!H", checksum(ends + struct.pack("!HH", 6, len(tcp)) + tcp)) + tcp[18:]
with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
    raw.sendto(tcp, (address, 0))
time.sleep(0.5)  # for what the stray segment makes others say
try:
    ask(client)
    print("answered")
except OSError as error:
    print(f"{type(error).__name__}: {error}")

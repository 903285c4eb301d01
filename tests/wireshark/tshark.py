"""Reads our captures, and asks Wireshark what it sees in them."""

import struct
import subprocess
import sys
from dataclasses import dataclass, field

FLAGS = ("retransmission", "fast_retransmission", "spurious_retransmission", "duplicate_ack", "window_update",
         "zero_window", "window_full", "keep_alive", "keep_alive_ack", "out_of_order", "zero_window_probe")
PACKET, COMMENT, END = 6, 1, 0
FIELDS_MARK = "glasstcp/1: "


@dataclass
class Frame:
    """A frame of the first interface: what our second comment says, and what Wireshark says."""
    file: str
    number: int  # among those of its capture's first interface, from 1
    time_ns: int
    packet: bytes
    ours: dict
    flags: set = field(default_factory=set)


def comments_of(options):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("<HH", options, at)
        if code == END:
            return
        if code == COMMENT:
            yield options[at + 4:at + 4 + length].decode()
        at += 4 + (length + 3 & ~3)


def read_capture(path):
    """The frames of the first interface of a capture of ours."""
    data, at, frames = path.read_bytes(), 0, []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == PACKET:
            interface, high, low, size, _ = struct.unpack_from("<IIIII", data, at + 8)
            start = at + 28
            lines = [line for line in comments_of(data[start + (size + 3 & ~3):at + length - 4])
                     if line.startswith(FIELDS_MARK)]
            if len(lines) != 1:
                sys.exit(f"{path.name}: a packet with {len(lines)} lines of fields")
            ours = dict(pair.split("=", 1) for pair in lines[0].removeprefix(FIELDS_MARK).split())
            if interface == 0:
                frames.append(Frame(path.stem, len(frames) + 1, high << 32 | low, data[start:start + size], ours))
        at += length
    return frames


def numbered(packet, number):
    """The packet with the number of its capture in both addresses, so that no two captures share a conversation."""
    mark, is_v4 = (number + 0x0A00).to_bytes(2), packet[0] >> 4 == 4
    first, second = (12, 16) if is_v4 else (10, 26)
    return packet[:first] + mark + packet[first + 2:second] + mark + packet[second + 2:]


def write_plain(path, captures):
    """The frames of all captures, one capture after the other, as a pcap file of raw IP without a word of ours."""
    shift = last = 0
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))
        for number, frames in enumerate(captures):
            shift = last + 10_000_000_000 - (frames[0].time_ns if frames else 0)
            for frame in frames:
                last = frame.time_ns + shift
                seconds, ns = divmod(last, 1_000_000_000)
                size = len(frame.packet)
                out.write(struct.pack("<IIII", seconds, ns, size, size) + numbered(frame.packet, number))


def flagged_frames(paths, scratch):
    """Every frame of all captures, with Wireshark's flags."""
    captures = [read_capture(path) for path in paths]
    frames = [frame for own in captures for frame in own]
    plain = scratch / "frames.pcap"
    write_plain(plain, captures)
    command = ["tshark", "-n", "-r", str(plain), "-T", "fields", "-o", "ip.check_checksum:false"]
    for flag in FLAGS:
        command += ["-e", "tcp.analysis." + flag]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300)
    lines = answer.stdout.splitlines()
    if len(lines) != len(frames):
        sys.exit(f"tshark read {len(lines)} of {len(frames)} frames: {answer.stderr[-500:]}")
    for frame, line in zip(frames, lines):
        frame.flags = {flag for flag, shown in zip(FLAGS, line.split("\t")) if shown}
    return frames

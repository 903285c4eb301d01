"""Compares our words with Wireshark's flags. See run."""

import collections
import csv
import re
import sys
from pathlib import Path

from tshark import FLAGS

HERE = Path(__file__).parent
LEAST_AGREED = 5
MOST_EXCEPTIONS = 0.05


def rows(name):
    with open(HERE / name, newline="") as file:
        for row in csv.reader((line for line in file if not line.startswith("#")), delimiter="\t"):
            yield row


# --- What our words mean -------------------------------------------------------------------------------------------


def read_meanings():
    """{(way, word): (flags of which it needs one, flags that it allows as well)}"""
    table = {}
    for way, word, needs, allows in rows("meanings.tsv"):
        needed = set(needs.split("|"))
        table[way, word] = needed, needed | set(filter(None, allows.split("|")))
        unknown = table[way, word][1] - set(FLAGS)
        if unknown:
            sys.exit(f"meanings.tsv: no such flag: {', '.join(unknown)}")
    return table


def words_of(frame):
    """Our words for a frame: its events without their counts, and why it was sent."""
    way = "in" if frame.ours["dir"] in ("in", "drop") else "out"
    words = [(way, re.sub(r"\d+$", "", event)) for event in frame.ours.get("event", "").split(",") if event]
    if "reason" in frame.ours:
        words.append((way, "reason:" + frame.ours["reason"]))
    return words


def differences(frame, meanings):
    """(flag, side that says it, word of ours or "") for all that only one of the two says."""
    known = [(word, *meanings[way, word]) for way, word in words_of(frame) if (way, word) in meanings]
    allowed = set().union(*(allows for _, _, allows in known))
    first = next((word for _, word in words_of(frame)), "")
    for flag in sorted(frame.flags - allowed):
        yield flag, "wireshark", first
    for word, needs, _ in known:
        if not needs & frame.flags:
            yield sorted(needs)[-1], "ours", word


# --- Exceptions ----------------------------------------------------------------------------------------------------

COMPARISON = re.compile(r"(\w+)(=|!=|<=|>=|<|>|~|!~)(\S+)$")
OPERATIONS = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "<=": lambda a, b: a <= b,
              ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, ">": lambda a, b: a > b}


def facts_of(frame):
    """What a condition may ask: our fields, and what stands in the packet itself."""
    packet = frame.packet
    header = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
    total = 40 + int.from_bytes(packet[4:6]) if packet[0] >> 4 == 6 else int.from_bytes(packet[2:4])
    tcp = packet[header:]
    facts = dict(frame.ours, flags=",".join(sorted(frame.flags)))
    if len(tcp) >= 20:
        bits = tcp[13]
        facts.update(len=total - header - (tcp[12] >> 4) * 4, window=int.from_bytes(tcp[14:16]),
                     syn=bits >> 1 & 1, fin=bits & 1, rst=bits >> 2 & 1)
    return facts


def holds(condition, facts):
    """A condition is comparisons with " and " between: NAME=VALUE, NAME~ITEM (a list has the item), two names."""
    for part in condition.split(" and "):
        found = COMPARISON.match(part)
        if not found:
            sys.exit(f"exceptions.tsv: cannot read the condition {part!r}")
        name, operation, value = found.groups()
        have = str(facts.get(name, ""))
        if operation in ("~", "!~"):
            if (value in re.split("[,|]", have)) != (operation == "~"):
                return False
            continue
        other = str(facts.get(value, value))
        if operation not in ("=", "!="):
            if not have.lstrip("-").isdigit() or not other.lstrip("-").isdigit():
                return False
            have, other = int(have), int(other)
        if not OPERATIONS[operation](have, other):
            return False
    return True


class Exceptions:
    def __init__(self):
        self.rows = [(*row[:4], int(row[4]), row[5]) for row in rows("exceptions.tsv")]
        self.frames = collections.Counter()

    def takes(self, difference, facts):
        for number, (flag, side, word, condition, _, _) in enumerate(self.rows):
            if (flag, side, word) == difference and holds(condition, facts):
                self.frames[number] += 1
                return True
        return False

    def changed(self):
        for number, (flag, side, word, condition, wanted, _) in enumerate(self.rows):
            if self.frames[number] != wanted:
                yield f"exception {flag} {side} {word} [{condition}]: {self.frames[number]} frames, not {wanted}"


# --- The judgement -------------------------------------------------------------------------------------------------


def judge(frames, wanted):
    """Prints what was found. The exit status."""
    meanings, exceptions = read_meanings(), Exceptions()
    frames = [frame for frame in frames if "seq" in frame.ours]  # TCP
    agreed, flagged, excepted, unexplained = collections.Counter(), 0, 0, []
    for number, frame in enumerate(frames):
        found = list(differences(frame, meanings))
        flagged += bool(frame.flags or found)
        agreed.update(frame.flags - {flag for flag, _, _ in found})
        facts = facts_of(frame) if found else {}
        explained = [exceptions.takes(difference, facts) for difference in found]
        excepted += bool(found)
        unexplained += [(frame, difference) for difference, is_known in zip(found, explained) if not is_known]
        for flag, side, word in found:
            if wanted in (flag, "all"):
                print(f"{frame.file} {frame.number}: {side} {flag} {word}: {frame.ours}")
    failures = [f"{frame.file} frame {frame.number}: only {side} says {flag} ({word or 'no word'}); "
                f"flags {sorted(frame.flags)}; {frame.ours}" for frame, (flag, side, word) in unexplained]
    kinds = collections.Counter((flag, side, word) for _, (flag, side, word) in unexplained)
    for (flag, side, word), count in kinds.most_common():
        print(f"not explained: {count} frames where only {side} says {flag} ({word or 'no word'})")
    for failure in failures[:20]:
        print(failure)
    checks = [not failures]
    for line in exceptions.changed():
        print(line)
        checks.append(False)
    for flag in FLAGS:
        checks.append(agreed[flag] >= LEAST_AGREED)
        print(f"{flag:24} {agreed[flag]:6} frames in agreement{'' if checks[-1] else ': too few'}")
    share = excepted / max(flagged, 1)
    checks.append(share <= MOST_EXCEPTIONS)
    print(f"{len(frames)} frames, {flagged} with a flag or a word of ours, {excepted} exceptions ({share:.1%})")
    print(f"{sum(checks)} passed, {len(checks) - sum(checks)} failed")
    return 0 if all(checks) else 1

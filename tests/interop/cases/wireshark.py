"""Wireshark's plugin and profile (scripts/wireshark): fields, columns, colours and buttons, by tshark."""

import os
import random
import re
import shutil
import struct
from dataclasses import dataclass

from harness import TOP, NotRun, case, check, check_equal, folder, run
from world import V4, Server, curl, make_site, pattern, url

FILES = TOP / "scripts" / "wireshark"
PLUGIN, PROFILE = FILES / "glasstcp.lua", FILES / "glasstcp"
INSTALL = TOP / "scripts" / "wireshark-install"
TRACE = TOP / "stack" / "trace"
STUB = TOP / "tests" / "interop" / "wireshark_stub.lua"
LUA = ["lua5.2", "lua5.4"]

# Comments, and what the plugin must read in them: the fields in their order. None: it shows nothing.
LINES = [
    ("glasstcp/1: dir=in event=DuplicateAck3,SackReport verdict=Accepted rfc=5681#2 class=loss-recovery cwnd=18824 "
     "srtt_us=214 now_ns=17861031841250",
     ["dir=in", "event=DuplicateAck3", "event=SackReport", "verdict=Accepted", "rfc=5681#2", "class=loss-recovery",
      "cwnd=18824", "srtt_us=214", "now_ns=17861031841250"]),
    ("glasstcp/1: reason=FastRetransmit message=response:2@0-1447/19328,response:3@0-99/? peer=FIN-WAIT-1|TIME-WAIT "
     "states=ESTABLISHED>CLOSE-WAIT timer=Retransmit timer=Persist",
     ["reason=FastRetransmit", "message=response:2@0-1447/19328", "message=response:3@0-99/?",
      "peer=FIN-WAIT-1|TIME-WAIT", "states=ESTABLISHED>CLOSE-WAIT", "timer=Retransmit", "timer=Persist"]),
    ("glasstcp/1: dir=lost-in stream=4294967295", ["dir=lost-in", "stream=4294967295"]),
    # Numbers that are none.
    ("glasstcp/1: cwnd=-1 flight=0x10 pipe=1e5 lost=4294967296 mss= srtt_us=1.5 rto_us=12345678901234567890",
     [f"malformed={word}" for word in ("cwnd=-1", "flight=0x10", "pipe=1e5", "lost=4294967296", "mss=", "srtt_us=1.5",
                                       "rto_us=12345678901234567890")]),
    # Percent-encoding: commas and control characters inside of values, '%' without digits.
    ("glasstcp/1: state=%41%zz%4 event=a%2Cb,c reason=%00%0A%1B[31m%ff",
     ["state=A%zz%4", "event=a,b", "event=c", "reason=\\x00\\x0A\\x1B[31m\\xFF"]),
    # Words that are no keys, keys that come twice, empty values, and keys of a newer program (no fault).
    ("glasstcp/1: cwnd=1 cwnd=2 event=,,, =x noise colour=red %63wnd=3",
     ["cwnd=1", "malformed=cwnd=2", "malformed=event=,,,", "malformed==x", "malformed=noise", "malformed=%63wnd=3"]),
    ("glasstcp/1: malformed=x", []),
    ("glasstcp/1:", []),
    # Too much.
    ("glasstcp/1: mss=1448 event=" + "e," * 300 + " cwnd=1", ["mss=1448", "malformed=too many values"]),
    ("glasstcp/1: mss=1448 unknown=" + "e" * 9000 + " cwnd=1", ["mss=1448", "malformed=longer than 8192 bytes"]),
    # Not for this plugin.
    ("glasstcp/2: event=PeerFin", None),
    ("IN PeerFin: GET /glasstcp/1: event=PeerFin", None),
]


def block(kind, body):
    """A block of a pcapng file."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def write_capture(file, comments):
    """A packet (a SYN) with a sentence and this comment each."""
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    packet = header + struct.pack("!HHIIBBHHH", 40000, 80, 1, 0, 0x50, 2, 1000, 0, 0)
    blocks = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    blocks += block(1, struct.pack("<HHI", 101, 0, 0))
    for number, comment in enumerate(comments):
        options = b""
        for text in (b"a sentence", comment):
            options += struct.pack("<HH", 1, len(text)) + text + b"\0" * (-len(text) % 4)
        head = struct.pack("<IIIII", 0, 0, number, len(packet), len(packet))
        blocks += block(6, head + packet + options + struct.pack("<HH", 0, 0))
    file.write_bytes(blocks)
    return file


def environment():
    """That of a person of this case, whose home is empty but for what cases put there."""
    kept = {k: v for k, v in os.environ.items() if k not in ("XDG_CONFIG_HOME", "WIRESHARK_CONFIG_DIR", "SUDO_USER")}
    return kept | {"HOME": str(folder("home"))}


def install(*options):
    return run(INSTALL, *options, env=environment())


def tshark(capture, *options):
    """Its lines, with the plugin and the profile that scripts/wireshark-install has put there. An error in the plugin
    or in a file of the profile is one of the case."""
    done = run("tshark", "-n", "-C", "glasstcp", "-r", capture, *options, env=environment())
    said = [line for line in done.stderr.splitlines() if "Running as user" not in line]
    check(not said, f"tshark says {said[:5]}")
    return done.stdout.splitlines()


def fields_of(capture, *names, shown="frame", more=()):
    """A list of values for each packet; the values of one field in a packet are separated by ';'. `more`: options."""
    options = [*more, *(word for name in names for word in ("-e", name))]
    lines = tshark(capture, "-Y", shown, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;", *options)
    return [line.split("\t") for line in lines]


def keys_of_plugin():
    return re.findall(r'^  \{"(\w+)", "(\w+)", "', PLUGIN.read_text(), re.M)


@dataclass
class Class:
    """A row of the table in stack/trace/reason_class.cc: how a class is called, its mark, and how it looks."""
    key: str
    mark: str
    light: str
    tint: str


def classes():
    """The table, in its order."""
    table = []
    for texts in re.findall(r'ReasonClassInfo\{\w+,\s*((?:"[^"]*",?\s*)+)', (TRACE / "reason_class.cc").read_text()):
        key, _, _, mark, light, _, tint = re.findall(r'"([^"]*)"', texts)[:7]
        table.append(Class(key, mark, light, tint))
    enumerators = re.search(r"enum class ReasonClass[^{]*\{(.*?)\};", (TRACE / "reason_class.h").read_text(), re.S)
    check_equal(len(table), len(re.findall(r"^ *\w+,", enumerators[1], re.M)), "rows that can be read")
    return table


def rule_colour(text):
    """#rrggbb as Wireshark writes it: 16 bits each."""
    return ",".join(str(int(text[at:at + 2], 16) * 257) for at in (1, 3, 5))


@case()
def its_colours_are_those_of_the_table():
    table = classes()
    loss = next(row for row in table if row.key == "loss-recovery")
    wanted = ['@glasstcp lost on the link@glasstcp.dir in {"lost-in", "lost-out"}@'
              f"[65535,65535,65535][{rule_colour(loss.light)}]"]
    wanted += [f'@glasstcp {row.mark} {row.key}@glasstcp.class == "{row.key}"@[{rule_colour(row.tint)}][0,0,0]'
               for row in table]
    found = [line for line in (PROFILE / "colorfilters").read_text().splitlines() if not line.startswith("#")]
    check_equal(found, wanted, "colour rules")
    install()
    lines = [f"glasstcp/1: dir=in class={row.key}" for row in table] + ["glasstcp/1: dir=lost-out class=data"]
    check_colours(write_capture(folder() / "classes.pcapng", [line.encode() for line in lines]))


@case()
def each_key_of_a_line_is_a_field():
    text = (TOP / "stack" / "README.md").read_text()
    table = text.partition("a line for programs, `glasstcp/1:")[2].partition("\n## ")[0]
    documented = [key for row in re.findall(r"^\| (`.*?) \|", table, re.M) for key in re.findall(r"`(\w+)`", row)]
    check(len(documented) > 25, f"only {documented} in the table of stack/README.md")
    check_equal(sorted(key for key, _ in keys_of_plugin()), sorted(documented), "keys")


@case()
def what_is_hostile_or_malformed_is_left_out_and_said():
    install()
    capture = write_capture(folder() / "lines.pcapng", [line.encode() for line, _ in LINES])
    names = [key for key, _ in keys_of_plugin()] + ["malformed"]
    rows = fields_of(capture, "glasstcp", *(f"glasstcp.{name}" for name in names))
    check_equal(len(rows), len(LINES), "packets")
    for (line, wanted), (is_shown, *values) in zip(LINES, rows):
        check_equal(bool(is_shown), wanted is not None, f"whether it is shown: {line[:80]}")
        found = [f"{name}={one}" for name, value in zip(names, values) for one in value.split(";") if value]
        check_equal(sorted(found), sorted(wanted or []), f"fields of {line[:80]}")


@case()
def noise_does_no_harm():
    install()
    noise = random.Random(1)
    lines = []
    for _ in range(300):
        text = bytearray(noise.choice(LINES)[0].encode()[:2000])
        for _ in range(noise.randrange(1, 20)):
            place = noise.randrange(11, max(12, len(text))) % len(text)  # behind the mark
            text[place] = noise.choice([*b"% ,=", noise.randrange(256)])
        lines.append(bytes(text))
    shown = tshark(write_capture(folder() / "noise.pcapng", lines), "-V", "-O", "glasstcp")
    check(sum(line == "glasstcp" for line in shown) > 200, "few packets have a line that is read")
    check(not [line for line in shown if "Lua Error" in line], "an error in the plugin")


@case()
def it_runs_in_each_lua():
    here = [program for program in LUA if shutil.which(program)]
    if not here:
        raise NotRun("no Lua interpreter but tshark's: apt-get install lua5.4")
    # Neither a line feed within a comment nor a number of more than 53 bits is what this is about.
    given = "".join(line + "\n" for line, _ in LINES)
    wanted = ["\t".join(f"glasstcp.{entry}" for entry in wanted or []) for _, wanted in LINES]
    for program in here:
        run(program.replace("lua", "luac"), "-p", PLUGIN)
        check_equal(run(program, STUB, PLUGIN, input=given).stdout.splitlines(), wanted, f"by {program}")


@case(seconds=90)
def a_visit_is_shown_in_columns_colours_and_buttons():
    install()
    capture = folder() / "visit.pcapng"
    site = make_site({"index.html": b"<p>hello", "a.bin": pattern(60000)})
    with Server("--capture", capture, "--impair", "drop=out:5", "--lang", "zh", site=site):
        curl("-o", os.devnull, url(V4, "/a.bin"))
        curl("-o", os.devnull, url(V4))
    rows = fields_of(capture, "glasstcp.dir", "glasstcp.class", "glasstcp.malformed", "frame.comment")
    check(len(rows) > 60, f"only {len(rows)} packets")
    check(all(direction and not malformed for direction, _, malformed, _ in rows), "a packet without its fields")
    for shown in ('glasstcp.event == "DuplicateAck3"', 'glasstcp.dir == "lost-out"', "glasstcp.cwnd > 1448",
                  'glasstcp.states == "LISTEN>SYN-RECEIVED"', 'glasstcp.peer contains "TIME-WAIT"',
                  "glasstcp.srtt_us > 0 && glasstcp.rto_us >= 200000", 'glasstcp.reason == "NewData"'):
        check(fields_of(capture, "frame.number", shown=shown), f"no packet is {shown}")
    graph = tshark(capture, "-q", "-z", "io,stat,0,MAX(glasstcp.cwnd)glasstcp.cwnd")
    check(any(re.search(r"<> .*\| *\d{5,} *\|", line) for line in graph), f"no number for a graph in {graph}")
    # The columns of the profile, and the values that stand in them.
    columns = fields_of(capture, *(f"_ws.col.{name}" for name in ("State", "Peer", "Event", "Reason", "cwnd")),
                        shown='glasstcp.reason == "Fin"')
    check(columns and columns[0][0] in ("LAST-ACK", "FIN-WAIT-1") and columns[0][3] == "Fin", f"columns {columns[:2]}")
    check(all("FinAcknowledgesFin" in row[2] and int(row[4]) > 0 for row in columns), f"columns {columns}")
    line = tshark(capture, "-Y", 'glasstcp.verdict == "HandshakeComplete"')[0]
    check(re.search(r" ESTABLISHED ESTABLISHED AckOfSyn HandshakeComplete \d+ ", line), f"columns of {line!r}")
    check_colours(capture)
    buttons = re.findall(r'^"TRUE","(\w+)","(.*)",".*"$', (PROFILE / "dfilter_buttons").read_text(), re.M)
    check_equal([name for name, _ in buttons], ["handshake", "close", "states", "losses", "requests"], "buttons")
    found = {name: len(tshark(capture, "-Y", shown.replace(r"\x22", '"'))) for name, shown in buttons}
    check(found["handshake"] == 6 and found["close"] == 6 and found["states"] >= 8 and found["losses"] >= 5, f"{found}")
    check_equal(found["requests"], 4, "first segments of two requests and two responses")


def check_colours(capture):
    """The rule of each packet is that of its class, or says that the link lost it."""
    rules = fields_of(capture, "glasstcp.dir", "glasstcp.class", "frame.coloring_rule.name", more=["--color"])
    for direction, key, rule in rules:
        wanted = "lost on the link" if direction.startswith("lost") else key
        is_right = rule.startswith("glasstcp ") and rule.endswith(" " + wanted)
        check(is_right, f"{rule!r} is the rule of a packet of {wanted!r}")


@case()
def it_installs_twice_and_leaves_nothing_behind():
    home = folder("home")
    said = install().stdout
    check_equal(install().stdout, said, "what a second time says")
    plugin, profile = (line.split(maxsplit=1)[1] for line in said.splitlines())
    check_equal([plugin.startswith(str(home)), profile.startswith(str(home))], [True, True], "in the person's folders")
    names = sorted(os.listdir(PROFILE))
    check_equal(sorted(os.listdir(profile)), names, "files of the profile")
    with open(os.path.join(profile, "preferences"), "a", encoding="utf-8") as file:
        file.write("# mine\n")
    check("preferences.bak" in install().stderr, "says nothing of a changed file")
    check("# mine" in open(os.path.join(profile, "preferences.bak"), encoding="utf-8").read(), "a change is lost")
    os.remove(os.path.join(profile, "preferences.bak"))
    install("--uninstall")
    check(not os.path.exists(plugin) and not os.path.exists(profile), "something is left behind")
    check_equal(install("--uninstall").stdout, "", "what a second removal says")

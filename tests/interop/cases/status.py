"""What a running server says of itself: `glasstcp status`, and SIGUSR1."""

import json
import os
import signal

from harness import PROGRAM, case, check, check_equal, run, wait_until
from world import BOTH, NOBODY, V4, Server, connect, exchange, make_site, pattern

SECTIONS = ["server", "connections", "packets", "received", "sent", "limits", "lost", "view", "memory", "options"]


def status(*options, check_status=True):
    return run(PROGRAM, "status", *options, check_status=check_status)


def numbers(*options):
    return json.loads(status("--json", *options).stdout)


@case()
def it_counts_what_passed():
    with Server("--port", "8080", "--congestion", "cubic", site=make_site({"f.bin": pattern(300_000)})) as server:
        before = numbers()
        check_equal(list(before), SECTIONS, "sections")
        check_equal(before["server"]["process"], str(server.process.pid), "process")
        check_equal(before["server"]["interface"], "tun0", "interface")
        check_equal(before["options"]["--port"], "8080", "an option")
        check_equal(before["options"]["--congestion"], "cubic", "a setting of TCP")
        check_equal(before["connections"]["LISTEN"], 2, "listeners")
        socks = [connect(address, 8080) for address in BOTH]
        wait_until(lambda: numbers()["connections"]["ESTABLISHED"] == 2, "both connections are counted")
        after = numbers()
        for name, more in (("SynAccepted", 2), ("HandshakeComplete", 2)):
            check_equal(after["received"][name] - before["received"][name], more, f"received, {name}")
        check_equal(after["sent"]["SynAck"] - before["sent"]["SynAck"], 2, "sent, SynAck")
        check(after["packets"]["packets_in"] > before["packets"]["packets_in"], "no packet is counted")
        check(0 < after["memory"]["tcp"] < after["memory"]["tcp_most"], f"memory: {after['memory']}")
        check_equal([list(section) for section in after.values()], [list(section) for section in before.values()],
                    "keys, which stay the same")
        for sock in socks:
            sock.close()


@case()
def people_get_text_in_their_language():
    with Server(may_speak=True) as server:
        exchange(V4)
        text = status().stdout
        for words in ("connections\n", "options in force\n", "SynAccepted: ", "  --site: (built in)\n"):
            check(words in text, f"no {words!r} in {text}")
        check("ResetAccepted" not in text, "a counter that is 0")
        chinese = status("--lang", "zh").stdout
        check("连接\n" in chinese and "生效的选项\n" in chinese, chinese)
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "options in force" in server.stderr(), "SIGUSR1 prints it")
        told = server.stderr()
        check("SynAccepted: " in told and "connections\n" in told, told)


@case()
def who_may_ask_and_whom():
    none = status(check_status=False)
    check_equal(none.returncode, 1, "status where no server runs")
    check("no glasstcp server runs" in none.stderr, none.stderr)
    second = ["--tun", "tun1", "--address", "198.51.100.2/24", "--host-address", "198.51.100.1",
              "--address6", "2001:db8:7::2/64", "--host-address6", "2001:db8:7::1"]
    with Server(), Server(*second):
        check("several servers" in status(check_status=False).stderr, "which of two is not asked")
        check_equal(numbers("--tun", "tun1")["server"]["interface"], "tun1", "interface")
        stranger = run("setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", PROGRAM, "status", "--tun",
                       "tun1", check_status=False)
        check_equal(stranger.returncode, 1, "status of a stranger")
        check("only root" in stranger.stderr or "neither root's nor yours" in stranger.stderr, stranger.stderr)
    with Server() as server:
        os.kill(server.process.pid, signal.SIGSTOP)
        stopped = status(check_status=False)
        os.kill(server.process.pid, signal.SIGCONT)
        check_equal(stopped.returncode, 1, "status of a server that is stopped")
        check("does not answer" in stopped.stderr, stopped.stderr)

"""What every case needs: how it is declared, how it fails, and how it waits."""

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import patience

TOP = Path(__file__).resolve().parents[2]
PROGRAM = os.path.abspath(os.environ.get("GLASSTCP", TOP / "build" / "glasstcp"))
NOT_RUN = 77  # exit status of a case that cannot run here

CASES = {}


class Failed(Exception):
    """The program did not do what the case shows."""


class NotRun(Exception):
    """What the case needs is not here."""


@dataclass
class Case:
    name: str
    function: Callable
    seconds: int


def case(seconds=60):
    """Declares a case, which is killed after that many seconds (more of them where the machine is busy)."""

    def declare(function):
        name = function.__module__.split(".")[-1] + "." + function.__name__
        CASES[name] = Case(name, function, seconds)
        return function

    return declare


def check(condition, what):
    if not condition:
        raise Failed(what)


def check_equal(got, wanted, what):
    if got == wanted:
        return
    if isinstance(got, bytes) and isinstance(wanted, bytes) and len(got) + len(wanted) > 400:
        place = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
        raise Failed(f"{what}: {len(got)} bytes instead of {len(wanted)}, different from byte {place} on")
    raise Failed(f"{what}: {got!r} instead of {wanted!r}")


def wait_until(condition, what, seconds=10):
    """Waits until the condition gives something true, and gives that; longer where the machine is busy."""
    watch = patience.Stopwatch()
    while True:
        found = condition()
        if found:
            return found
        if watch.fair > seconds:
            raise Failed(f"waited {watch} in vain until {what}")
        time.sleep(0.02)


def run(*command, check_status=True, seconds=50, text=True, **more):
    """Runs a tool to its end. Gives its CompletedProcess, with stdout and stderr."""
    watch = patience.Stopwatch()
    words = [str(c) for c in command]
    if "input" in more:
        more |= {"stdin": subprocess.PIPE}
    given = more.pop("input", None)
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text, **more) as process:
        try:
            out, err = patience.communicate(process, seconds, given)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{' '.join(words[:6])} did not end within {seconds} s ({watch})") from None
    done = subprocess.CompletedProcess(words, process.returncode, out, err)
    if check_status and done.returncode != 0:
        error = done.stderr if text else done.stderr.decode(errors="replace")
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}: {error.strip()}")
    return done


def folder(name=None):
    """A folder of this case, readable by everybody; removed by the runner."""
    path = Path(os.environ["INTEROP_FOLDER"])
    if name:
        path = path / name
        path.mkdir(mode=0o755, exist_ok=True)
    return path


def captures():
    """The folder for captures that a person may want to open: that of `run --captures`, else one that is removed."""
    kept = os.environ.get("GLASSTCP_CAPTURES")
    return Path(kept) if kept else folder("captures")


def set_sysctl(name, value):
    Path("/proc/sys", *name.split(".")).write_text(str(value))

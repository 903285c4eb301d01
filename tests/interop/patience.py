"""How long to wait: a machine that is busy makes a case slow, not red.

A limit is given in the seconds of a machine that has nothing else to do. What counts against it is time divided by how
busy the machine is: by the tasks that want a processor for each processor that there is, and by what a hypervisor
takes away. A sampler looks ten times a second, at the machine as a whole (/proc/loadavg, /proc/stat), so that tasks
outside of the case's namespaces count, too. Never by more than MOST, so that every wait ends.
"""

import os
import subprocess
import threading
import time

MOST = 8
INTERVAL = 0.1


def _runnable():
    """Tasks that run or want to, on the whole machine; the one that asks is among them."""
    with open("/proc/loadavg") as file:
        return int(file.read().split()[3].partition("/")[0])


def _ticks():
    """(all, stolen) since the start, of all processors."""
    with open("/proc/stat") as file:
        numbers = [int(n) for n in file.readline().split()[1:9]]
    return sum(numbers), numbers[7] if len(numbers) > 7 else 0


def _processors():
    """Those of the machine, since its tasks are counted; of us, where we may use fewer."""
    return max(1, os.cpu_count() or 1)


class _Sampler(threading.Thread):
    """Adds up the seconds that a machine with nothing else to do would have needed."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lock = threading.Lock()
        self.at, self.fair = time.monotonic(), 0.0
        self.factor, self.worst = 1.0, 1.0
        self.ticks = _ticks()

    def run(self):
        while True:
            time.sleep(INTERVAL)
            self.look()

    def look(self):
        try:
            wanting, ticks = _runnable() - 1, _ticks()
        except (OSError, ValueError, IndexError):  # a system that does not tell: every second counts
            wanting, ticks = 1, self.ticks
        all_ticks, stolen = ticks[0] - self.ticks[0], ticks[1] - self.ticks[1]
        self.ticks = ticks
        left = 1 - stolen / all_ticks if all_ticks > 0 else 1
        now_factor = min(MOST, max(1.0, wanting / _processors()) / max(left, 1 / MOST))
        with self.lock:
            self._advance()
            # Smoothed over about half a second: one look sees one moment.
            self.factor += (now_factor - self.factor) / 4
            self.worst = max(self.worst, self.factor)

    def _advance(self):
        now = time.monotonic()
        self.fair += (now - self.at) / self.factor
        self.at = now

    def fair_time(self):
        with self.lock:
            self._advance()
            return self.fair


_sampler = None
_beginning = threading.Lock()  # the cases of a run begin side by side


def _running():
    global _sampler
    with _beginning:
        if _sampler is None:
            _sampler = _Sampler()
            _sampler.look()
            _sampler.start()
        return _sampler


def fair_time():
    """A clock that goes slower the busier the machine is."""
    return _running().fair_time()


def factor():
    """How busy the machine is now: 1 is not at all."""
    _running().fair_time()
    return _sampler.factor


def worst():
    """The busiest that it was since the first call."""
    return _running().worst


class Stopwatch:
    """Measures from its making. A lower limit is compared with `seconds`, an upper one with `fair`."""

    def __init__(self):
        self.started, self.fairly = time.monotonic(), fair_time()

    @property
    def seconds(self):
        return time.monotonic() - self.started

    @property
    def fair(self):
        return fair_time() - self.fairly

    def __str__(self):
        seconds, fair = self.seconds, self.fair
        return f"{seconds:.2f} s" + (f" (as {fair:.2f} s on an idle machine)" if fair < seconds * 0.95 else "")


def communicate(process, seconds, given=None):
    """Popen.communicate() with a patient limit. Raises subprocess.TimeoutExpired."""
    watch = Stopwatch()
    while True:
        try:
            return process.communicate(given, timeout=1)
        except subprocess.TimeoutExpired:
            given = None  # it goes on with what it was given first
            if watch.fair > seconds:
                raise

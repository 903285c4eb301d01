"""Chromium without a window, as Debian has it: it opens a page, or prints a page. Nothing leaves the namespaces."""

import os
import shutil

from harness import NotRun, folder, run

QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-proxy-server"]


def chromium(*options, profile="profile", seconds=60):
    """Runs it to its end. What it caches stays in `profile` for the next time. Raises NotRun where there is none."""
    if not shutil.which("chromium"):
        raise NotRun("no chromium")
    run("chromium", *QUIET, f"--user-data-dir={folder(profile)}", *options,
        env=os.environ | {"HOME": str(folder("home"))}, seconds=seconds)


def open_page(address, profile="profile"):
    """Loads a page with all that it shows. Its time is virtual: three seconds pass as fast as nothing is to be done."""
    chromium("--virtual-time-budget=3000", f"--screenshot={folder() / 'page.png'}", address, profile=profile)

"""How the programs are compiled and linked, read by readelf: what makes a mistake of ours harder to use."""

import platform
import re
import shutil
from pathlib import Path

from harness import PROGRAM, NotRun, case, check, run

BESIDE = ("glasstcp-capture", "glasstcp-report")


def is_release():
    """By the folder that it was built in; elsewhere (an installed program) it is taken for one."""
    cache = Path(PROGRAM).parent / "CMakeCache.txt"
    if not cache.is_file():
        return True
    text = cache.read_text()
    return "CMAKE_BUILD_TYPE:STRING=Release" in text and "GLASSTCP_ASAN:BOOL=ON" not in text


def check_program(program):
    name = program.name
    head = run("readelf", "-hW", program).stdout
    check(re.search(r"Type:\s+DYN", head), f"{name}: is no position-independent executable")
    segments = run("readelf", "-lW", program).stdout
    check("GNU_RELRO" in segments, f"{name}: no relocation is read-only once it runs")
    stack = next(line for line in segments.splitlines() if "GNU_STACK" in line)
    check(" RW " in stack and "RWE" not in stack, f"{name}: the stack can be executed: {stack}")
    check(not re.search(r"LOAD.*RWE", segments), f"{name}: memory that can be written and executed")
    dynamic = run("readelf", "-dW", program).stdout
    check(re.search(r"FLAGS.*(BIND_NOW|NOW)", dynamic), f"{name}: bound late, so that the table stays writable")
    check("TEXTREL" not in dynamic and "RPATH" not in dynamic, f"{name}: relocations in code, or a path for libraries")
    if platform.machine() == "x86_64":
        notes = run("readelf", "-nW", program).stdout
        check(re.search(r"x86 feature:.*SHSTK", notes), f"{name}: is not marked for a shadow stack: {notes}")
    used = run("readelf", "-W", "--dyn-syms", program).stdout
    check("__stack_chk_fail" in used, f"{name}: no stack protector")
    check(re.search(r"__\w+_chk@", used), f"{name}: nothing is checked by _FORTIFY_SOURCE")


@case()
def a_release_is_hardened():
    if not shutil.which("readelf"):
        raise NotRun("no readelf (binutils)")
    if not is_release():
        raise NotRun("the program is no release build")
    programs = [Path(PROGRAM), *(path for path in map(Path(PROGRAM).parent.joinpath, BESIDE) if path.exists())]
    for program in programs:
        check_program(program)

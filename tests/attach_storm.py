# SPDX-License-Identifier: MIT
"""The program attach_storm.cpp under many attaches, for a test and for the long test."""

from support import BUILD, check, program, require_attach, run_bare, start_traced, temp_dir, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"


def order(verb, *words):
    """Attaches or detaches. If the loader's lock is not free for two seconds, fdtrail says so, and is asked again."""
    for _ in range(10):
        asked = run_bare([FDTRAIL, verb, *words])
        if "holds the loader's lock" not in asked.err:
            break
    check.equal(asked.status, 0, asked.err)


def run(times):
    """Attaches and detaches so many times. Returns a line that says what was done, after lines that begin with "bad"
    if the program noticed anything."""
    require_attach()
    stop = temp_dir() / "stop"
    storm = start_traced([program("attach_storm"), BUILD / "tests" / "programs" / "libstorm.so", stop], traced=False,
                         timeout=100)
    wait_until(lambda: "ready\n" in storm.out)
    for _ in range(times):
        order("attach", "--background", storm.pid)
        order("detach", storm.pid)
    stop.touch()
    check.equal(storm.wait().status, 0)
    return f"{times} attaches and detaches to 16 threads: {storm.out.partition('ready')[2].strip()}: good"

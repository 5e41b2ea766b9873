# SPDX-License-Identifier: MIT
"""Runs of the differential torture (tests/torture/) and of the storm (tests/storm/), for the short tests and
the long ones: snapshots are compared with /proc and with the records of random threads.

    TEST_SEED=4711 scripts/test torture    again with the seed that a failure has printed"""

import re
from pathlib import Path

from support import BUILD, ENGINE, check, ran, run_traced, seed, temp_dir

PROGRAM = BUILD / "tests" / "torture" / "torture"
STORM = BUILD / "tests" / "storm" / "storm"
PLUGIN = BUILD / "tests" / "torture" / "libplugin.so"


def torture(threads, operations, every, timeout):
    """Runs this many operations in this many threads, with a comparison each time every thread has made `every`
of them."""
    folder, number = temp_dir(), seed()
    words = [f"--report={folder}/report.", f"--plugin={PLUGIN}", f"--seed={number}", f"--threads={threads}",
             f"--operations={operations}", f"--every={every}"]
    if ENGINE == "ptrace":
        words.append("--outside")
    run = run_traced([PROGRAM, *words], OUTPUT=f"{folder}/report.%p", INHERITED=1, CLOSERS=6, cwd=folder, timeout=timeout)
    failed = Path(folder, "failed.txt")
    check.equal((run.status, run.err), (0, ""),
                f"seed {number}\n{run.out}\n{failed.read_text() if failed.exists() else ''}")
    check.contains(run.out, "no discrepancy")
    ran("torture" if ENGINE == "preload" else f"torture by {ENGINE}", run.out.strip())


def storm(seconds):
    """Up to a thousand signals a second for this many seconds, while threads make calls that must not notice."""
    folder = temp_dir()
    run = run_traced([STORM, f"{folder}/report.", PLUGIN, seconds], OUTPUT=f"{folder}/report.%p.%n", EXIT=0,
                     timeout=seconds + 100)
    check.equal((run.status, run.err), (0, ""), run.out)
    counts = re.match(r"(\d+) requests, (\d+) handled by the program, (\d+) snapshots, .* 0 EINTR: good", run.out)
    check.true(counts, "the program has said what it did")
    for what, number, least in zip(("requests", "handled", "snapshots"), counts.groups(), (10, 10, 3)):
        check.at_least(int(number), least * seconds, what)
    ran("storm", f"{seconds} s: {run.out.strip()}")

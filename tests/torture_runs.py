# SPDX-License-Identifier: MIT
"""Runs of the differential torture (tests/torture/), for the short test and the long one: what snapshots
say is held against /proc and against what random threads know.

    TEST_SEED=4711 tests/real/test_torture.py    once more with the seed that a failure has printed"""

from pathlib import Path

from support import BUILD, ENGINE, check, ran, run_traced, seed, temp_dir

PROGRAM = BUILD / "tests" / "torture" / "torture"
PLUGIN = BUILD / "tests" / "torture" / "libplugin.so"


def torture(threads, operations, every, timeout):
    """So many operations by so many threads, with a comparison each time every thread has made `every`."""
    folder, number = temp_dir(), seed()
    words = [f"--report={folder}/report.", f"--plugin={PLUGIN}", f"--seed={number}", f"--threads={threads}",
             f"--operations={operations}", f"--every={every}"]
    if ENGINE == "ptrace":
        words.append("--outside")
    run = run_traced([PROGRAM, *words], OUTPUT=f"{folder}/report.%p", INHERITED=1, cwd=folder, timeout=timeout)
    failed = Path(folder, "failed.txt")
    check.equal((run.status, run.err), (0, ""),
                f"seed {number}\n{run.out}\n{failed.read_text() if failed.exists() else ''}")
    check.contains(run.out, "no discrepancy")
    ran("torture", run.out.strip())

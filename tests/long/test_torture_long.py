#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Differential torture, ten million operations, and two million by the ptrace engine, which is slower;
tests/torture_runs.py says how to repeat a failure."""

from support import ENGINE, main, test
from torture_runs import torture

PART = 1 if ENGINE == "preload" else 5


@test("snapshots of {1} operations by {0} threads match what the threads and /proc know", timeout=2400,
      each=[(4, 8_000_000 // PART, 2000), (1, 1_000_000 // PART, 1000), (16, 1_000_000 // PART, 250)])
def _(threads, operations, every):
    torture(threads, operations, every, timeout=2390)


main()

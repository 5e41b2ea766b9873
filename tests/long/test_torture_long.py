#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Differential torture, ten million operations of it; tests/torture_runs.py says how to repeat a failure."""

from support import main, test
from torture_runs import torture


@test("of {1} operations by {0} threads the snapshots tell what the threads and /proc know", timeout=2400,
      each=[(4, 8_000_000, 2000), (1, 1_000_000, 1000), (16, 1_000_000, 250)])
def _(threads, operations, every):
    torture(threads, operations, every, timeout=2390)


main()

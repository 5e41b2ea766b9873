#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Differential torture, 200,000 operations; tests/torture_runs.py says how to repeat a failure."""

from support import main, test
from torture_runs import torture


@test("snapshots of {1} operations by {0} threads match what the threads and /proc know", timeout=300,
      each=[(4, 160_000, 1000), (1, 20_000, 500), (16, 20_000, 250)])
def _(threads, operations, every):
    torture(threads, operations, every, timeout=280)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The whole command with AddressSanitizer and UBSan on many mutants of snapshots: tests/sanitized_runs.py."""

from sanitized_runs import enemy_snapshots
from support import main, test


@test("sanitizers find nothing when each verb reads hostile snapshots, and no path in them is written to: {} mutants",
      each=[5000], timeout=3000)
def _(mutants):
    enemy_snapshots(mutants)


main()

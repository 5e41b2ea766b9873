#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signals and forks at a high rate for 60 s; the program is in tests/storm/."""

from support import main, test
from torture_runs import storm


@test("up to a thousand signals a second for 60 s: no deadlock, no torn snapshot, nothing lost, no EINTR",
      timeout=190)
def _():
    storm(60)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Signals and forks under fire, for 60 s; tests/storm/ is the program."""

from support import main, test
from torture_runs import storm


@test("up to a thousand signals a second for 60 s: no deadlock, no torn snapshot, nothing lost, no EINTR",
      timeout=190)
def _():
    storm(60)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A thousand attaches and detaches to a program that does everything at once."""

import attach_storm
from support import check, main, ran, test


@test("16 threads that allocate, open, throw, load, start threads and fork notice nothing of 1000 attaches",
      timeout=3000)
def _():
    storm = attach_storm.run(1000)
    check.lacks(storm, "bad")
    ran("attach", storm)


main()

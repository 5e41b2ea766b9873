#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The faults on purpose (tests/faults/) still fit the sources. long/test_faults_long.py tries which tests notice
them."""

from collections import Counter

import faults
from support import SOURCE, check, main, ran, test


@test("every fault on purpose changes one place of the sources")
def _():
    sources = faults.read_sources(SOURCE)
    found = faults.read_all()
    for fault in found:
        faults.place(fault, sources)
    check.at_least(len(found), 60, "faults")
    ran("faults", f"{len(found)} faults on purpose fit the sources")


@test("capture, ledger, snapshot and the ptrace engine have ten faults each")
def _():
    rooms = Counter(fault.room for fault in faults.read_all())
    for room in ("capture", "ledger", "snapshot", "engine"):
        check.at_least(rooms[room], 10, room)


@test("every fault names tests that exist")
def _():
    tests = [path.stem.replace("test_", "", 1) for path in (SOURCE / "tests").glob("*/test_*.py")]
    tests += [path.stem.replace("test-", "", 1) for path in (SOURCE / "tests" / "unit").glob("test-*.c")]
    for fault in faults.read_all():
        for killer in fault.killers:
            name = killer.partition(": ")[0].removesuffix(" by ptrace")
            check.true(name == "the compiler" or name in tests, f"{fault}: there is a test {name!r}")


main()

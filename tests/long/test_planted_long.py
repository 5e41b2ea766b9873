#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ten million operations of a Go program with planted code, in all states of Go's runtime. tests/planted_storm.py."""

import planted_storm
from support import main, ran, require, test

SECONDS = 60
# Each time that the program opens something, it closes it, too.
TIMES = 1_250_000
WAYS = {
    "static": ("nocgo", {}),
    "linked with the C library": ("default", {}),
    "static, in a garbage collection all the time": ("nocgo", {"GOGC": "1"}),
    "position-independent, without preemption by signals": ("pie", {"GODEBUG": "asyncpreemptoff=1"}),
}


@test("{}: in 2,500,000 opens and closes, each snapshot is what the program has open", each=list(WAYS), timeout=1800)
def _(way):
    require("go")
    variant, environment = WAYS[way]
    listed = made = snapshots = 0
    while made < TIMES:
        more = planted_storm.run(variant, SECONDS, environment)
        listed, made, snapshots = listed + more[0], made + more[1], snapshots + more[2]
    ran(way, f"opened {made} times, {listed} descriptors listed in {snapshots} snapshots")


main()

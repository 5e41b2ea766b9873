#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of scripts/bench --languages: what an open in an interpreted language costs, as ratios of a
traced run to a bare one. Each program prints the nanoseconds of an operation: the fastest of many short rounds,
because a round that another process has interrupted says nothing. Each ratio is the median of pairs, a bare run
and a traced one in turn."""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROWS = {  # row: interpreters to look for, program, its arguments, the highest ratio allowed
    "Python, socket + close, 16 frames": (["/usr/bin/python3", "python3"], "opens.py", ["socket", "16"], 1.10),
    "Python, open + close, 16 frames": (["/usr/bin/python3", "python3"], "opens.py", ["open", "16"], 1.10),
    "Python, os.open + os.close, 16 frames": (["/usr/bin/python3", "python3"], "opens.py", ["os.open", "16"], None),
    "Node, fs.openSync + fs.closeSync, 16 frames": (["node", "nodejs"], "opens.js", ["16"], 1.15),
    "Node, fs.openSync + fs.closeSync, 1 frame": (["node", "nodejs"], "opens.js", ["1"], 1.15),
    "Python, open + close, 1 frame": (["/usr/bin/python3", "python3"], "opens.py", ["open", "1"], 1.10),
    "Java, FileInputStream open + close, 32 frames": (["java"], "Opens.java", ["32"], 1.50),
    "Perl, open + close, 16 frames": (["perl"], "opens.pl", ["16"], None),
    "Erlang, file:open + file:close, 16 frames": (["escript"], "opens.escript", ["16"], None),
}


def measure(command, library):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FDTRAIL_", "LD_"))}
    if library:
        clean |= {"LD_PRELOAD": str(library), "FDTRAIL_EXIT": "0", "FDTRAIL_OUTPUT": "/dev/null"}
    done = subprocess.run(command, env=clean, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", required=True, type=Path)
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    missed = False
    print("|  | bare | traced | ratio | at most |")
    print("|---|---:|---:|---:|---:|")
    for row, (interpreters, program, words, most) in ROWS.items():
        interpreter = next(filter(None, map(shutil.which, interpreters)), None)
        if not interpreter:
            print(f"| {row} |  |  | not installed | {most or '-'} |")
            missed = True
            continue
        pairs = []
        for number in range(arguments.pairs):
            order = [None, arguments.library] if number % 2 else [arguments.library, None]
            found = {library: measure([interpreter, HERE / program, *words], library) for library in order}
            pairs.append((found[None], found[arguments.library]))
        ratio = statistics.median(traced / bare for bare, traced in pairs)
        bare, traced = (statistics.median(column) for column in zip(*pairs))
        over = most is not None and ratio > most
        missed |= over
        print(f"| {row} | {bare:.0f} ns | {traced:.0f} ns | **{ratio:.3f}**{' (missed)' if over else ''} | "
              f"{f'{most:.2f}' if most else '-'} |", flush=True)
    print(f"\nMedians of {arguments.pairs} pairs; each number is the fastest round of a run. "
          f"{os.cpu_count()} CPUs, Linux {platform.release()}.")
    return int(missed)


sys.exit(main())

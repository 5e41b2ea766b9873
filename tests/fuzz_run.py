#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a target of libFuzzer for a while, from its corpus, and prints a line of TAP:

    fuzz_run.py TARGET CORPUS

An input that breaks the target is kept beside it; the corpus does not change. FUZZ_SECONDS: for how long (60)."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

target, corpus = Path(sys.argv[1]), Path(sys.argv[2])
seconds = int(os.environ.get("FUZZ_SECONDS", "60"))

print("1..1", flush=True)
with tempfile.TemporaryDirectory(prefix="fdtrail-fuzz-") as found:
    # Only the end of the run looks for leaks: a leak is known (fuzz-demangle.c), and each look takes as long as
    # thousands of inputs.
    run = subprocess.run(
        [target, "-detect_leaks=0", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
         f"-artifact_prefix={target.parent}/{target.name}-", found, corpus],
        capture_output=True, text=True, errors="replace", check=False)
runs = re.search(r"number_of_executed_units: *(\d+)", run.stderr)
reached = re.findall(r"cov: (\d+)", run.stderr)
result = "ok" if run.returncode == 0 and runs and int(runs[1]) > 0 else "not ok"
print(f"{result} 1 - nothing that {target.name} tried in {seconds} s breaks it: "
      f"{runs[1] if runs else 'no'} inputs, {reached[-1] if reached else 'no'} edges reached")
if result != "ok":
    for line in run.stderr.splitlines()[-60:]:
        print(f"# {line}")
    sys.exit(1)
number = re.search(r"INFO: Seed: (\d+)", run.stderr)
print(f"# ran fuzzing: {target.name}, seed {number[1] if number else 'unknown'}: {runs[1]} inputs in {seconds} s, "
      f"{reached[-1] if reached else 'no'} edges reached, nothing broken")

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts what `meson test` ran, check by check, and shows what failed. scripts/test calls it:

    summary.py [--all] [--long] BUILD_FOLDER...

It reads each folder's meson-logs/testlog*.json. A check is a line of TAP; a test program that
crashed, timed out or broke off counts as one more failed check. With --all, a test file that no run
has executed is a failure, too; with --long, this includes those of long/. The notes of ran() in
support.py are shown. The last line is `N passed, N failed`, and `, N skipped` if any were; the exit
status is 0 only if none failed and some passed.
"""

import contextlib
import json
import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CHECK = re.compile(r"(not )?ok\b(?: +\d+)?(?: +-? ?(.*?))?(?:(?<!\\)# *(SKIP|TODO)\S*\s*(.*))?$", re.I)
SUITES = {"unit": "test-*.c", "cli": "test_*.py", "real": "test_*.py", "fuzz": "fuzz-*.c"}

# Tests that are counted by their checks alone; others report their amount by ran() of support.py.
PARTS = {
    "hostile": ("hostile input", "checks of names, files, links and environments by an enemy"),
    "hazards": ("invisible", "checks of vfork, exceptions, libraries that come and go, full tables"),
    "hazards by ptrace": ("invisible", "checks of the same under the ptrace engine"),
    "interrupts": ("invisible", "checks of interrupted calls"),
    "sandbox": ("sandboxes", "checks of programs that confine themselves"),
    "unusual": ("invisible", "checks of unusual programs"),
}


class Totals:
    passed = failed = 0
    skipped = []
    ran = []
    checks = {}
    seen = set()


def shortened(lines):
    """Sanitizers print the main thing first, most other programs last."""
    return lines if len(lines) <= 120 else [*lines[:60], "[...]", *lines[-60:]]


def part_of(name):
    """The part of the table to which a program's checks belong, and what they are; or ("", "")."""
    if ":unit" in name:
        return "sanitizers", "unit checks with AddressSanitizer and UBSan"
    return PARTS.get(name.rpartition(" / ")[2], ("", ""))


def read_program(totals, folder, log):
    """Counts one test program's checks and prints its failures."""
    title = f"{log['name'].partition(':')[2] or log['name']} ({folder})"
    totals.seen |= {Path(word).name for word in log["command"]}
    failed_here, lines, planned, counted, reason = 0, [], None, 0, None
    output = log.get("stdout", "").splitlines()
    failing = False  # inside the diagnostics that follow a failed check
    for line in output:
        if line.startswith("# ran "):
            totals.ran.append(line.removeprefix("# ran "))
        if line.startswith("# skipped: "):  # skip.h
            reason = line.removeprefix("# skipped: ")
        plan = re.match(r"1\.\.(\d+)(?:\s*#\s*SKIP\S*\s*(.*))?", line, re.I)
        if plan:
            planned = int(plan[1])
            if planned == 0:
                totals.skipped.append(f"{title}: {plan[2] or 'all of it'}")
            continue
        found = CHECK.match(line)
        if not found:
            if failing and line.startswith("#"):
                lines.append(line)
            continue
        counted += 1
        failing = False
        directive = (found[3] or "").upper()
        if directive == "SKIP":
            words = [title, found[2], found[4], reason]
            reason = None
            totals.skipped.append(": ".join(word.strip() for word in words if word))
        elif found[1] and directive != "TODO":
            failing = True
            failed_here += 1
            lines.append(line)
        else:
            totals.passed += 1
            part = part_of(log["name"])
            totals.checks[part] = totals.checks.get(part, 0) + 1
            if ":long" in log["name"]:
                print(f"    {found[2]}")
    result = log["result"]
    if result == "SKIP" and planned is None and counted == 0:
        totals.skipped.append(f"{title}: all of it")
    broken = result in ("TIMEOUT", "INTERRUPT") or log["returncode"] not in (0, 77) and not failed_here
    if not broken and planned is not None and planned != counted:
        broken = True
        lines.append(f"# it announced {planned} checks and made {counted}")
    if not broken and result not in ("OK", "EXPECTEDFAIL", "SKIP") and not failed_here:
        broken = True
    if not broken and counted == 0 and planned is None and result != "SKIP":
        broken = True
        lines.append("# it made no check")
    if broken:
        failed_here += 1
        lines.append(f"# {result.lower()}, exit status {log['returncode']}")
    if failed_here:
        print(f"\n{title} failed:")
        # The output of a check comes before its line (cmocka) or after it (support.py).
        if ":unit" in log["name"] or broken:
            lines += ["# its output:", *shortened(output)]
        error = log.get("stderr", "").splitlines()
        if error:
            lines += ["# its stderr:", *shortened(error)]
        for line in lines:
            print("   ", line)
    totals.failed += failed_here


def find_forgotten(totals):
    """Counts a file that no run has executed, or whose name makes it no test, as a failure."""
    for suite, pattern in SUITES.items():
        named = set((TESTS / suite).glob(pattern))
        for path in sorted([*(TESTS / suite).glob("*.c"), *(TESTS / suite).glob("*.py")]):
            why = None
            if path not in named:
                why = f"is not run: tests are named {pattern}, what they share lies in tests/"
            elif path.name not in totals.seen and path.stem not in totals.seen:
                why = "was not run"
            if why:
                totals.failed += 1
                print(f"\ntests/{suite}/{path.name} {why}")


def print_table(totals):
    """Prints what ran, by part, as a table in Markdown: scripts/reliability."""
    print("| what is tested | what ran |\n|---|---|")
    for words in sorted(totals.ran):
        part, _, text = words.partition(": ")
        print(f"| {part} | {text.replace('|', '/')} |")


def main():
    arguments = sys.argv[1:]
    totals = Totals()
    for folder in arguments:
        if folder.startswith("--"):
            continue
        logs = sorted((Path(folder) / "meson-logs").glob("testlog*.json"))
        if not logs and "--table" not in arguments:
            print(f"\nthere is no log of the tests in {folder}")
            totals.failed += 1
        for log in logs:
            for line in log.read_text(errors="replace").splitlines():
                with contextlib.redirect_stdout(None if "--table" in arguments else sys.stdout):
                    read_program(totals, Path(folder).name, json.loads(line))
    totals.ran += [f"{part}: {count} {what} passed" for (part, what), count in totals.checks.items() if part]
    if "--table" in arguments:
        print_table(totals)
        return
    if "--long" in arguments:
        SUITES["long"] = "test_*.py"
    if "--all" in arguments:
        find_forgotten(totals)
    if totals.ran:
        print("\nran:")
        for words in sorted(totals.ran):
            print("   ", words)
    if totals.skipped:
        print("\nskipped:")
        for reason in totals.skipped:
            print("   ", reason)
    print()
    ending = f", {len(totals.skipped)} skipped" if totals.skipped else ""
    print(f"{totals.passed} passed, {totals.failed} failed{ending}")
    sys.exit(0 if totals.passed and not totals.failed else 1)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    main()

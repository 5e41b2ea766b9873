#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/kinds-of-leaks.md: its table of reports, one for each kind of leak, is up to date."""

import difflib
import re
import shutil

from support import BUILD, SOURCE, Skip, check, go_program, main, run_bare, test

PAGE = (SOURCE / "docs" / "kinds-of-leaks.md").read_text(encoding="utf-8")
ROWS = re.findall(r"(?m)^\| (.*) \| (tests/\S+:\d+) \| (.*) \|$", PAGE)
COMPILERS = {"Go": "go", "Rust": "rustc"}


@test("the page has a row for each of many kinds of leaks, and no path of the machine that made it")
def _():
    check.at_least(len(ROWS), 25)
    check.equal(len({place for _, place, _ in ROWS}), len(ROWS), "places")
    check.lacks(PAGE, str(SOURCE))
    check.equal(re.findall(r"[ `(]/\w+/\S*", PAGE), [])


@test("the first lines name the line that leaks: {}", each=ROWS)
def _(_, place, lines):
    check.matches(lines, rf"[ `]{re.escape(place)}(?!\d)")
    name, number = place.rsplit(":", 1)
    check.contains((SOURCE / name).read_text(encoding="utf-8").splitlines()[int(number) - 1], "leak: ")


@test("scripts/leak-table prints the page as it is", timeout=240)
def _():
    skipped = [name for name, compiler in COMPILERS.items() if not shutil.which(compiler)]
    try:
        go_program("leaks", "nocgo")
    except Skip:  # not installed, or too old
        skipped = [*{*skipped, "Go"}]
    page = [line for line in PAGE.splitlines() if not line.startswith(tuple(f"| {name}: " for name in skipped))]
    run = run_bare([SOURCE / "scripts" / "leak-table", *(f"--skip={name}" for name in skipped)],
                   env={"BUILD_DIR": str(BUILD)}, timeout=200)
    check.equal(run.status, 0, run.err)
    check.equal("\n".join(difflib.unified_diff(page, run.out.splitlines(), "the page", "now", lineterm="", n=0)), "")


main()

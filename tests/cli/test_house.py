#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The order of the sources: includes between rooms go one way, no two rooms share a file's name, and the code
has one format."""

import re
import subprocess

from support import SOURCE, check, main, require, skip, test

# From the ground up: a file includes files of its own room and of earlier ones. Assembly in arch/ reads the
# constants of the code that it calls.
PRELOAD = ["preload/include", "preload/arch", "preload/core/base", "preload/core/redact", "preload/core/ledger", "preload/core/capture",
           "preload/core/snapshot", "preload/core/policy", "preload/languages", "preload/libc", "preload/planted",
           "preload/runtime", "preload/hooks"]
TOOLS = ["tools/model", "tools/reader", "tools/symbolize", "tools/redact", "tools/export", "tools/report", "tools/diff",
         "tools/check", "tools/ci", "tools/page", "tools/arguments", "tools/process", "tools/engine/walk/prologue",
         "tools/engine/walk", "tools/engine/go", "tools/engine/planted", "tools/engine/tracer", "tools/run",
         "tools/attach", "tools/top", "tools/exporter", "tools"]
# The command uses the core, libc's names and lists, and the layout of planted code, too.
SHARED = PRELOAD[:PRELOAD.index("preload/planted") + 1]
FILES = sorted(path for room in ("preload", "tools") for path in (SOURCE / room).rglob("*")
               if path.suffix in (".c", ".h", ".S", ".list"))
FORMATTED = sorted(path for room in ("preload", "tools", "tests") for path in (SOURCE / room).rglob("*")
                   if path.suffix in (".c", ".h", ".cpp") and "/go/" not in str(path))
FORMATTER = 14  # Debian 12's, because each version of clang-format formats in another way


def room_of(path):
    name = str(path.parent.relative_to(SOURCE))
    return "preload/arch" if name.startswith("preload/arch") else name


def includes(path):
    """The project's files that it includes."""
    for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', path.read_text(), re.MULTILINE):
        beside, rooted = path.parent / name, SOURCE / name
        check.true(beside.exists() or rooted.exists(), f"{path}: there is {name}")
        yield beside if beside.exists() else rooted


@test("includes between rooms go one way")
def _():
    check.at_least(len(FILES), 400)
    wrong = []
    for path in FILES:
        room = room_of(path)
        allowed = PRELOAD[:PRELOAD.index(room) + 1] if room in PRELOAD else SHARED + TOOLS[:TOOLS.index(room) + 1]
        if path.suffix == ".S":
            allowed = PRELOAD
        wrong += [f"{path.relative_to(SOURCE)} includes {target.relative_to(SOURCE)}" for target in includes(path)
                  if room_of(target) not in allowed]
    check.equal(wrong, [])


@test("files of different rooms have different names")
def _():
    places = {}
    for path in FILES:
        if room_of(path) != "preload/arch" and path.suffix != ".list":
            places.setdefault(path.stem, set()).add(path.parent)
    check.equal({name: sorted(map(str, found)) for name, found in places.items() if len(found) > 1}, {})


@test("a header of another room is included by its path from the top of the sources")
def _():
    wrong = [f"{path.relative_to(SOURCE)}: {name}" for path in FILES
             for name in re.findall(r'^\s*#\s*include\s+"(\.\.?/[^"]+)"', path.read_text(), re.MULTILINE)]
    check.equal(wrong, [])


@test("no line of C has more than 100 columns")
def _():
    check.at_least(len(FORMATTED), 500)
    check.equal([f"{path.relative_to(SOURCE)}:{number}" for path in FORMATTED
                 for number, line in enumerate(path.read_text().splitlines(), 1) if len(line.expandtabs(8)) > 100], [])


@test("clang-format changes no file", timeout=200)
def _():
    command = require("clang-format")
    version = re.search(r"version (\d+)", subprocess.check_output([command, "--version"], text=True))[1]
    if int(version) != FORMATTER:
        skip(f"clang-format {version} formats other than {FORMATTER}, which the code is formatted with")
    done = subprocess.run([command, "--dry-run", "-Werror", "-ferror-limit=1", *FORMATTED], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=SOURCE, check=False)
    check.equal(sorted(set(re.findall(r"^(\S+?):\d+", done.stdout, re.MULTILINE))), [])


main()

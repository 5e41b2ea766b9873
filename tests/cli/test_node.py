#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Node: the report's first group names the user's line of JavaScript, also for what the pool opens."""

import base64
import json
import os
import re
import time
from pathlib import Path

from run_verb import Run
from support import SOURCE, check, main, require_frames, run_bare, run_traced, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "node"
KINDS = sorted(path.name for path in PROGRAMS.glob("*.*js") if "// LEAK" in path.read_text("utf-8"))


def node():
    return require_frames("node", ("-p", "process.versions.v8"), ("10.2", "11.3", "12.4", "13.6"),
                          r"javascript.*: .*V8")


def line_of(path, mark):
    """"error_path.js:5": the line with this mark."""
    lines = path.read_text("utf-8").splitlines()
    return f"{path.name}:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'// {mark}'))}"


def culprits(report):
    """The line of each group's => frame, in order."""
    return [Path(place).name for place in re.findall(r"^   => #\d+ +\S.*?  +(\S+)$", report, re.MULTILINE)]


@test("twelve kinds of leaks are there")
def _():
    check.at_least(len(KINDS), 12)


@test("the first group names the user's line: {}", each=KINDS)
def _(kind):
    program = PROGRAMS / kind
    run = Run(node(), program)
    check.equal(run.status, 0)
    check.lacks(run.err, "could not be understood")
    check.equal(culprits(run.err)[:1], [line_of(program, "LEAK")], run.err)
    # The first line of the report names it, too.
    check.contains("\n".join(run.err.splitlines()[:3]), line_of(program, "LEAK"))


@test("of two callers of one helper the report shows the one that doesn't close")
def _():
    run = Run(node(), PROGRAMS / "two_callers.js")
    check.contains(run.err, line_of(PROGRAMS / "two_callers.js", "CALLER"))
    check.lacks(run.err, "readsAndCloses")
    check.contains(run.err, "opened 6 and closed 0")


@test("a server that listens at a host's name has the line that called listen")
def _():
    program = temp_dir() / "listens.js"
    program.write_text("""
const net = require('net')
function listens () {
  net.createServer(() => {}).listen(0, 'localhost')
}
for (let i = 0; i < 3; i++) listens()
setTimeout(() => process.exit(0), 500)
""", "utf-8")
    run = Run(node(), program)
    check.contains(run.err, f"1. 3 tcp sockets in LISTEN, opened in listens at {program}:4\n")


@test("accessors, generators, async functions, eval and vm have the line of the call in progress")
def _():
    program = PROGRAMS / "shapes.js"
    run = run_traced([node(), program])
    check.equal(run.status, 0)
    for number, line in enumerate(program.read_text("utf-8").splitlines(), 1):
        if "// LINE " in line:
            name = line.rpartition("// LINE ")[2]
            name = f'"{name}"' if " " in name else name
            check.contains(run.last.text, f" in {name} {program}:{number} (javascript)")
    check.contains(run.last.text, " in <anonymous> <eval>:3 (javascript)\n")
    check.contains(run.last.text, ' in <anonymous> "made here: now":8 (javascript)\n')
    check.contains(run.last.text, 'languages: javascript "V8 ')


@test("a stack of the pool says who asked for the open")
def _():
    run = Run(node(), PROGRAMS / "pool.js")
    check.matches(run.err, r"opened at.*: \(\d+ frames of libraries: --full\)\n   asked for by:\n")
    check.contains(run.err, "6 files, opened in loadTable at ")
    check.lacks(run.err, "readsAndCloses")


@test("lines stay right while V8 compiles the functions, collects garbage and moves its objects")
def _():
    program = temp_dir() / "hot.js"
    program.write_text("""
const fs = require('fs')
let garbage = []
function inner () {
  return fs.openSync('/etc/hostname')
}
function middle (i) {
  const fd = inner()
  fs.closeSync(fd)
  return i
}
class Turner {
  turn (i) {
    return middle(i)
  }
}
function loop (n) {
  const turner = new Turner()
  for (let i = 0; i < n; i++) {
    turner.turn(i)
    garbage.push({ i }, [i], `${i}`)
    if (i % 1000 === 0) { garbage = []; global.gc() }
  }
}
loop(20000)
inner()
""", "utf-8")
    run = run_traced([node(), "--expose-gc", "--gc-global", program], env={"FDTRAIL_EXIT": "1", "FDTRAIL_SHOW": "all"})
    check.equal(run.status, 0)
    places = set(re.findall(r" in (\w+) \S*/hot\.js:(\d+) ", run.last.text))
    check.equal({place for place in places if place[0] == "inner"}, {("inner", "5")})


def vlq(number):
    """A number of a source map's mappings (ECMA-426)."""
    number, text = (-number << 1 | 1) if number < 0 else number << 1, ""
    while True:
        digit, number = number & 31, number >> 5
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit | (32 if number else 0)]
        if not number:
            return text


@test("a file that was compiled from TypeScript has the lines of its source, by a map {}",
      each=["beside it", "in it", "that is newer than the snapshot"])
def _(where):
    folder = temp_dir()
    (folder / "dist").mkdir()
    program, beside = folder / "dist" / "main.js", folder / "dist" / "main.js.map"
    lines = ["const fs = require('fs')", "function leaks () {", "  return fs.openSync('/etc/hostname')", "}", "leaks()"]
    # Line i of the program comes from line 10 * i of the source.
    mappings = ";".join("AA" + vlq(9 if not i else 10) + "A" for i in range(len(lines)))
    text = json.dumps({"version": 3, "sourceRoot": "", "sources": ["../src/main.ts"], "names": [], "mappings": mappings})
    if where == "in it":
        url = "data:application/json;base64," + base64.b64encode(text.encode()).decode()
    else:
        url = beside.name
        beside.write_text(text, "utf-8")
        if where != "beside it":
            os.utime(beside, (time.time() + 1000, time.time() + 1000))
    program.write_text("\n".join([*lines, f"//# sourceMappingURL={url}", ""]), "utf-8")
    run = Run(node(), program)
    check.equal(run.status, 0)
    place = f"{program}:3" if "newer" in where else f"{folder}/src/main.ts:30"
    check.contains(run.err, f"1. 1 file, opened in leaks at {place}\n")


@test("functions that are made for each call, and called from one line, are never taken for each other")
def _():
    program = temp_dir() / "closures.js"
    program.write_text("""
const fs = require('fs')
function call (back) {
  return back()
}
function makeGood () {
  return () => fs.closeSync(fs.openSync('/etc/hostname'))
}
function makeBad () {
  return () => fs.openSync('/etc/hostname')
}
for (let i = 1; i <= 3000; i++) {
  call(i % 100 ? makeGood() : makeBad())
  if (i % 250 === 0) global.gc()
}
""", "utf-8")
    run = run_traced([node(), "--expose-gc", program], env={"FDTRAIL_EXIT": "1", "FDTRAIL_SHOW": "all"})
    check.equal(run.status, 0)
    check.contains(run.last.text, f" in <anonymous> {program}:10 (javascript)")
    check.lacks(run.last.text, f"{program}:7 ")
    report = Run(node(), "--expose-gc", program)
    check.contains(report.err, "1. 30 files, opened in <anonymous> at ")
    check.contains(report.err, "closed 0")


@test("functions whose memory others get after each collection are never taken for each other")
def _():
    program = temp_dir() / "reused.js"
    program.write_text("""
const fs = require('fs')
const texts = []
for (let i = 100; i < 160; i++) texts.push(`return function name${i} () { return fs.openSync('/etc/hostname') }`)
function call (text, times) {
  const made = new Function('fs', text)(fs)
  const opened = []
  while (times--) opened.push([made(), made.name])
  return opened
}
const all = []
for (const times of [1, 3]) for (const text of texts) { global.gc(); all.push(...call(text, times)) }
console.log(JSON.stringify(all))
""", "utf-8")
    run = run_traced([node(), "--expose-gc", program], env={"FDTRAIL_EXIT": "1", "FDTRAIL_SHOW": "all"})
    names = {}
    for group in run.last.text.split("\ngroup ")[1:]:
        for number in re.findall(r"^    (\d+) file", group, re.MULTILINE):
            names[int(number)] = re.search(r" in (name\d+)", group)
    wrong = [(number, name) for number, name in json.loads(run.out) if not names.get(number) or names[number][1] != name]
    check.equal(wrong, [], run.last.text)


@test("the program sees no difference: no line on stderr, the same output as bare")
def _():
    program = temp_dir() / "output.js"
    program.write_text("console.log(process.execArgv, process.env.NODE_OPTIONS, new Error('x').stack.split('\\n')[1])",
                       "utf-8")
    bare = run_bare([node(), program])
    traced = run_traced([node(), program])
    check.equal((traced.out, traced.err), (bare.out, bare.err))


if __name__ == "__main__":
    main()

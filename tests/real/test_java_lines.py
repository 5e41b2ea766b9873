#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Java: the report's first group names the user's line, from interpreted and compiled code."""

import re
import subprocess
from pathlib import Path

import json_documents
from java_programs import NEEDS, PROGRAMS, classes, is_too_new, line_of, server_under_load, version_of
from run_verb import FDTRAIL, Run
from support import check, main, require, run_bare, run_traced, skip, temp_dir, test

KINDS = sorted(path.stem for path in PROGRAMS.glob("*.java")
               if "// LEAK\n" in path.read_text("utf-8") and path.stem != "Compiled")
MACHINES = sorted({path.resolve() for path in Path("/usr/lib/jvm").glob("*/bin/java")})


def culprits(report):
    """The line of each group's => frame, in order."""
    return [Path(place).name for place in re.findall(r"^   => #\d+ +\S.*?  +(\S+)$", report, re.MULTILINE)]


def command(kind, *options, java="java", release=""):
    return [require(java), "-Xshare:auto", *options, "-cp", classes(release), kind]


def run_java(kind, *options, **more):
    if is_too_new(kind):
        skip(f"{kind} needs Java {NEEDS[kind]}, and this is {version_of(require('javac'))}")
    run = Run(*command(kind, *options, **more))
    check.equal(run.status, 0, run.err)
    check.lacks(run.err, "could not be understood")
    return run


def opens(snapshot):
    """The frames of Java that opened each group: texts from the function on."""
    return [re.findall(r"^    #\d+ in (.*)$", text.partition("\n  closed at ")[0], re.MULTILINE)
            for text in snapshot.text.split("\ngroup ")[1:]]


@test("twelve kinds of leaks are there")
def _():
    check.at_least(len(KINDS), 12)


@test("the first group names the user's line: {}", each=KINDS, timeout=180)
def _(kind):
    run = run_java(kind)
    check.equal(culprits(run.err)[:1], [line_of(kind, "LEAK")], run.err)
    # The first line of the report names it, too.
    check.contains("\n".join(run.err.splitlines()[:3]), f"at {line_of(kind, 'LEAK')}")


@test("of two callers of one helper the report shows the one that doesn't close")
def _():
    run = run_java("TwoCallers")
    check.contains(run.err, line_of("TwoCallers", "CALLER"))
    check.lacks(run.err, "readsAndCloses")
    check.contains(run.err, "opened 6 and closed 0")


@test("descriptors that one call opens together are one finding: {} {}",
      each=[("SelectorPerCall", "6 event loops (epoll + eventfd)"),
            ("DirectoryStream", "12 directories"),
            ("Watcher", "18 descriptors (12 unix sockets, 6 inotify instances)"),
            ("SubprocessPipes", "18 pipe ends")])
def _(kind, text):
    run = run_java(kind)
    if kind == "SelectorPerCall" and version_of(require("java")) < 16:
        text = "6 event loops (epoll + 2 pipe ends)"
    check.contains(run.err.splitlines()[1], text)
    check.lacks(run.err, "call paths")


@test("lambdas, reflection, constructors, class initializers and threads have the line of the call in progress: {}",
      each=["-Xmixed", "-Xint", "-Xcomp"], timeout=240)
def _(mode):
    run = run_traced(command("Shapes", mode))
    check.equal(run.status, 0, run.err)
    program = PROGRAMS / "Shapes.java"
    for number, line in enumerate(program.read_text("utf-8").splitlines(), 1):
        if "// LINE " in line:
            check.contains(run.last.text, f" in {line.rpartition('// LINE ')[2]} Shapes.java:{number} (java)")
    check.lacks(run.last.text, "LambdaForm")
    check.lacks(run.last.text, "$$Lambda")
    check.matches(run.last.text, r" in Shapes\.byReflection .*\n    #\d+ in java\.lang\.reflect\.Method\.invoke .*"
                  r"\(java, library\)\n    #\d+ in Shapes\.main ")
    check.matches(run.last.text, r"languages: java \d+\n")


@test("interpreted, compiled, inlined or made invalid: one stack ({})",
      each=["-Xmixed", "-Xint", "-Xbatch", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"], timeout=240)
def _(mode):
    run = run_traced(command("Compiled", mode, "-XX:-BackgroundCompilation"))
    check.equal((run.status, run.out), (0, ""), run.err)
    stacks = [frames for frames in opens(run.last) if frames]
    check.equal(len(stacks), 1, run.last.text)
    expected = [f"Compiled$Opener.open {line_of('Compiled', 'LEAK')} (java)",
                f"Compiled.inner {line_of('Compiled', 'INNER')} (java)",
                f"Compiled.outer {line_of('Compiled', 'OUTER')} (java)",
                f"Compiled.both {line_of('Compiled', 'LOOP')} (java)"]
    check.equal(stacks[0][-5:-1], expected, run.last.text)
    check.contains(run.last.text, "stack: 60001 opened, 59988 closed, 13 live")


@test("what the virtual machine opens for itself says so")
def _():
    run = run_java("ErrorPath")
    # With symbols of C++ its parameters are known.
    check.matches(run.err, r"1 file, opened by java itself in ImageFileReader::open\((char const\*, bool)?\)")
    check.lacks(run.err, "opened in ImageFileReader")


@test("neither the tracer nor the virtual machine prints a line of its own", timeout=120)
def _():
    bare, run = run_bare(command("TwoCallers")), run_traced(command("TwoCallers"))
    check.equal((run.status, run.out, bare.err), (bare.status, bare.out, ""))
    left = [line for line in run.err.splitlines() if line not in run.last.text.splitlines()]
    check.equal(left, [])
    checked = run_bare([*command("TwoCallers", "-Xcheck:jni")])
    traced = run_traced(command("TwoCallers", "-Xcheck:jni"))
    check.equal(traced.out, checked.out)


@test("JSON, folded stacks and suppressions have Java's frames")
def _():
    run = run_traced(command("ErrorPath"))
    snapshot = temp_dir() / "snapshot.txt"
    snapshot.write_text(run.last.text, "utf-8")

    def report(*words):
        done = run_bare([FDTRAIL, "report", *words, snapshot])
        check.equal(done.err, "")
        return done.out

    frames = json_documents.one(report("--format=json"))["groups"][0]["stack"]
    own = next(frame for frame in frames if frame.get("own"))
    check.equal({key: own.get(key) for key in ("function", "file", "line", "language")},
                {"function": "ErrorPath.parse", "file": "ErrorPath.java",
                 "line": int(line_of("ErrorPath", "LEAK").rpartition(":")[2]), "language": "java"})
    check.contains(report("--format=folded"), "ErrorPath.main;ErrorPath.parse;java.io.FileInputStream.<init>;")
    check.contains(report("--gen-suppressions"), "leak:ErrorPath.java:ErrorPath.parse$\n")


@test("each Java that is here has lines: {}", each=[str(path) for path in MACHINES], timeout=240)
def _(java):
    run = run_java("ErrorPath", java=java, release="8")
    check.equal(culprits(run.err)[:1], [line_of("ErrorPath", "LEAK")], run.err)


@test("a server under load is answered, and its snapshot equals /proc", timeout=240)
def _():
    server_under_load(5, 16)


@test("a virtual thread has its own frames, not its carrier's: {}", timeout=120,
      each=[str(path) for path in MACHINES if version_of(path) >= 21 and path.with_name("javac").exists()])
def _(java):
    folder = temp_dir()
    subprocess.run([Path(java).with_name("javac"), "-g", "-d", folder, PROGRAMS / "Virtual.java"], check=True,
                   timeout=120)
    run = run_traced([java, "-cp", folder, "Virtual"])
    check.equal(run.status, 0, run.err)
    check.lacks(run.last.text, "ForkJoinPool.")
    first = next(frames for frames in opens(run.last) if any(line_of("Virtual", "FIRST") in frame for frame in frames))
    check.true(any(f"Virtual.lambda$main$0 {line_of('Virtual', 'TASK')} (java)" in frame for frame in first), first)
    # After the wait its outer frames may be in the heap; then the stack says that it is incomplete.
    check.contains(run.last.text, f"Virtual.open {line_of('Virtual', 'AFTER')} (java)")
    after = run.last.text.partition(line_of("Virtual", "AFTER"))[2].partition("descriptors:")[0]
    check.true(line_of("Virtual", "TASK") in after or "(incomplete: the language keeps" in after, after)


main()

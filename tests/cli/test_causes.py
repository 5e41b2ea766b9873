#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail.h: a report says who has asked for the work of a thread."""

import subprocess

from run_verb import Run
from support import SOURCE, check, compile_program, main, program, require, run_bare, temp_dir, test

CAUSES = SOURCE / "tests" / "programs" / "causes.c"
HEADER = SOURCE / "preload" / "include" / "fdtrail.h"


def line_of(mark):
    """"causes.c:34": the line with this mark."""
    lines = CAUSES.read_text("utf-8").splitlines()
    return f"causes.c:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'// {mark}'))}"


@test("what a thread opens for a job has the stack that has queued it: {}",
      each=["gcc", "clang", "gcc--no-pie", "clang--no-pie"])
def _(variant):
    compiler, _, flag = variant.partition("--")
    built = compile_program(CAUSES, compiler, flags=[f"-{flag}", "-fno-pie"] if flag else [])
    run = Run(built)
    check.equal(run.status, 0)
    check.matches(run.err, rf"(?m)^1\. 7 devices, opened in load at \S*{line_of('OPENS')}$")
    check.matches(run.err, rf" asked for by:\n +#0 +queues_and_forgets +\S*{line_of('FORGETS')}:")
    # After the last job the thread works for nobody.
    check.matches(run.err, rf" 6 by work at \S+, from queues_and_forgets at \S*{line_of('FORGETS')}")
    check.matches(run.err, rf" 1 by work at \S*{line_of('NOBODY')} \(opened 1, closed 0\)")
    check.lacks(run.err, "queues_and_closes")


@test("without the tracer the program runs as well")
def _():
    check.equal(run_bare([program("causes")]).status, 0)


@test("the header compiles as C99, C11 and C++ without a warning, also static and for another processor")
def _():
    source = temp_dir() / "uses.c"
    source.write_text(f'#include "{HEADER}"\nint main(void) {{ fdtrail_cause_end('
                      "fdtrail_cause_begin(fdtrail_cause_here())); return 0; }\n", "utf-8")
    for words in [["gcc", "-std=c99"], ["gcc", "-std=c11"], ["g++", "-x", "c++"], ["clang", "-std=c99"],
                  ["gcc", "-static"], ["gcc", "-m32", "-c"]]:
        compiler, *flags = words
        target = temp_dir() / "uses"
        done = subprocess.run([require(compiler), *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", "-o",
                               target, source], stderr=subprocess.PIPE, text=True, check=False)
        check.equal((words, done.returncode, done.stderr), (words, 0, ""))
        if "-c" not in flags:
            check.equal(run_bare([target]).status, 0)


if __name__ == "__main__":
    main()

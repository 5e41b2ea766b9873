#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PHP: the report's first group names the script's line."""

from run_verb import Run
from support import SOURCE, check, main, require, run_traced, test

PROGRAMS = SOURCE / "tests" / "programs" / "php"


def marked(script, mark):
    """The numbers of the lines with this mark."""
    return [number for number, line in enumerate(script.read_text("utf-8").splitlines(), 1) if f"// {mark}" in line]


@test("the first group names the user's line, also though PHP closes it when it ends")
def _():
    script = PROGRAMS / "connection_per_job.php"
    run = Run(require("php"), script)
    check.equal(run.status, 0)
    line = f"connection_per_job.php:{marked(script, 'LEAK')[0]}"
    check.matches(run.err, rf"\n1\. 6 tcp sockets .*, opened in Worker::job at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +Worker::job +\S*{line}\n")
    check.lacks(run.err, "Worker::closes")
    check.contains(run.err, "before the interpreter closes what is left open")


@test("generators, closures, magic methods, eval and libraries have their lines")
def _():
    script = PROGRAMS / "shapes.php"
    run = run_traced([require("php"), script])
    check.equal(run.status, 0)
    for number, line in enumerate(script.read_text("utf-8").splitlines(), 1):
        if "// LINE " in line:
            check.contains(run.last.text, f" in {line.rpartition('// LINE ')[2]} {script}:{number} (php)\n")
    check.contains(run.last.text, " : eval()'d code\":1 (php)\n")
    check.contains(run.last.text, f" in library_opens {PROGRAMS}/vendor/library.php:4 (php, library)\n")
    check.matches(run.last.text, rf"1 file, opened in {{main}} at shapes.php:{marked(script, 'LINE {main}')[0]}\n")
    check.equal(run.last.fields["languages"], "php 8.2")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""PHP: the report's first group names the script's line."""

from run_verb import Run
from support import SOURCE, check, main, program, require_frames, run_traced, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "php"


def php():
    # PHP closes what is left open before it ends.
    code = 'echo PHP_VERSION; $left = fopen("/dev/null", "r"); posix_kill(getmypid(), 10);'
    return require_frames("php", ("-r", code), ("8.2",), r"fdtrail knows the frames of PHP 8\.2")


def marked(script, mark):
    """The numbers of the lines with this mark."""
    return [number for number, line in enumerate(script.read_text("utf-8").splitlines(), 1) if f"// {mark}" in line]


@test("the first group names the user's line, also though PHP closes it when it ends")
def _():
    script = PROGRAMS / "connection_per_job.php"
    run = Run(php(), script)
    check.equal(run.status, 0)
    line = f"connection_per_job.php:{marked(script, 'LEAK')[0]}"
    check.matches(run.err, rf"\n1\. 6 tcp sockets .*, opened in Worker::job at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +Worker::job +\S*{line}\n")
    check.lacks(run.err, "Worker::closes")
    check.contains(run.err, "before the interpreter closes what is left open")


@test("generators, closures, magic methods, eval and libraries have their lines")
def _():
    script = PROGRAMS / "shapes.php"
    run = run_traced([php(), script])
    check.equal(run.status, 0)
    for number, line in enumerate(script.read_text("utf-8").splitlines(), 1):
        if "// LINE " in line:
            check.contains(run.last.text, f" in {line.rpartition('// LINE ')[2]} {script}:{number} (php)\n")
    check.contains(run.last.text, " : eval()'d code\":1 (php)\n")
    check.contains(run.last.text, f" in library_opens {PROGRAMS}/vendor/library.php:4 (php, library)\n")
    check.matches(run.last.text, rf"1 file, opened in {{main}} at shapes.php:{marked(script, 'LINE {main}')[0]}\n")
    check.equal(run.last.fields["languages"], "php 8.2")


BUSY = r"""<?php
$l = FFI::cdef("void begin(long); int end(void);", "LIBRARY");
$l->begin(200);
function recursive($n) { return $n ? recursive($n - 1) + 1 : 0; }
function generator($n) { if ($n) yield from generator($n - 1); yield $n; }
for ($n = 0; $n < 20000; $n++) {
  recursive($n % 40);
  foreach (generator($n % 10) as $x);
  eval("\$f = fn(\$x) => recursive(\$x); \$f($n % 5);");
  array_map(fn($i) => recursive($i), [1, 2]);
  try { throw new Exception('x'); } catch (Exception $e) {}
}
echo $l->end(), "\n";
"""


@test("signals that open a file come at any point of the interpreter, and no frame is read that isn't there")
def _():
    script = temp_dir() / "busy.php"
    script.write_text(BUSY.replace("LIBRARY", program("libopens_in_signals")), "utf-8")
    run = run_traced([php(), "-d", "ffi.enable=1", script], env={"FDTRAIL_EXIT": "0"})
    check.equal((run.status, run.err), (0, ""))
    check.at_least(int(run.out), 200, "signals")


main()

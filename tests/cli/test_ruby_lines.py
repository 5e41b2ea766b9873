#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ruby: the report's first group names the script's line."""

from run_verb import Run
from support import SOURCE, check, main, program, require_frames, run_traced, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "ruby"


def ruby():
    return require_frames("ruby", ("-e", "print RUBY_VERSION"), ("3.1", "3.3"),
                          r"fdtrail knows the frames of Ruby 3\.1 and 3\.3")


def marks(script):
    """The number and the mark of each line that has one."""
    return [(number, line.rpartition(" # ")[2]) for number, line in
            enumerate(script.read_text("utf-8").splitlines(), 1) if " # LINE " in line or " # LEAK" in line]


@test("the first group names the user's line, also though Ruby closes it when it ends")
def _():
    script = PROGRAMS / "file_per_job.rb"
    run = Run(ruby(), script)
    check.equal(run.status, 0)
    line = f"file_per_job.rb:{marks(script)[0][0]}"
    check.matches(run.err, rf"\n1\. 6 files, opened in job at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +job +\S*{line}\n")
    check.lacks(run.err, "in closes")
    check.contains(run.err, "opened 6 and closed 0")
    check.contains(run.err, "before the interpreter closes what is left open")


@test("in a program that closes all that it opens, Ruby's own descriptors are no reason for an early snapshot")
def _():
    run = run_traced([ruby(), "-e", "File.open('/etc/passwd').close"])
    check.equal((run.status, run.err, run.last.why), (0, "", "exit with status 0"))
    kinds = {found.kind for found in run.last.descriptors.values()}
    check.contains([{"eventfd"}, {"eventfd", "epoll"}], kinds)  # Ruby 3.3 has the second


@test("blocks, fibers, threads, eval, rescue and libraries have their lines")
def _():
    script = PROGRAMS / "shapes.rb"
    run = run_traced([ruby(), script])
    check.equal(run.status, 0)
    for number, mark in marks(script):
        name = mark.removeprefix("LINE ")
        name = f'"{name}"' if " " in name else name
        check.contains(run.last.text, f" in {name} {script}:{number} (ruby)\n")
    check.contains(run.last.text, ' in <main> "made: here":3 (ruby)\n')
    check.contains(run.last.text, f" in library_opens {PROGRAMS}/gems/library.rb:2 (ruby, library)\n")
    check.matches(run.last.text, r"1 file, opened in <main> at shapes.rb:\d+\n")
    check.matches(run.last.fields["languages"], r"\bruby 3\.[13]\.")


@test("a library's call that opens several pipes is one finding, at the user's line")
def _():
    script = PROGRAMS / "pipes_per_call.rb"
    run = Run(ruby(), script)
    check.equal(run.status, 0)
    line = f"pipes_per_call.rb:{marks(script)[0][0]}"
    check.matches(run.err, rf"\n1\. 12 pipe ends, opened in copy at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +copy +\S*{line}\n")
    check.contains(run.err, "opened 24 and closed 12")
    check.lacks(run.err, "in closes at")


BUSY = """
require 'fiddle'
h = Fiddle.dlopen("LIBRARY")
Fiddle::Function.new(h['begin'], [Fiddle::TYPE_LONG], Fiddle::TYPE_VOID).call(200)
def recursive(n) = n.zero? ? 0 : recursive(n - 1) + 1
8000.times do |n|
  recursive(n % 40)
  Fiber.new { [3, 1, 2].sort_by { |i| recursive(i) } }.resume
  eval("def made#{n % 7}(x) = x.map { |i| i + 1 }; made#{n % 7}([1, 2])", binding, "made#{n}")
  begin; raise "x"; rescue; end
end
puts Fiddle::Function.new(h['end'], [], Fiddle::TYPE_INT).call
"""


@test("signals that open a file come at any point of the interpreter, and no frame is read that isn't there")
def _():
    script = temp_dir() / "busy.rb"
    script.write_text(BUSY.replace("LIBRARY", program("libopens_in_signals")), "utf-8")
    run = run_traced([ruby(), script], env={"FDTRAIL_EXIT": "0"})
    check.equal((run.status, run.err), (0, ""))
    check.at_least(int(run.out), 200, "signals")


main()

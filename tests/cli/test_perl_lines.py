#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Perl: the report's first group names the script's line."""

import re
from pathlib import Path

from run_verb import Run
from support import SOURCE, check, compile_program, main, program, require, run_traced, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "perl"
# The command itself, and the same linked with libperl.so, where it is installed.
COMMANDS = ["perl", *map(str, sorted(Path("/usr/bin").glob("perl5.*-linux-gnu")))]


def marks(script):
    """The number and the mark of each line that has one."""
    return [(number, line.rpartition(" # ")[2]) for number, line in
            enumerate(script.read_text("utf-8").splitlines(), 1) if " # " in line]


def line_of(script, mark):
    """"ends.pl:7": the line with this mark."""
    return f"{script.name}:{next(number for number, text in marks(script) if text == mark)}"


@test("the first group names the user's line, also though Perl closes it when it ends: {}", each=COMMANDS)
def _(perl):
    script = PROGRAMS / "file_per_job.pl"
    run = Run(require(perl), script)
    check.equal(run.status, 0)
    line = line_of(script, "LEAK")
    check.matches(run.err, rf"\n1\. 6 files, opened in Worker::job at \S*{line}\n")
    check.matches(run.err, rf"\n   => #\d+ +Worker::job +\S*{line}\n")
    check.lacks(run.err, "Worker::closes")
    check.contains(run.err, "opened 6 and closed 0")
    check.contains(run.err, "before the interpreter closes what is left open")


@test("a program that closes all that it opens has no snapshot: {}", each=COMMANDS)
def _(perl):
    run = run_traced([require(perl), "-MPOSIX", "-e", "open(my $file, '<', '/etc/passwd'); close($file); END { }"])
    check.equal((run.status, run.err, run.snapshots), (0, "", []))


@test("closures, sort blocks, magic, regexes, eval and libraries have their lines: {}", each=COMMANDS)
def _(perl):
    script = PROGRAMS / "shapes.pl"
    run = run_traced([require(perl), script])
    check.equal((run.status, run.out), (0, ""))
    for number, mark in marks(script):
        if mark.startswith("LINE "):
            name = mark.removeprefix("LINE ")
            name = f'"{name}"' if "(" in name else name
            check.contains(run.last.text, f" in {name} {script}:{number} (perl)\n")
    # The text of an eval has no number, so that each run of one line is the same leak.
    check.matches(run.last.text, r' in "\(eval\)" "\(eval\)":2 \(perl, library\)\n    #\d+ in from_text ')
    check.contains(run.last.text, ' in "(eval)" "made here: now":8 (perl)\n')
    check.matches(run.last.text, rf' in "\(require\)" {PROGRAMS}/site_perl/Library.pm:5 \(perl, library\)\n'
                                 rf'    #\d+ in "\(main\)" {script}:\d+ \(perl\)\n')
    check.contains(run.last.text, f" in Library::opens {PROGRAMS}/site_perl/Library.pm:8 (perl, library)\n")
    check.matches(run.last.text, r'\ngroup \d+: 1 file, opened in "\(main\)" at shapes.pl:\d+\n')
    check.lacks(run.last.text, " in ? ")
    version = re.search(r"v(5\.\d+)\.", run_traced([require(perl), "-e", "print $^V, '.'"]).out)[1]
    check.equal(run.last.fields["languages"], f"perl {version}")


@test("a call in the code of a script is one frame, and Perl's own functions are not shown")
def _():
    run = Run(require("perl"), PROGRAMS / "file_per_job.pl")
    stack = run.err.partition("opened at:")[2].partition("\n\n")[0]
    check.matches(stack, r"^\n   => #\d+ +Worker::job +\S+\n      #\d+ +\(main\) +\S+:26\n   descriptors:\n")
    check.lacks(stack, "Perl_pp_")


@test("what an END block closes is no leak, and what an object's DESTROY closes at the end is one")
def _():
    script = PROGRAMS / "ends.pl"
    run = Run(require("perl"), script)
    check.equal((run.status, run.err), (0, ""))
    run = Run(require("perl"), script, env={"LATE": "1"})
    check.matches(run.err, rf"\n1\. 1 file, opened in END at \S*{line_of(script, 'LATE')}\n")
    run = Run(require("perl"), script, env={"OBJECT": "1"})
    check.matches(run.err, rf"\n1\. 1 file, opened in Closes::new at \S*{line_of(script, 'LEAK')}\n")
    check.lacks(run.err, line_of(script, "CLOSED"))


@test("each thread has the frames of its own interpreter")
def _():
    script = PROGRAMS / "threads.pl"
    run = Run(require("perl"), script)
    check.equal(run.status, 0)
    check.matches(run.err, rf"\n1\. 4 files, opened in in_thread at \S*{line_of(script, 'LEAK')}\n")
    check.matches(run.err, rf" __ANON__ +\S*{line_of(script, 'STARTS')}\n")


LIKENESSES = [  # the version, what else it has, what the report says of it
    (30, "", "perl 5.30: fdtrail knows the frames of Perl 5.32 to 5.42"),
    (37, "int PL_thr_key;", "perl 5.37: fdtrail knows the frames of Perl 5.32 to 5.42"),
    (36, "", "perl 5.36: fdtrail doesn't know builds without threads"),
    (36, "int PL_thr_key;", "perl 5.36: its library doesn't export what fdtrail needs"),
]


@test("a Perl whose frames can't be read is named, with the reason: 5.{} {}", each=[row[:2] for row in LIKENESSES])
def _(version, more):
    reason = next(reason for *row, reason in LIKENESSES if row == [version, more])
    path = temp_dir() / f"likeness{version}{len(more)}.c"
    path.write_text("#include <fcntl.h>\nvoid perl_run(void) {}\n"
                    f"unsigned char PL_revision = 5, PL_version = {version};\n{more}\n"
                    "static __attribute__((noinline)) int opens(void) { return open(\"/\", 0) + 1; }\n"
                    "int main(void) { return opens() < 1; }\n", "utf-8")
    run = Run(compile_program(path, flags=["-rdynamic"]))
    check.equal(run.status, 0)
    check.contains(run.err, "1 directory, opened in opens")
    check.contains(" ".join(run.err.split()), f"no frames of {reason}")


BUSY = r"""
use DynaLoader;
my $library = DynaLoader::dl_load_file('LIBRARY') or die DynaLoader::dl_error();
for my $name ('begin_often', 'end_telling') {
  DynaLoader::dl_install_xsub("main::$name", DynaLoader::dl_find_symbol($library, $name)) or die;
}
sub recursive { my ($n) = @_; return $n ? recursive($n - 1) + 1 : 0 }
package Tied { sub TIESCALAR { bless [] } sub FETCH { main::recursive(3) } sub DESTROY { main::recursive(2) } }
begin_often();
for my $n (1 .. 20000) {
  recursive($n % 40);
  tie(my $tied, 'Tied'); my $read = $tied; untie $tied;
  my @sorted = sort { recursive($a) <=> recursive($b) } 3, 1, 2;
  eval "sub made" . $n % 7 . " { recursive(\$_[0]) } made" . $n % 7 . "(2)";
  eval { die { recursive => $n } };
}
end_telling();
"""


@test("signals that open a file come at any point of the interpreter, and no frame is read that isn't there")
def _():
    script = temp_dir() / "busy.pl"
    script.write_text(BUSY.replace("LIBRARY", program("libopens_in_signals")), "utf-8")
    run = run_traced([require("perl"), script], env={"FDTRAIL_EXIT": "0"})
    check.equal((run.status, run.err), (0, ""))
    check.at_least(int(run.out), 200, "signals")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Double closes, uses after a close and closes of another's descriptor are found, with the stacks that show them;
what is legal is not."""

import re
import signal

import json_documents
from support import BUILD, check, main, program, require, run_bare, run_traced, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")
WRONG = {  # the kind; the function that called wrongly; the one that closed before
    "double": ("double close of 3", "closes_again", "closes_first"),
    "pair": ("double close of 3", "pair", "pair"),
    "stream": ("double close of 3", "stream", "closes_first"),
    "raw": ("double close of 3", "closes_again", None),
    "accept": ("use after close of 3", "accept_closed", "closes_first"),
}
LEGAL = ["loop", "range", "child", "vforked", "handoff", "minus", "probe", "redirect", "refill", "rotate"]
LEGAL_OWNERS = ["everything", "first", "numbers", "reused", "hidden", "daemon", "logs", "safer"]


class Misuse:
    """sentence, times, call; stacks: the functions of each stack, by its heading without the thread."""

    def __init__(self, lines):
        self.sentence, self.text = re.sub(r"^misuse \d+: ", "", lines[0]), "\n".join(lines)
        self.call = (re.search(r"(?m)^  call: (.*)$", self.text) or [None, None])[1]
        self.times = int(re.search(r"(?m)^  times: (\d+)$", self.text)[1])
        self.stacks, heading = {}, None
        for line in lines[1:]:
            frame = re.match(r"    #\d+ \S+ (?:in (\S+) )?", line)
            begins = re.match(r"  (\S.*?)(?: \(thread \d+\))?:$", line)
            if begins:
                heading = begins[1]
                self.stacks[heading] = []
            elif frame:
                self.stacks[heading].append(frame[1])


def misuses_of(snapshot):
    parts = [part.split("\n") for part in re.split(r"\n\n", snapshot.text)]
    return [Misuse(part) for part in parts if part[0].startswith("misuse ")]


def misuses(way, name="misuses", **options):
    run = run_traced([program(name), way], **options)
    check.equal(run.status, 0)
    return misuses_of(run.last)


@test("{} is found, with the stacks of the wrong call, of the close before and of the open", each=[
    (way, *facts) for way, facts in WRONG.items()])
def _(way, sentence, here, before):
    found = misuses(way)
    check.true(found, "a misuse is in the last snapshot")
    first = found[0]
    check.contains(first.sentence, sentence)
    check.equal(len(found), 2 if way == "pair" else 1)
    check.contains(first.stacks["misused at"], here if way != "stream" else "main")
    if before:
        check.contains(first.stacks["closed before at"], before)
    else:
        check.contains(first.text, "closed before: by an untraced call")
    check.true(first.stacks["was opened at"], "an opening stack")
    check.equal(first.call, {"stream": "fclose", "accept": "accept"}.get(way, "close"))


@test("code that closes twice, and so closes what another thread has opened since, is told with that thread's stack")
def _():
    found = misuses("other")
    check.equal([one.sentence.split(",")[0] for one in found], ["double close of 3", "close of another's 3"])
    other = found[1]
    check.equal(other.stacks["misused at"][:1], ["closes_again"])
    check.equal(other.stacks["closed before at"][:1], ["closes_first"])
    check.equal(other.stacks["opened since at"][:1], ["logger_opens"])


@test("a dup2 over what another thread was given between this code's close and its dup2 is told with that thread's stack")
def _():
    found = misuses("copy")
    check.equal([one.sentence.split(",")[0] for one in found], ["copy over another's 3"])
    check.equal((found[0].call, found[0].times), ("dup2", 1))
    check.equal(found[0].stacks["misused at"][:2], ["copies_over", "closes_and_copies"])
    check.equal(found[0].stacks["closed before at"][:1], ["closes_first"])
    check.equal(found[0].stacks["opened since at"][:1], ["logger_opens"])
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--", program("misuses"), "copy"])
    check.equal(done.status, 1)
    check.contains(done.err, "wrong closes: 1 copy over another's descriptor")
    check.matches(done.err, r"(?m)^Copy over descriptor 3, which is another one by now, in copies_over at \S*misuses\.c:\d+$")


@test("a close() of a {1} number is told, once: {0}", each=[("file", "FILE's"), ("late", "FILE's"), ("directory", "DIR's")])
def _(way, _owner):
    found = misuses(way, "misuse_owners")
    number = 4 if way == "late" else 3
    check.equal([one.sentence.split(",")[0] for one in found], [f"close of a stream's {number}"])
    check.equal((found[0].call, found[0].times), ("close", 1))
    check.equal(found[0].stacks["misused at"][:1], ["closes_first"])
    check.equal(found[0].stacks["was opened at"][:1], ["directory" if way == "directory" else "opens_file_and_closes"])
    check.lacks(found[0].text, "closed before")
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--", program("misuse_owners"), way])
    check.equal(done.status, 1)
    check.contains(done.err, "wrong closes: 1 close of a stream's descriptor")
    check.matches(done.err, rf"(?m)^Close of descriptor {number}, which belongs to a stream, in closes_first at ")
    check.lacks(done.err, "closed before")


@test("an fclose whose number was closed, and given to other code, is told as a close of another's descriptor")
def _():
    found = misuses("stale", "misuse_owners")
    check.equal([one.sentence.split(",")[0] for one in found], ["close of a stream's 3", "close of another's 3"])
    check.equal(found[1].call, "fclose")
    check.equal(found[1].stacks["closed before at"][:1], ["closes_first"])
    check.equal(found[1].stacks["opened since at"][:1], ["other_opens"])


@test("a {2} that is given the standard number {1} after its close is told once, with the stacks of the open and the close",
      each=[("standard", 1, "socket"), ("unreadable", 1, "file that can only be read"),
            ("database", 1, "file that is opened close-on-exec for reading and writing"), ("stdio", 0, "last socket")])
def _(way, number, _what):
    found = misuses(way, "misuse_owners")
    check.equal([one.sentence.split(",")[0] for one in found], [f"open at standard number {number}"])
    check.equal((found[0].call, found[0].times), (None, 3 if way == "standard" else 1))
    check.equal(found[0].stacks["misused at"][:1], ["opens_file" if way in ("unreadable", "database") else "opens_socket"])
    if way == "stdio":
        check.contains(found[0].text, "\n  closed before: at an unknown place")
    else:
        check.equal(found[0].stacks["closed before at"][:1], ["closes_first"])
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--", program("misuse_owners"), way])
    check.equal(done.status, 1)
    check.matches(done.err, rf"(?m)^Open at the standard number {number}, in opens_\w+ at \S*misuse_owners\.c:\d+$")


@test("an open at a standard number is told before the program ends")
def _():
    run = run_traced([program("misuse_owners"), "standard"])
    check.equal(run.snapshots[0].why, "misuse: descriptor 1: it was closed, and an open was given the number")


@test("the same misuse is told once, and counted")
def _():
    found = misuses("many")
    check.equal([one.times for one in found], [100])


@test("no report for what is legal: {1} of {0}", each=[("misuses", way) for way in LEGAL] + [
    ("misuse_owners", way) for way in LEGAL_OWNERS])
def _(name, way):
    run = run_traced([program(name), way], VERBOSE=1)
    check.equal(run.status, 0)
    check.lacks(run.snapshots[-1].text, "\nmisuse ")
    check.equal(run.last.fields["misuses"], "0")


@test("a shell's own closes are not reported")
def _():
    script = "exec 3</dev/null; exec 3<&-; exec 3<&-; true | true | true"
    for shell in ("bash", "dash"):
        run = run_traced([require(shell), "-c", script], VERBOSE=1)
        check.equal(run.status, 0)
        check.lacks("".join(snapshot.text for snapshot in run.snapshots), "\nmisuse ")


@test("a misuse is reported at once: a snapshot says so before the program ends")
def _():
    run = run_traced([program("misuses"), "many"])
    check.matches(run.snapshots[0].why, r"^misuse: close\(\), descriptor 3: it was closed before$")
    check.true(len(run.snapshots) <= 3, "but not each time")


@test("--misuse=abort ends the program by SIGABRT at the wrong call, after the snapshot")
def _():
    run = run_traced([program("misuses"), "double"], MISUSE="abort")
    check.equal(run.status, -signal.SIGABRT)
    check.matches(run.snapshots[0].why, r"^misuse: close\(\)")


@test("--misuse=off finds nothing, and neither does --closers=0, and a snapshot says so by a missing line")
def _():
    for options in ({"MISUSE": "off"}, {"CLOSERS": "0"}):
        run = run_traced([program("misuses"), "double"], VERBOSE=1, **options)
        check.lacks(run.last.text, "misuse ")
        check.true("misuses" not in run.last.fields, "no line about misuses")


@test("fdtrail run reports misuses by line, and --max-misuse decides the status")
def _():
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--", program("misuses"), "double"])
    check.equal(done.status, 1)
    check.matches(done.err, r"wrong closes: 1 double close\n")
    check.matches(done.err, r"(?m)^Double close of descriptor 3, in closes_again at \S*misuses\.c:\d+$")
    check.contains(done.err, "--max-misuse 0: 1 wrong close")
    done = run_bare([FDTRAIL, "run", "--max-misuse=1", "--", program("misuses"), "double"])
    check.equal(done.status, 0)
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--", program("misuses"), "loop"])
    check.equal((done.status, done.err), (0, ""))


@test("fdtrail check shows the misuses that break --max-misuse, and report --function those with that function")
def _():
    path = temp_dir() / "snapshots.txt"
    run_traced([program("misuses"), "other"], OUTPUT=str(path))
    done = run_bare([FDTRAIL, "check", "--max-misuse=1", str(path)])
    check.equal(done.status, 1)
    check.contains(done.out, "Double close of descriptor 3")
    check.contains(done.out, "--max-misuse 1: 2 wrong closes")
    done = run_bare([FDTRAIL, "check", "--max-misuse=2", str(path)])
    check.equal(done.status, 0)
    check.lacks(done.out, "Double close")
    done = run_bare([FDTRAIL, "report", "--function=logger_opens", str(path)])
    check.contains(done.out, "Close of descriptor 3, which is another one by now")
    check.lacks(done.out, "Double close of descriptor")


@test("no limit on misuses is kept if nobody has looked: misuse off, or ptrace")
def _():
    for option in ("--misuse=off", "--closers=0", "--engine=ptrace"):
        done = run_bare([FDTRAIL, "run", "--max-misuse=0", option, "--", program("misuses"), "minus"])
        check.equal(done.status, 125, option)
        check.contains(done.err, "nobody has looked for wrong closes")


@test("a suppression of the function that closes wrongly covers the misuse")
def _():
    path = temp_dir() / "known"
    path.write_text("leak:closes_again\n")
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", f"--suppressions={path}", "--", program("misuses"), "double"])
    check.equal(done.status, 0)
    check.lacks(done.err, "Double close")


@test("JSON has every misuse with its stacks")
def _():
    path = temp_dir() / "snapshots.txt"
    run_traced([program("misuses"), "double"], OUTPUT=str(path))
    document = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", str(path)]).out)
    check.equal(document["misuse_total"], 1)
    misuse = document["misuses"][0]
    check.equal((misuse["misuse"], misuse["fd"], misuse["call"], misuse["times"]), ("double close", 3, "close", 1))
    for member, function in (("misused_at", "closes_again"), ("closed_before_at", "closes_first"), ("opened_at", "opens")):
        check.equal(misuse[member][0]["frames"][0]["function"], function)
    check.equal(document["snapshot"]["unknown_lines"], 0)


main()

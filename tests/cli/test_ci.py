#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents for CI systems: JUnit's XML, SARIF, GitHub's annotations and JSON of `run` and `check`; baselines."""

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree

import json_documents
from run_verb import FDTRAIL
from support import SOURCE, check, compile_program, main, program, run_bare, run_traced, temp_dir, test

SOURCE_FILE = SOURCE / "tests/programs/three_sockets.c"
LINE = next(number for number, line in enumerate(SOURCE_FILE.read_text().splitlines(), 1) if "socket(AF_INET" in line)


def snapshot_of(*arguments):
    """A file with the program's last snapshot."""
    return next(run_traced([program("three_sockets"), *arguments], SHOW="all").dir.glob("report.*"))


def run_in(format, *options, command=None):
    return run_bare([FDTRAIL, "run", f"--format={format}", "--report=-", *options, "--",
                     *(command or [program("three_sockets")])], cwd=SOURCE)


def check_in(format, *words):
    return run_bare([FDTRAIL, "check", f"--format={format}", *words], cwd=SOURCE)


def suites(text):
    """The test suites of a JUnit document, whose counts are right."""
    document = ElementTree.fromstring(text)
    check.equal(document.tag, "testsuites")
    for element in [document, *document]:
        cases = element.findall(".//testcase")
        counts = {"tests": len(cases), **{f"{kind}s": len(element.findall(f".//testcase/{kind}")) for kind in ("failure", "error")},
                  "skipped": len(element.findall(".//testcase/skipped"))}
        check.equal({name: int(element.get(name)) for name in counts}, counts)
        for case in cases:
            check.true(case.get("name") and case.get("classname") and case.get("time"), "a case has its attributes")
    return document.findall("testsuite")


def outcomes(suite):
    return {case.get("name"): (case[0].tag if len(case) else "passed") for case in suite.findall("testcase")}


SOCKETS = f"tcp, opened in leak_sockets at tests/programs/three_sockets.c:{LINE}"


@test("JUnit: a test case a group, with file and line; a limit that is broken is a failure of the group that breaks it, by {}", each=["run", "check"])
def _(verb):
    run = run_in("junit", "--max-group=2") if verb == "run" else check_in("junit", "--max-group=2", snapshot_of())
    check.equal((run.status, run.err), (1, ""))
    suite, = suites(run.out)
    check.equal(suite.get("name"), "three_sockets")
    found = outcomes(suite)
    check.equal(len(found), 3)
    check.equal((found[SOCKETS], found["limits"]), ("failure", "failure"))
    check.equal([kind for name, kind in found.items() if "open_pool" in name], ["passed"])
    case = next(case for case in suite.findall("testcase") if case.get("name") == SOCKETS)
    check.equal((case.get("file"), case.get("line"), case.get("classname")),
                ("tests/programs/three_sockets.c", str(LINE), "fdtrail.three_sockets"))
    check.contains(case[0].get("message"), "3 tcp sockets in CLOSED, opened in leak_sockets")
    check.matches(case[0].text, r"^ +=> #\d+ leak_sockets ")


@test("if all limits are kept, all cases pass; without limits, run fails everything that is left open")
def _():
    run = run_in("junit", "--max-group=3")
    check.equal(run.status, 0)
    check.equal(set(outcomes(suites(run.out)[0]).values()), {"passed"})
    run = run_in("junit")
    check.equal(run.status, 0)
    check.equal(sorted(outcomes(suites(run.out)[0]).values()), ["failure", "failure", "passed"])
    run = run_in("junit", command=["true"])
    check.equal((run.status, suites(run.out)), (0, []))


@test("missing data is an error, never a pass: {}", each=["junit", "sarif", "github", "json"])
def _(format):
    cut = temp_dir() / "cut.txt"
    cut.write_text(snapshot_of().read_text().split("end of fdtrail")[0])
    run = check_in(format, "--max-open=100", cut)
    check.equal(run.status, 2)
    words = "the snapshot is cut off: its end is missing"
    check.contains(run.out, words)
    if format == "junit":
        suite, = suites(run.out)
        check.equal(outcomes(suite)["limits"], "error")
    elif format == "sarif":
        check.equal([result["ruleId"] for result in results_of(run.out)], ["unknown"])
    elif format == "github":
        check.matches(run.out, f"^::error title=fdtrail can't tell::three_sockets, process \\d+: {words}$")
    else:
        check.equal(json_documents.one(run.out)["check"]["limits"], "unknown")


@test("run: a program that could not be traced is an error in the document")
def _():
    static = compile_program(SOURCE_FILE, "gcc-static")
    run = run_in("junit", "--max-open=100", command=["sh", "-c", f"{static}; :"])
    check.equal(run.status, 125)
    check.equal([outcomes(suite) for suite in suites(run.out) if suite.get("name") == "a process"], [{"limits": "error"}])
    check.contains(run.out, "not traced")


def results_of(text):
    """The results of a SARIF document, which has the members that SARIF 2.1.0 requires, and no others in objects
    that are closed there."""
    document = json.loads(text)
    check.equal(sorted(document), ["$schema", "runs", "version"])
    check.equal(document["version"], "2.1.0")
    run, = document["runs"]
    driver = run["tool"]["driver"]
    check.equal(driver["name"], "fdtrail")
    rules = driver["rules"]
    for rule in rules:
        check.equal(sorted(rule), ["id", "shortDescription"])
        check.true(rule["shortDescription"]["text"], "a rule has its text")
    for result in run["results"]:
        check.equal(rules[result["ruleIndex"]]["id"], result["ruleId"])
        check.true(result["level"] in ("none", "note", "warning", "error"), result["level"])
        check.equal(list(result["message"]), ["text"])
        check.lacks(str(sorted(result)), "_hex")
        for location in [*result.get("locations", []),
                         *(frame["location"] for stack in result.get("stacks", []) for frame in stack["frames"])]:
            check_location(location)
    return run["results"]


def check_location(location):
    check.true(set(location) <= {"physicalLocation", "logicalLocations"}, location)
    for logical in location["logicalLocations"]:
        check.equal(sorted(logical), ["fullyQualifiedName", "kind"])
    physical = location.get("physicalLocation")
    if physical:
        # RFC 3986: a URI reference has no other characters.
        check.matches(physical["artifactLocation"]["uri"], r"\A(file:///)?[A-Za-z0-9._~/%-]+\Z")
        check.at_least(physical.get("region", {"startLine": 1})["startLine"], 1)


@test("SARIF: a result a group that fails, with its line, its stack, and a fingerprint that stays")
def _():
    results = results_of(run_in("sarif", "--max-group=2").out)
    check.equal([result["ruleId"] for result in results], ["descriptor-leak", "limit"])
    leak = results[0]
    check.contains(leak["message"]["text"], "3 tcp sockets in CLOSED, opened in leak_sockets")
    check.equal(leak["locations"][0]["physicalLocation"],
                {"artifactLocation": {"uri": "tests/programs/three_sockets.c"}, "region": {"startLine": LINE}})
    frames = [frame["location"]["logicalLocations"][0]["fullyQualifiedName"] for frame in leak["stacks"][0]["frames"]]
    check.equal(frames[:2], ["leak_sockets", "main"])
    again = results_of(run_in("sarif", "--max-group=2").out)[0]
    check.equal(again["partialFingerprints"], leak["partialFingerprints"])


@test("SARIF: a file elsewhere has an absolute URI")
def _():
    run = run_bare([FDTRAIL, "run", "--format=sarif", "--report=-", "--", program("three_sockets")], cwd=temp_dir())
    uris = [location["physicalLocation"]["artifactLocation"]["uri"] for result in results_of(run.out) for location in result["locations"]]
    check.equal(set(uris), {f"file://{SOURCE_FILE}"})


@test("suppressed groups are skipped in JUnit, suppressed in SARIF, and not annotated")
def _():
    known = temp_dir() / "known"
    known.write_text("leak:leak_sockets\n")
    options = ["--max-group=0", f"--suppressions={known}"]
    check.equal(outcomes(suites(run_in("junit", *options).out)[0])[SOCKETS], "skipped")
    by_level = [bool(result.get("suppressions")) for result in results_of(run_in("sarif", *options).out) if result["ruleId"] == "descriptor-leak"]
    check.equal(sorted(by_level), [False, True])
    check.lacks(run_in("github", *options).out, "leak_sockets")


@test("GitHub: an annotation a group that fails, one line each, beside the line that leaks")
def _():
    lines = run_in("github", "--max-group=2").out.splitlines()
    check.equal(len(lines), 2)
    check.matches(lines[0], rf"^::error file=tests/programs/three_sockets\.c,line={LINE},title=descriptor leak in three_sockets::"
                            r"3 tcp sockets in CLOSED, opened in leak_sockets at \S+%0A")
    check.matches(lines[1], r"^::error title=fdtrail::three_sockets, process \d+: --max-group 2: ")


HOSTILE = r"""fdtrail snapshot, format 1
why: test
process: 7 "a<b>&%,::d", user 0
unclosed: 2 in 1 group; 0 inherited

group 1: 2 files, opened in "<![CDATA[%]]>&\x01\x1b\xff\n::error::" (m+0x10)
  opened at:
    #0 0x10 in "<![CDATA[%]]>&\x01\x1b\xff\n::error::" "/src/a b,c:%0A<d>\xff.c":7 (/nowhere/m+0x10)

end of fdtrail snapshot, format 1
"""


@test("no name breaks out of its place: {}", each=["junit", "sarif", "github", "json"])
def _(format):
    file = temp_dir() / "hostile.txt"
    file.write_text(HOSTILE)
    run = check_in(format, "--max-open=0", file)
    check.equal(run.status, 1, run.err)
    check.lacks(run.out, "\x1b")
    check.lacks(run.out, "\x01")
    if format == "junit":
        suite, = suites(run.out)
        check.equal(suite.get("name"), "a<b>&%,::d")
        check.equal(sorted(outcomes(suite).values()), ["failure", "failure"])
    elif format == "sarif":
        check.equal(len(results_of(run.out)), 2)
    elif format == "github":
        check.equal([line[:8] for line in run.out.splitlines()], ["::error "] * 2)
        check.contains(run.out, "title=descriptor leak in a<b>&%25%2C%3A%3Ad::")
        check.lacks(run.out.splitlines()[0].split("::", 2)[2], "%]")
    else:
        check.equal(json_documents.one(run.out)["process"]["program"], "a<b>&%,::d")


@test("JSON: a document a line for each process, as `report` writes it, with the verdict")
def _():
    run = check_in("json", "--max-group=2", snapshot_of(), snapshot_of())
    check.equal(run.status, 1)
    documents = json_documents.every(run.out)
    check.equal(len(documents), 2)
    for document in documents:
        check.equal(document["check"]["limits"], "broken")
        check.matches(document["check"]["lines"][0], r"^three_sockets, process \d+: --max-group 2: ")
        check.equal([group.get("broken", False) for group in document["groups"]], [True, False])
    check.equal(json_documents.one(run_in("json").out)["check"], {"lines": []})


@test("a process that can't be read is an error beside the others")
def _():
    run = check_in("junit", "--max-open=0", f"--pid={2**22 + 1}")
    check.equal(run.status, 2)
    check.contains(run.err, f"there is no process {2**22 + 1}\n")


def baseline(*files, options=()):
    path = temp_dir() / "baseline.folded"
    run = run_bare([FDTRAIL, "report", "--format=folded", *options, "-o", path, *files])
    check.equal((run.status, run.err), (0, ""))
    return path


@test("--baseline leaves out what was open in the last good run, and fails what is more; written with {} options", each=["no", "collapsing"])
def _(which):
    good = baseline(snapshot_of(), options=["--collapse-runtime"] if which == "collapsing" else [])
    run = run_bare([FDTRAIL, "check", "--max-open=0", f"--baseline={good}", snapshot_of()])
    check.equal((run.status, run.err), (0, ""))
    more = snapshot_of("1")
    run = run_bare([FDTRAIL, "check", "--max-open=0", f"--baseline={good}", more])
    check.equal(run.status, 1)
    check.contains(run.out, "4 tcp sockets")
    check.lacks(run.out, "open_pool")
    run = run_bare([FDTRAIL, "run", "--report=-", "--error-exitcode=9", f"--baseline={good}", "--", program("three_sockets")])
    check.equal((run.status, run.out), (0, ""))
    run = run_bare([FDTRAIL, "run", "--report=-", "--error-exitcode=9", f"--baseline={good}", "--", program("three_sockets"), "2"])
    check.equal(run.status, 9)


@test("a baseline outlives a build: addresses and lines don't count")
def _():
    moved = temp_dir() / "three_sockets.c"
    moved.write_text("\n\n\nstatic int unused(int a) { return a * 3; }\nint (*keeps)(int) = unused;\n"
                     + SOURCE_FILE.read_text().replace('"frame.h"', f'"{SOURCE_FILE.parent}/frame.h"'))
    rebuilt = temp_dir() / "three_sockets"
    shutil.copy(compile_program(moved), rebuilt)
    run = run_bare([FDTRAIL, "run", "--error-exitcode=9", f"--baseline={baseline(snapshot_of())}", "--", rebuilt])
    check.equal((run.status, run.err), (0, ""))


@test("a file that is no baseline is one line")
def _():
    for text, words in [("nonsense\n", "line 1 is not a stack and a number"), ("a;b 1\na;b x\n", "line 2 is not"), (None, "No such file")]:
        path = temp_dir() / "baseline"
        if text:
            path.write_text(text)
        run = run_bare([FDTRAIL, "check", "--max-open=0", f"--baseline={path}", "x"])
        check.equal((run.status, run.out, run.err.count("\n")), (2, "", 1))
        check.matches(run.err, rf"^fdtrail check: can't read the baseline in {path}: {words}")


@test("run: no report, no document: --output=stderr is refused")
def _():
    run = run_in("junit", "--output=stderr")
    check.equal((run.status, run.out), (125, ""))
    check.equal(run.err, "fdtrail run: --output=stderr makes no report: don't combine it with --format\n")


@test("--gen-suppressions needs text")
def _():
    run = check_in("junit", "--max-open=0", "--gen-suppressions", "x")
    check.equal((run.status, run.err), (2, "fdtrail check: --gen-suppressions works only with --format=text\n"))


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail report --format=..., read by the programs that it is meant for: jq and Python for JSON, `go tool
pprof`, and `promtool check metrics`."""

import gzip
import json
import os
import pty
import re
import resource
import signal
import stat
import subprocess
import urllib.request

import json_documents
import prometheus_text
from json_schema import Schema
from prometheus_text import labelled
from support import (BUILD, PYTHON, TESTS, check, free_port, go_program, main, program, require, run_bare, run_traced,
                     skip, start_traced, temp_dir, test, wait_for_port, wait_until)

GO_CACHE = BUILD / "tests" / "go" / "cache"  # since Go 1.25 `go tool` compiles pprof when it is first used
FDTRAIL = BUILD / "tools" / "fdtrail"
FORMATS = ["folded", "html", "json", "pprof", "prometheus"]

# Opens files with hostile names: line ends, quotes, semicolons, bytes that aren't UTF-8, characters that turn the
# direction of writing, and an escape sequence.
HOSTILE = """
import os, threading, ctypes
names = [b"line\\nend", b"quote\\"s \\\\ back", b"semi;colon", b"\\xff\\xfe\\x80",
         "\\u202eright".encode(), b"\\x1b[31mred"]
keep = [os.open(os.path.join(b".", name), os.O_CREAT | os.O_RDWR) for name in names]
keep += [os.memfd_create(name) for name in names]
ctypes.CDLL(None).prctl(15, b"ev;il\\n\\xff\\"{}", 0, 0, 0)
os._exit(0)
"""

# 10,000 descriptors in 200 stacks: ten calls, each from twenty depths of map(), which recurses in C.
MANY = """
import os, resource, select, signal, socket
eventfd = getattr(os, "eventfd", None) or __import__("ctypes").CDLL(None).eventfd  # in os since Python 3.10
signal.signal(10, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
keep = []
opens = [lambda: os.open("/dev/null", os.O_RDONLY), lambda: os.dup(0), lambda: eventfd(0, 0),
         lambda: os.memfd_create("m"), lambda: keep.append(socket.socket()), lambda: keep.append(select.epoll()),
         lambda: os.pidfd_open(os.getpid()), lambda: keep.append(open("/dev/zero")),
         lambda: keep.append(os.scandir("/")), lambda: keep.append(socket.socket(socket.AF_UNIX))]
def deeper(depth, opener):
    next(map(deeper, [depth - 1], [opener])) if depth else opener()
for opener in opens:
    for depth in range(20):
        for _ in range(50):
            deeper(depth, opener)
os.kill(os.getpid(), 10)
os._exit(0)
"""


def snapshot_text(run):
    """All output of the program, as bytes."""
    return b"".join(path.read_bytes() for path in sorted(run.dir.glob("report.*")))


def traced_text(argv, **arguments):
    return snapshot_text(run_traced(argv, **arguments))


def export(name, text, *options):
    """The output of `fdtrail report --format=NAME` for a text, as bytes."""
    path = temp_dir() / "snapshots.txt"
    path.write_bytes(text)
    done = subprocess.run([FDTRAIL, "report", f"--format={name}", *options, path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
    check.equal((done.returncode, done.stderr), (0, b""), f"fdtrail report --format={name}")
    return done.stdout


def documents(text):
    """The JSON documents; jq parses each of them, too."""
    out = export("json", text)
    judged = subprocess.run([require("jq"), "-c", "."], input=out, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            check=False)
    check.equal((judged.returncode, judged.stderr), (0, b""), "jq")
    check.equal(judged.stdout.count(b"\n"), out.count(b"\n"), "documents that jq reads")
    return json_documents.every(out)


def pprof(text, *options):
    """The output of `go tool pprof` for the profile."""
    folder = temp_dir()
    (folder / "profile.pb.gz").write_bytes(export("pprof", text))
    done = subprocess.run([require("go"), "tool", "pprof", *options, folder / "profile.pb.gz"],
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "GOCACHE": str(GO_CACHE)},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=280)
    check.equal(done.returncode, 0, f"go tool pprof: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("utf-8")


def metrics(text):
    """The metrics by name and labels, once promtool has accepted them."""
    require("promtool")
    return prometheus_text.parse(export("prometheus", text).decode("utf-8"))


def folded(text):
    """Counts by stack."""
    stacks = {}
    for line in export("folded", text).decode("utf-8").splitlines():
        found = check.matches(line, r"\A([^;]+(?:;[^;]+)+) (\d+)\Z", "a collapsed stack")
        stacks[found[1]] = stacks.get(found[1], 0) + int(found[2])
    return stacks


# A real leak in every format

@test("JSON has a document for each snapshot, with the same facts as the text")
def _():
    run = run_traced([program("demo")], INHERITED=1)
    found = documents(snapshot_text(run))
    check.equal(len(found), len(run.snapshots))
    document, snapshot = found[-1], run.last
    check.equal((document["schema_version"], document["snapshot"]["complete"]), (1, True))
    check.equal((document["process"]["pid"], document["process"]["program"]), (run.pid, "demo"))
    check.equal(document["process"]["arguments"], [program("demo")])
    check.equal([group["count"] for group in document["groups"]], [group.count for group in snapshot.groups])
    group = document["groups"][0]
    functions = [frame["function"] for frame in group["stack"] if "function" in frame]
    check.equal([name for name in functions if name in ("open_connection", "fetch_status", "poll_brokers", "main")],
                ["open_connection", "fetch_status", "poll_brokers", "main"])
    check.equal(group["states"], [{"state": "CLOSE_WAIT", "count": 8}])
    check.equal([descriptor["fd"] for descriptor in group["descriptors"]], snapshot.groups[0].fds)
    for descriptor in group["descriptors"]:
        check.equal((descriptor["kind"], descriptor["protocol"], descriptor["state"], descriptor["inherited"]),
                    ("tcp", "tcp", "CLOSE_WAIT", False))
        check.matches(descriptor["local"], r"^127\.0\.0\.1:\d+$")
        check.matches(descriptor["peer"], r"^127\.0\.0\.1:\d+$")
        check.at_least(descriptor["age_seconds"], 0)
        check.at_least(descriptor["idle_seconds"], 0)
    libc = next(frame for frame in group["stack"] if "libc" in frame.get("module", ""))
    check.matches(libc["build_id"], r"^[0-9a-f]{8,}$")
    check.matches(libc["offset"], r"^0x[0-9a-f]+$")
    inherited = document["groups"][-1]
    check.equal((inherited["origin"], inherited["inherited"], inherited["stack"]), ("inherited", True, []))
    check.true(inherited["reason"], "it is said why there is no stack")
    check.true(all(descriptor["inherited"] for descriptor in inherited["descriptors"]), "descriptors are inherited")


@test("a collapsed stack leads from the program to the function that leaked")
def _():
    stacks = folded(traced_text([program("demo")], INHERITED=1))
    leaks = [stack for stack in stacks if stack.endswith(";open_connection;[tcp]")]
    check.equal(len(leaks), 1)
    # Not 11: the last snapshot but one is of the same process, and only the newest counts.
    check.equal(stacks[leaks[0]], 8)
    check.matches(leaks[0], r"^demo;.*;main;poll_brokers;fetch_status;open_connection;\[tcp\]$")
    check.contains(list(stacks), "demo;[inherited]")


@test("go tool pprof shows the leak on top, by number and by age", timeout=300)
def _():
    text = traced_text([program("demo")], INHERITED=1)
    top = pprof(text, "-top")
    check.contains(top, "Type: open_fds")
    check.matches(top, r"^ +8 +[\d.]+% +[\d.]+% +8 +[\d.]+% +open_connection$")
    check.matches(top, r"^ +0 +0% +[\d.]+% +8 +[\d.]+% +fetch_status$")
    # The demonstration takes less than a tenth of a second.
    aged = pprof(re.sub(rb"\bage \d+\.\ds", b"age 1.5s", text), "-sample_index=age", "-top")
    check.matches(aged, r"^ +[\d.]+m?s +100% +100% +[\d.]+m?s +100% +open_connection$")
    check.matches(pprof(text, "-traces", "-tagfocus=state=CLOSE_WAIT"),
                  r"^ +8 +open_connection\n +fetch_status\n +poll_brokers\n +main")


@test("go tool pprof reads mappings with build-ids, addresses, labels, the time and the reason")
def _():
    run = run_traced([program("demo")])
    raw = pprof(snapshot_text(run), "-raw")
    check.contains(raw, f"Comment: demo, process {run.pid} on ")
    check.matches(raw, r"^open_fds/count\[dflt\] age/milliseconds$")
    check.matches(raw, r"kind:\[tcp\] pid:\[\d+\] program:\[demo\] stack:\[[0-9a-f]{16}\] state:\[CLOSE_WAIT\]")
    check.matches(raw, rf"^1: 0x[0-9a-f]+/0x[0-9a-f]+/0x0 {re.escape(program('demo'))} [0-9a-f]+ \[.*FN.*\]")
    check.matches(raw, r"^Time: 20\d\d-\d\d-\d\d ")
    mappings = {found[1]: (int(found[2], 16), int(found[3], 16))
                for found in re.finditer(r"^(\d+): 0x([0-9a-f]+)/0x([0-9a-f]+)/", raw, re.M)}
    locations = re.findall(r"^ +\d+: 0x([0-9a-f]+) M=(\d+) ", raw, re.M)
    check.at_least(len(locations), 5)
    for address, mapping in locations:
        start, end = mappings[mapping]
        check.true(start <= int(address, 16) < end, f"0x{address} lies in its mapping")
    module = next(line for line in run.last.footer.splitlines() if program("demo") in line)
    check.contains(raw, check.matches(module, r"BuildId ([0-9a-f]+)")[1])


@test("the program is the profile's main file, wherever its stacks begin")
def _():
    text = (b"fdtrail snapshot, format 1\nprocess: 1 server\nunclosed: 1 in 1 group; 0 inherited\n\n"
            b"group 1: 1 file, opened in helper\n  opened at:\n    #0 0x11 in helper (/lib/libhelper.so+0x11)\n"
            b"    #1 0x5512 in main (/srv/server-1.2+0x12)\n  descriptors:\n    3 file /a, read\n\n"
            b"end of fdtrail snapshot, format 1\n")
    check.matches(pprof(text, "-top"), r"\AFile: server-1\.2$")


@test("promtool accepts the metrics, and they add up to the open descriptors")
def _():
    run = run_traced([program("demo")], INHERITED=1)
    found = metrics(snapshot_text(run))
    open_now = int(check.matches(run.last.fields["descriptors"], r"^(\d+) open")[1])
    check.equal(labelled(found, "fdtrail_open_descriptors"), open_now)
    check.equal(labelled(found, "fdtrail_open_descriptors", program="demo", kind="tcp", state="CLOSE_WAIT"), 8)
    check.equal(labelled(found, "fdtrail_process_open_descriptors", pid=str(run.pid)), open_now)
    check.equal(labelled(found, "fdtrail_process_unclosed_descriptors"), 8)
    check.equal(labelled(found, "fdtrail_process_inherited_descriptors"), open_now - 8)
    check.equal(labelled(found, "fdtrail_snapshot_complete"), 1)
    limit = check.matches(run.last.fields["descriptors"], r"limit (\d+)")[1]
    check.equal(labelled(found, "fdtrail_process_max_descriptors"), float(limit))


@test("a stack has the same id in every format, and after a restart")
def _():
    ids = set()
    for _ in range(2):
        text = traced_text([program("demo")])
        ids.add(documents(text)[-1]["groups"][0]["stack_id"])
        ids.add(check.matches(" ".join(metrics(text)), r'state="CLOSE_WAIT",stack="([0-9a-f]+)"')[1])
        ids.add(check.matches(pprof(text, "-raw"), r"stack:\[([0-9a-f]+)\]")[1])
    check.equal(len(ids), 1, f"ids: {ids}")


# inner and middle have no frame of their own.
INLINED = """
#include <fcntl.h>
#include <unistd.h>
static inline __attribute__((always_inline)) int inner(void)
{
	return open("/dev/null", O_RDONLY); /* in inner */
}
static inline __attribute__((always_inline)) int middle(void)
{
	return inner() + 1; /* in middle */
}
static __attribute__((noinline)) int outer(void)
{
	int fd = middle(); /* in outer */
	__asm__ volatile("" : : : "memory");
	return fd;
}
int main(void)
{
	return outer() < 0; /* in main */
}
"""


@test("inlined functions are frames with their lines in JSON, collapsed stacks and profiles")
def _():
    source = temp_dir() / "inlines.c"
    source.write_text(INLINED)
    lines = {name: next(number for number, line in enumerate(INLINED.splitlines(), 1) if f"in {name} " in line)
             for name in ("inner", "middle", "outer", "main")}
    binary = temp_dir() / "inlines"
    subprocess.run([require("gcc"), "-O2", "-g", "-o", binary, source], check=True)
    text = traced_text([binary])
    group = next(group for group in documents(text)[-1]["groups"] if group["kind"] == "device")
    frames = [frame for frame in group["stack"] if frame.get("function") in lines]
    check.equal([(frame["function"], frame["line"], frame["inlined"]) for frame in frames],
                [("inner", lines["inner"], True), ("middle", lines["middle"], True), ("outer", lines["outer"], False),
                 ("main", lines["main"], False)])
    check.true(all(frame["file"] == str(source) for frame in frames), "the file is the source")
    check.equal(len({frame["address"] for frame in frames}), 2)
    check.true(any(stack.endswith(";main;outer;middle;inner;[device]") for stack in folded(text)), "a frame each")
    raw = pprof(text, "-raw")
    # Since Go 1.22 a column follows the line.
    places = [rf"{name} {re.escape(str(source))}:{lines[name]}(?::0)? s=0" for name in ("inner", "middle", "outer")]
    check.matches(raw, r"\n +".join(places))
    check.matches(raw, r"^1: .*/inlines .*\[FN\]\[FL\]\[LN\]\[IN\]")
    check.matches(" ".join(metrics(text)), r'function="inner"')


@test("the profile's flame graph shows the function in a browser")
def _():
    folder, port = temp_dir(), free_port()
    (folder / "profile.pb.gz").write_bytes(export("pprof", traced_text([program("demo")])))
    server = start_traced(
        [require("go"), "tool", "pprof", "-no_browser", f"-http=127.0.0.1:{port}", folder / "profile.pb.gz"], traced=False,
        env={"HOME": str(folder), "GOCACHE": str(GO_CACHE)})
    wait_for_port(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/ui/flamegraph", timeout=20) as page:
        check.contains(page.read().decode(), "open_connection")
    server.send(signal.SIGTERM)


@test("a Go server's leaks count for the request that leaked them, not for the connection's opener", timeout=240)
def _():
    broker = subprocess.Popen([go_program("broker")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    url, output = broker.stdout.readline().strip(), temp_dir() / "snapshots"
    run = run_bare([FDTRAIL, "run", "--", go_program("server"), "-broker", url, "-leaks", 5, "-good", 5],
                   env={"FDTRAIL_OUTPUT": str(output)}, timeout=120)
    check.contains(run.out, "leaked 5\n")
    broker.stdin.close()
    text = output.read_bytes()
    leaks = {stack: count for stack, count in folded(text).items() if stack.endswith(";[last HTTP request];[tcp]")}
    check.equal(sum(leaks.values()), 5)
    for stack in leaks:
        check.contains(stack, ";main.(*Server).Disconnect;")
        check.true("(*Server).Drop" not in stack and "(*Server).List" not in stack, f"innocent handlers in {stack}")
    check.matches(pprof(text, "-top", "-cum"), r"^ +0 +0% +[\d.]+% +5 +[\d.]+% +main\.\(\*Server\)\.Disconnect$")
    check.equal(labelled(metrics(text), "fdtrail_open_descriptors", state="CLOSE_WAIT",
                         function="broker.example/api.(*Client).CloseConnection"), 5)
    groups = [group for group in documents(text)[-1]["groups"] if group["last_http_request_by"]]
    check.true(groups and all(group["created_by"] for group in groups), "JSON has the goroutines, too")


# Hostile input

@test("names with line ends, quotes, semicolons and invalid UTF-8 break no format ({})", each=FORMATS)
def _(name):
    folder = temp_dir()
    text = traced_text([PYTHON, "-c", HOSTILE], cwd=folder)
    if name == "json":
        document = documents(text)[-1]
        descriptors = [descriptor for group in document["groups"] for descriptor in group["descriptors"]]
        paths = {bytes.fromhex(found["path_hex"]) if "path_hex" in found else found["path"].encode()
                 for found in descriptors if found["kind"] == "file"}
        check.equal({os.path.basename(path) for path in paths if path.startswith(os.fsencode(str(folder)))},
                    {b"line\nend", b"quote\"s \\ back", b"semi;colon", b"\xff\xfe\x80",
                     "\u202eright".encode(), b"\x1b[31mred"})
        # The undecoded text, too, has nothing that drives a terminal.
        check.true(not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xe2\x80\xae", export("json", text)), "no control characters")
        names = [bytes.fromhex(found["thread"].get("name_hex", "")) for found in descriptors if "thread" in found]
        check.contains(names, b"ev;il\n\xff\"{}")
    elif name == "folded":
        check.at_least(sum(folded(text).values()), 12)
    elif name == "pprof":
        check.contains(pprof(text, "-top"), "Type: open_fds")
    else:
        check.at_least(labelled(metrics(text), "fdtrail_open_descriptors"), 12)


# A function's name comes from a symbol table, which anybody can write.
EVIL_NAMES = ["a;b", "new\\nline", "\\xff\\xfe", "br{ace=\\\\\\\"}", "\\xe2\\x80\\xae", "x" * 5000, "<script>"]


def evil_snapshot():
    groups = "".join(
        f'group {i}: 1 file, opened in "{name}"\n  opened at:\n    #0 0x{i}1 in "{name}" (/srv/m"o;d{i}+0x{i}1)\n'
        f'    #1 0x{i}2 (/srv/m"o;d{i}+0x{i}2)\n'
        f'  descriptors:\n    {i} file "/tmp/{name}", read, age 1.0s, thread 1 ("{name}")\n\n'
        for i, name in enumerate(EVIL_NAMES, 1))
    return ("fdtrail snapshot, format 1\nwhy: \\x1b[31m\\xff\nnumber: 1\nwhen: never\n"
            "process: 1 \"e;v\\\"il\\n\\xff{}\"\nunclosed: 7 in 7 groups; 0 inherited\n\n"
            + groups + "end of fdtrail snapshot, format 1\n").encode()


@test("names of functions and modules made to break a format break none")
def _():
    text = evil_snapshot()
    found = documents(text)[0]["groups"]
    check.equal(len(found), len(EVIL_NAMES))
    check.equal(found[0]["stack"][0]["function"], "a;b")
    check.equal(found[1]["stack"][0]["function"], "new\nline")
    check.equal(found[2]["stack"][0]["function_hex"], "fffe")
    check.equal(labelled(metrics(text), "fdtrail_open_descriptors"), len(EVIL_NAMES))
    check.equal(sum(folded(text).values()), len(EVIL_NAMES))
    check.true(all(stack.count(";") == 3 for stack in folded(text)), "each stack is the program, two frames and the kind")
    raw = pprof(text, "-raw")
    check.contains(raw, "a;b")
    check.true("\x1b" not in raw, "no escape sequence")


@test("a snapshot without groups is a document, a profile and metrics, and no stack")
def _():
    run = run_traced(["/bin/true"], VERBOSE=1)
    text = snapshot_text(run)
    check.equal(run.last.groups, [])
    document = documents(text)[-1]
    check.equal((document["groups"], document["unclosed"]["count"]), ([], 0))
    check.equal(folded(text), {})
    check.contains(pprof(text, "-top"), "Type: open_fds")
    check.equal(labelled(metrics(text), "fdtrail_process_unclosed_descriptors"), 0)


@test("a truncated snapshot is exported as far as it goes")
def _():
    text = traced_text([program("demo")], INHERITED=1)
    text = text[text.rindex(b"\nfdtrail snapshot, format 1") + 1:] if b"\nfdtrail snapshot, format 1" in text else text
    for end in range(len(b"fdtrail snapshot, format 1\n"), len(text) - len(b"end of fdtrail snapshot, format 1\n"), len(text) // 12):
        document = documents(text[:end])[0]
        check.equal(document["snapshot"]["complete"], False, f"cut at {end}: complete")
        check.equal(labelled(metrics(text[:end]), "fdtrail_snapshot_complete"), 0, f"cut at {end}: metric")
        total = sum(group["count"] for group in document["groups"])
        check.equal(sum(folded(text[:end]).values()), total, f"cut at {end}: folded")
        check.contains(pprof(text[:end], "-raw"), "the snapshot is cut")


@test("10,000 descriptors are all counted in every format", timeout=120)
def _():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 10100:
        skip(f"the limit of descriptors is {hard}")
    text = traced_text([PYTHON, "-c", MANY], timeout=100, EXIT=0, DEPTH=256)
    document = documents(text)[-1]
    total = sum(group["count"] for group in document["groups"])
    check.equal(total, 10000)
    check.at_least(len(document["groups"]), 200)
    check.equal(sum(len(group["descriptors"]) for group in document["groups"]), total)
    check.equal(sum(folded(text).values()), total)
    found = metrics(text)
    check.equal(labelled(found, "fdtrail_open_descriptors"), total)
    # Each group has a stack of its own, so all of its series are there; ten or so are the process' own.
    check.at_most(len(found), 5 * len(document["groups"]) + 20, "series: some for each group, none for a descriptor")
    check.matches(pprof(text, "-top"), rf"of {total} total")


def largest_memory(name, text):
    """The most memory in KiB that a report in this format took."""
    path = temp_dir() / "snapshots.txt"
    path.write_bytes(text)
    # The kernel counts the memory of a process before its exec as well, so a small process starts it.
    measure = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([PYTHON, "-Sc", measure, FDTRAIL, "report", f"--format={name}", path], check=True,
                          stdout=subprocess.PIPE)
    return int(done.stdout)


@test("a series of snapshots takes no more memory than a few of them ({})", each=["text", *FORMATS])
def _(name):
    descriptors = "".join(f"    {fd} file /tmp/a, read, age 1.0s\n" for fd in range(3000))

    def series(length):
        return "".join(f"fdtrail snapshot, format 1\nnumber: {number}\nprocess: 7 server\n"
                       "unclosed: 3000 in 1 group; 0 inherited\n\n"
                       "group 1: 3000 files, opened at an unknown place\n"
                       f"  descriptors:\n{descriptors}\nend of fdtrail snapshot, format 1\n"
                       for number in range(length)).encode()

    few, many = (80, 400) if name == "html" else (12, 120)  # the page has a time line of some snapshots
    check.at_most(largest_memory(name, series(many)), 1.5 * largest_memory(name, series(few)), "KiB")


@test("processes of one program are added up, each with its newest snapshot")
def _():
    one, other = traced_text([program("demo")]), traced_text([program("demo")])
    check.equal(labelled(metrics(one + other), "fdtrail_open_descriptors", kind="tcp"), 16)
    check.equal(list(folded(one + other).values()), [16])
    check.equal(len(documents(one + other)), 4)
    check.matches(pprof(one + other, "-top"), r"^ +16 .* open_connection$")


# Output files

def report_to(path, name, text, **arguments):
    source = temp_dir() / "snapshots.txt"
    source.write_bytes(text)
    return run_bare([FDTRAIL, "report", f"--format={name}", "-o", path, source], **arguments)


@test("-o writes a file that others may read only if that is its purpose ({})", each=FORMATS)
def _(name):
    folder = temp_dir()
    run = report_to(folder / "out", name, evil_snapshot(), preexec=lambda: os.umask(0o022))
    check.equal((run.status, run.out, run.err), (0, "", ""))
    check.equal(stat.S_IMODE((folder / "out").stat().st_mode), 0o644 if name == "prometheus" else 0o600)
    check.equal(os.listdir(folder), ["out"])
    if name != "json":  # JSON names the file that it was read from
        check.equal((folder / "out").read_bytes(), export(name, evil_snapshot()))


@test("a file that can't be read leaves the old answer, and prints one line ({})", each=FORMATS)
def _(name):
    folder = temp_dir()
    (folder / "out").write_text("old")
    for source, message in (("/nonexistent", "No such file"), ("/", "Is a directory"), ("/dev/null", "is empty")):
        run = run_bare([FDTRAIL, "report", f"--format={name}", "-o", folder / "out", source])
        check.equal(run.status, 2, source)
        check.matches(run.err, rf"(?i)\Afdtrail report: .*{message}.*\n\Z")
    check.equal((folder / "out").read_text(), "old")
    check.equal(os.listdir(folder), ["out"])


@test("Ctrl-C leaves no half-written file behind")
def _():
    folder = temp_dir()
    os.mkfifo(folder / "source")
    run = start_traced([FDTRAIL, "report", "--format=json", "-o", folder / "out", folder / "source"], traced=False)
    with open(folder / "source", "wb") as source:
        source.write(evil_snapshot())
        source.flush()
        wait_until(lambda: len(os.listdir(folder)) == 2, what="the temporary file")
        run.send(signal.SIGINT)
        run.wait()
    check.equal(run.status, -signal.SIGINT)
    check.equal(os.listdir(folder), ["source"])


@test("a symbolic link is neither followed nor replaced")
def _():
    folder = temp_dir()
    (folder / "victim").write_text("untouched")
    (folder / "link").symlink_to("victim")
    run = report_to(folder / "link", "json", evil_snapshot())
    check.equal(run.status, 2)
    check.matches(run.err, r"\Afdtrail report: can't write .*link: it is a symbolic link.*\n\Z")
    check.equal((folder / "victim").read_text(), "untouched")
    check.true((folder / "link").is_symlink(), "the link is there")


@test("a full disk is reported in one line")
def _():
    source = temp_dir() / "snapshots.txt"
    source.write_bytes(evil_snapshot())
    for name in FORMATS:
        run = run_bare(["sh", "-c", f"'{FDTRAIL}' report --format={name} '{source}' >/dev/full"])
        check.equal(run.status, 2, name)
        check.matches(run.err, r"\Afdtrail report: .*No space left on device\n\Z")


@test("a profile is not written to a terminal")
def _():
    source = temp_dir() / "snapshots.txt"
    source.write_bytes(evil_snapshot())
    master, slave = pty.openpty()
    done = subprocess.run([FDTRAIL, "report", "--format=pprof", source], stdout=slave, stderr=subprocess.PIPE, check=False)
    os.close(slave)
    os.close(master)
    check.equal(done.returncode, 2)
    check.contains(done.stderr.decode(), "pprof output is binary: write it to a file with -o FILE.pb.gz")
    check.true(gzip.decompress(export("pprof", evil_snapshot())), "elsewhere it is one")


@test("an unknown format is refused with the nearest known one")
def _():
    run = run_bare([FDTRAIL, "report", "--format=promethous", "/dev/null"])
    check.equal(run.status, 2)
    check.matches(run.err, r"\Afdtrail report: .*promethous.*prometheus.*\n\Z")


# The schema

def members(value, found):
    if isinstance(value, dict):
        for name, inner in value.items():
            found.add(name.removesuffix("_hex"))
            members(inner, found)
    elif isinstance(value, list):
        for inner in value:
            members(inner, found)
    return found


@test("fdtrail-json(5) is a man page")
def _():
    source = (TESTS.parent / "tools" / "man" / "fdtrail-json.5.scd").read_bytes()
    done = subprocess.run([require("scdoc")], input=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check.equal((done.returncode, done.stderr), (0, b""))
    check.matches(done.stdout.decode(), r'\.TH "fdtrail\\?-json" "?5\b')


@test("fdtrail-json(5) names every member that a document has, and no other")
def _():
    page = (TESTS.parent / "tools" / "man" / "fdtrail-json.5.scd").read_text()
    told = set(re.findall(r"\*([a-z_]+)\*", page[page.index("# THE DOCUMENT"):page.index("# EXAMPLES")]))
    # Values of origin; opened is a member, too.
    told -= {"unseen", "untraced", "inherited_fork", "inherited_exec"}
    rooms = TESTS.parent / "tools"
    source = "".join(path.read_text() for path in (rooms / "export/json.c", rooms / "export/json_group.c",
                                                   rooms / "diff/diff_json.c", rooms / "ci/ci_json.c"))
    written = set(re.findall(r'json_?\w*\((?:&?json), "(\w+)"|put_\w+\(&?json, "(\w+)"', source))
    written = {one or other for one, other in written} | {"path", "target"}
    written |= set(re.findall(r'{"\w+ ", "(\w+)"}', source))  # versions
    written |= {"new", "grown", "shrunk", "gone", "same"}  # words for changes
    written |= {"kept", "broken", "unknown"}  # words for the limits of a check
    check.equal(sorted(told - written), [], "told and not written")
    check.equal(sorted(written - told), [], "written and not told")
    seen = set()
    path = temp_dir() / "snapshots.txt"
    for text in (traced_text([program("demo")], INHERITED=1), evil_snapshot()):
        members(documents(text), seen)
        path.write_bytes(text + text)
        members(json_documents.every(run_bare([FDTRAIL, "diff", "--format=json", path, path]).out), seen)
    check.equal(sorted(seen - told), [], "seen and not told")


def schema_members(part):
    """The names of all members in a part of the schema."""
    if isinstance(part, list):
        return {name for inner in part for name in schema_members(inner)}
    if not isinstance(part, dict):
        return set()
    return set(part.get("properties", {})) | {name for inner in part.values() for name in schema_members(inner)}


@test("the JSON Schema has the members that fdtrail-json(5) names, and the kinds of the table")
def _():
    page = (TESTS.parent / "tools" / "man" / "fdtrail-json.5.scd").read_text()
    schema = json.loads(json_documents.SCHEMA.read_text())
    found = schema_members(schema)
    # The page names some words in the same way as members: those of a check's result and of origin.
    told = set(re.findall(r"\*([a-z_]+)\*", page[page.index("# THE DOCUMENT"):page.index("# EXAMPLES")]))
    check.equal(sorted(found - told), [], "in the schema and not on the page")
    check.equal(sorted(told - found - {"kept", "broken", "unseen", "untraced", "inherited_fork", "inherited_exec"}), [],
                "on the page and not in the schema")
    kinds = re.findall(r'\[KIND_\w+\] = \{"(\w+)"', (TESTS.parent / "preload/core/snapshot/kind.c").read_text())
    check.equal(schema["$defs"]["kind"]["enum"], kinds)


@test("the tests' validator of schemas refuses what a schema doesn't allow, and keywords that it doesn't know")
def _():
    schema = Schema(json_documents.SCHEMA.read_text())
    run = run_traced([program("demo")])
    good = documents(snapshot_text(run))[-1]
    check.equal(schema.errors(good), [])

    def refused(change, text):
        bad = json.loads(json.dumps(good))
        change(bad)
        check.contains("\n".join(schema.errors(bad)), text)

    refused(lambda bad: bad.update(schema_version=2), "2 is not 1")
    refused(lambda bad: bad.pop("groups"), "'groups' is missing")
    refused(lambda bad: bad.update(colour="red"), "'colour' is not in the schema")
    refused(lambda bad: bad["process"].update(pid="1"), "$.process.pid: \"1\" is no integer")
    refused(lambda bad: bad["process"].update(pid=True), "true is no integer")
    refused(lambda bad: bad["process"].update(pid=-1), "-1 is less than 0")
    refused(lambda bad: bad["groups"][0].update(stack={}), "{} is no array")
    refused(lambda bad: bad["groups"][0].pop("stack_id"), "no alternative of oneOf holds")
    refused(lambda bad: bad["groups"][0].update(reason="x"), "2 alternatives of oneOf hold")
    refused(lambda bad: bad["groups"][0]["stack"][0].update(address="1"), "\"1\" does not match ^0x")
    refused(lambda bad: bad["groups"][0]["stack"][0].update(own=False), "false is not True")
    refused(lambda bad: bad["groups"][0]["descriptors"][0].update(kind="tpc"), "\"tpc\" is not one of ")
    for text in ('{"propertys": {}}', '{"type": "float"}', '{"properties": {"a": {"maximum": 1}}}', '{"items": true}',
                 '{"$ref": "#/$defs/none"}', '{"$ref": "other.json"}', '{"oneOf": [{"anyOf": []}]}'):
        try:
            Schema(text)
            check.true(False, f"{text} was accepted")
        except ValueError:
            pass


@test("every test reads the command's JSON by json_documents.py, which holds it against the schema")
def _():
    # Each of these reads other JSON: the schema, and that of meson, SARIF, Chromium, CPython's tests, Node's programs
    # and the page.
    others = {"json_documents.py", "json_schema.py", "browser.py", "python_suite.py", "summary.py", "cli/test_ci.py",
              "cli/test_export.py", "cli/test_fleet.py", "cli/test_html.py", "cli/test_install.py", "cli/test_node.py"}
    found = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py")
             if re.search(r"\bjson\.(loads?|JSONDecoder)\b", path.read_text())}
    check.equal(sorted(found - others), [])


main()

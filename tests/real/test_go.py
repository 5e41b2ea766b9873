#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Go programs, built in all the usual ways: the server that ignores a response (tests/programs/go/)."""

import datetime
import os
import random
import re
import subprocess
from pathlib import Path

import json_documents
import snapshot_text
from go_binaries import RUN, sections, users
from support import (BUILD, GO_VARIANTS, SOURCE, Failed, check, go_program, main, program, require, require_go,
                     run_bare, skip, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
LEAKS = 5
GOOD = 6

# Ways in which the server and its broker are started.
WAYS = {
    "keep-alive": ([], []),
    "no keep-alive": (["-keepalive=false"], []),
    "TLS": ([], ["-tls"]),
    "TLS, no keep-alive": (["-keepalive=false"], ["-tls"]),
    "wrapped": (["-wrap"], []),
    "wrapped, TLS": (["-wrap"], ["-tls"]),
    "concurrent": (["-concurrent"], []),
    "concurrent, TLS": (["-concurrent"], ["-tls"]),
}
# Handlers of tests/programs/go/server/handlers.go.
LEAKING = "main.(*Server).Disconnect"
INNOCENT = {"main.(*Server).Drop", "main.(*Server).List"}


def broker(*options):
    """The URL of a broker that ends with the test."""
    # Its stdin stays open as long as this process lives, or until the test has ended it.
    process = subprocess.Popen([go_program("broker"), *options], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    url = process.stdout.readline().strip()
    if not url:
        raise Failed("the broker has not begun")
    return url


def openers(group):
    """The functions of the opening stack, and of the stacks that created its goroutine."""
    found = []
    for heading, functions in sections(group):
        if heading not in ("opened at", "created by"):
            break
        found += functions
    return found


def run_server(variant, way, *options, leaks=LEAKS, good=GOOD, run_options=(), **arguments):
    """Runs the server to its end under fdtrail run; returns its Process, with its snapshots in it."""
    server_options, broker_options = WAYS[way]
    arguments.setdefault("timeout", 60)
    output = temp_dir() / "snapshot"
    run = run_bare([*RUN, *run_options, "--", go_program("server", variant), "-broker",
                    broker(*broker_options), "-leaks", leaks, "-good", good, *server_options, *options],
                   env={"FDTRAIL_OUTPUT": str(output), **arguments.pop("env", {})}, **arguments)
    check.equal(run.status, 0, "exit status")
    check.contains(run.out, f"leaked {leaks}\n")
    run.output = output
    run.found = snapshot_text.parse_all(output.read_text())
    return run


def in_close_wait(snapshot):
    return [found for found in snapshot.descriptors.values() if ", CLOSE_WAIT," in found.text]


CASES = [(variant, way) for variant in GO_VARIANTS for way in WAYS]


@test("only a Go server's leaked connections are in CLOSE_WAIT, last used by the leaking handler ({}, "
      "{})", each=CASES, timeout=300)
def _(variant, way):
    run = run_server(variant, way)
    check.equal(len(run.found), 1, "snapshots")
    snapshot = run.found[0]
    check.equal(len(in_close_wait(snapshot)), LEAKS, "connections in CLOSE_WAIT")
    for group in snapshot.groups:
        used = users(group)
        check.equal(INNOCENT & set(used), set(), "innocent last users")
        if any(", CLOSE_WAIT," in found.text for found in group.descriptors):
            check.contains(used, LEAKING, "who used it last")
            check.contains(group.functions, "broker.example/api.(*Client).CloseConnection")
            check.lacks(group.text, "incomplete")


@test("in a storm of requests no innocent handler is named ({})", each=["concurrent", "concurrent, TLS"],
      timeout=300)
def _(way):
    run = run_server("nocgo", way, leaks=300, good=300, timeout=240)
    snapshot = run.found[-1]
    check.equal(len(in_close_wait(snapshot)), 300, "connections in CLOSE_WAIT")
    for group in snapshot.groups:
        if group.kind == "tcp" and "LISTEN" not in group.sentence:
            check.contains(users(group), LEAKING, "who used it last")


@test("the report names the leaking line of a Go program ({})", each=[*GO_VARIANTS, "buildid"], timeout=300)
def _(variant):
    run = run_server(variant, "keep-alive")
    done = subprocess.run([FDTRAIL, "report", run.output], stdout=subprocess.PIPE, text=True, check=True)
    source = (BUILD.parent / "tests/programs/go/server/handlers.go").read_text().split("\n")
    lines = re.findall(re.escape(LEAKING) + r" .*?handlers\.go:(\d+)", done.stdout)
    check.true(lines, f"{LEAKING} has a line in the report\n{done.stdout}")
    for line in lines:
        check.contains(source[int(line) - 1], "s.client.CloseConnection(")


@test("the code that needed a connection is in the ancestry of the goroutine that dialled", timeout=120)
def _():
    run = run_server("default", "no keep-alive", good=0)
    group = run.found[0].groups[0]
    check.equal(group.count, LEAKS)
    check.contains(openers(group), "net/http.(*Transport).dialConnFor")
    check.contains(openers(group), LEAKING)
    check.contains(openers(group), "main.main")
    check.contains(group.sentence, "opened in broker.example/api.(*Client).CloseConnection")


@test("without ancestry only the creator is shown, and the text says so", timeout=120)
def _():
    run = run_server("default", "keep-alive", env={"GODEBUG": "gctrace=0"},
                     run_options=["--go-ancestors=0"])
    group = next(group for group in run.found[0].groups if users(group))
    # Go 1.23 and later have a function of its own for the go statement.
    check.true({"net/http.(*Transport).queueForDial", "net/http.(*Transport).startDialConnForLocked"}
               & set(openers(group)), f"the creator is among {openers(group)}")
    check.lacks(openers(group), "main.main")
    check.contains(group.text, "(incomplete: only the go statement is known")


@test("the program's own GODEBUG stays as it is", timeout=120)
def _():
    run = run_server("default", "keep-alive", env={"GODEBUG": "tracebackancestors=1"})
    group = next(group for group in run.found[0].groups if users(group))
    check.contains(group.text, "(the goroutines before this one are not kept")


@test("with --no-http nobody is named, and the text says that the opener may be innocent", timeout=120)
def _():
    run = run_server("default", "keep-alive", run_options=["--no-http"])
    snapshot = run.found[0]
    check.equal(len(in_close_wait(snapshot)), LEAKS)
    check.lacks(snapshot.text, "last HTTP request by")
    check.lacks(snapshot.text, "last used")
    check.contains(snapshot.text, "who opened one may not be who")
    done = subprocess.run([FDTRAIL, "report", run.output], stdout=subprocess.PIPE, text=True, check=True)
    check.contains(re.sub(r"\s+", " ", done.stdout), "who opened one may not be who leaks it.")


@test("requests by threads that existed before the program's first connection are noted ({})",
      each=["default", "nocgo"], timeout=120)
def _(variant):
    output = temp_dir() / "snapshot"
    run = run_bare([*RUN, "--", go_program("storm", variant), "threads"], timeout=60,
                   env={"FDTRAIL_OUTPUT": str(output)})
    check.equal(run.status, 0)
    used = [(group.count, users(group)) for group in snapshot_text.parse_all(output.read_text())[-1].groups
            if users(group)]
    check.equal(sum(count for count, _ in used), 8, "connections that were used by requests")
    for _, functions in used:
        check.contains(functions, "main.second")
        check.lacks(functions, "main.first")


@test("without debug registers nobody is named either, and the text says why", timeout=120)
def _():
    run = run_server("nocgo", "keep-alive", run_options=["--engine=ptrace"], env={"LD_PRELOAD": program("libnodebug")})
    snapshot = run.found[0]
    check.equal(len(in_close_wait(snapshot)), LEAKS)
    check.lacks(snapshot.text, "last HTTP request by")
    check.contains(re.sub(r"\s+(note:)?\s*", " ", snapshot.text),
                   "who opened one may not be who leaks it. The last request over each is not known: this machine or "
                   "its kernel gives no hardware breakpoints.")


@test("a connection that HTTP/2 requests share is marked as shared, and nobody is blamed", timeout=120)
def _():
    output = temp_dir() / "snapshot"
    run = run_bare([*RUN, "--", go_program("server"), "-broker", broker("-tls"), "-http2",
                    "-leaks", 3, "-good", 3, "-hangup=false"], env={"FDTRAIL_OUTPUT": str(output)},
                   timeout=60)
    check.equal(run.status, 0)
    group = next(group for group in snapshot_text.parse_all(output.read_text())[-1].groups
                 if users(group))
    check.contains(group.text, "  note: HTTP/2: many requests at a time share such a connection")
    check.equal(group.count, 1)
    check.lacks(group.sentence, "last used")


def advice_on(kind, variant="nocgo"):
    """The advice about the connections of a client, as `leaks KIND` makes them."""
    run = run_bare([*RUN, "--", go_program("leaks", variant), kind], timeout=60)
    check.equal(run.status, 0)
    groups = [part for part in re.split(r"(?m)^(?=\d+\. )", run.err) if "last HTTP request by" in part]
    check.equal(len(groups), 1, run.err)
    return re.search(r"What to do: ((?:.*\n)+?)   (?:by|last) ", groups[0])[1].replace("\n   ", " ").strip(), groups[0]


@test("several Transports with one request each are recognized, and the advice says so: {}",
      each=[("Go-transport", "default"), ("Go-transport", "stripped"), ("Go-transport-HTTP/2", "nocgo")], timeout=120)
def _(kind, variant):
    advice, group = advice_on(kind, variant)
    check.equal(advice, "these belong to 3 Transports, one request each: share one Transport.")
    check.equal(len(set(re.findall(r", 1 HTTP request by Transport (0x[0-9a-f]+)", group))), 3)


@test("connections that one Transport keeps do not count as a leak, and their requests are counted", timeout=120)
def _():
    advice, group = advice_on("Go-pool")
    check.contains(advice, "nothing is unread on these: net/http keeps such connections for the next request")
    used = re.findall(r", (\d) HTTP requests? by Transport (0x[0-9a-f]+)", group)
    check.equal((sorted(count for count, _ in used), len({address for _, address in used})), (["1", "1", "2"], 1))


@test("stacks lead from C called by Go to Go, and from Go called back by C to C ({})",
      each=["default", "trimpath", "pie"], timeout=180)
def _(variant):
    output = temp_dir() / "snapshot"
    run = run_bare([*RUN, "--", go_program("callsc", variant)],
                   env={"FDTRAIL_OUTPUT": str(output)})
    check.equal(run.status, 0)
    snapshot = snapshot_text.parse_all(output.read_text())[-1]
    (through,) = [group for group in snapshot.groups if "/dev/null" in group.text]
    functions = [name for name in through.functions if not name.startswith("_cgo")]
    check.equal(functions, ["open_in_c", "runtime.asmcgocall", "runtime.cgocall",
                            "main._Cfunc_open_in_c", "main.leakThroughC", "main.main", "runtime.main"])
    check.contains(through.sentence, "opened in open_in_c")
    (back,) = [group for group in snapshot.groups if "/dev/zero" in group.text]
    check.contains(back.sentence, "opened in main.openInGo")
    check.equal([functions[-1] for _, functions in sections(back)], ["main.main.func1", "runtime.main"])
    check.lacks(through.text + back.text, "incomplete")
    check.lacks(back.functions, "crosscall2")
    # C has started a thread, which calls Go: the frames before that call are C's.
    (of_a_thread,) = [group for group in snapshot.groups if "/dev/full" in group.text]
    check.contains(of_a_thread.sentence, "opened in main.openInGo")
    callers = of_a_thread.functions[of_a_thread.functions.index("runtime.cgocallback") + 1:]
    check.equal(callers[:4], ["crosscall2", "openInGo", "call_back", "call_back_from_c"])
    (through,) = [group for group in snapshot.groups if "/dev/urandom" in group.text]
    check.equal([name for name in through.functions if (name or "").startswith(("main.", "open_in_c", "call_back"))],
                ["open_in_c", "main._Cfunc_open_in_c", "main.leakThroughC", "main.openInGo", "call_back",
                 "call_back_from_c"])
    (twice,) = [group for group in snapshot.groups if "/dev/random" in group.text]
    check.equal([name for name in twice.functions if (name or "").startswith(("main.", "open", "call_back"))],
                ["main.openInGo", "main._Cfunc_call_back", "main.leakThroughCallback", "main.openInGo", "openInGo",
                 "call_back", "call_back_from_c"])
    check.lacks(of_a_thread.text + through.text + twice.text, "incomplete")


@test("the heading names the main module's function that drops the response, not the dependency ({})",
      each=["default", "stripped", "trimpath", "pie"], timeout=300)
def _(variant):
    run = run_bare([*RUN, "--", go_program("consumer", variant)])
    check.equal(run.status, 0)
    found = re.findall(r"(?m)^1\. 4 tcp sockets in \w+, last used in (\S+) at \S*session\.go:(\d+)$", run.err)
    check.equal([name for name, _ in found], ["broker.example/consumer/internal/session.(*Session).Hangup"])
    source = (BUILD.parent / "tests/programs/go/consumer/internal/session/session.go").read_text().split("\n")
    check.contains(source[int(found[0][1]) - 1], "s.client.CloseConnection(")
    # One finding, though two lines of the program lead there.
    check.matches(run.err, r"\n   by 2 call paths:\n     3 by main\.run at \S+ .*\n     1 by main\.run at ")


@test("if a Go program closes everything else, only its listener is reported", timeout=120)
def _():
    run = run_server("nocgo", "keep-alive", leaks=0)
    check.equal([group.sentence for group in run.found[-1].groups],
                ["1 tcp socket in LISTEN, opened in main.run"])


@test("a Go program without section headers is recognized all the same", timeout=120)
def _():
    # The state after sstrip: e_shoff, e_shnum and e_shstrndx of elf(5) are zero.
    elf = bytearray(Path(go_program("server", "stripped")).read_bytes())
    elf[0x28:0x30], elf[0x3c:0x40] = bytes(8), bytes(4)
    server, output = temp_dir() / "server", temp_dir() / "snapshot"
    server.write_bytes(elf)
    server.chmod(0o700)
    run = run_bare([*RUN, "--", server, "-broker", broker()], env={"FDTRAIL_OUTPUT": str(output)},
                   timeout=60)
    check.equal(run.status, 0)
    check.contains(users(snapshot_text.parse_all(output.read_text())[-1].groups[0]), LEAKING)


@test("the automatic snapshot when descriptors run out names the leaking handler", timeout=120)
def _():
    output = temp_dir() / "snapshot"
    run_bare(["sh", "-c", "ulimit -n 64; exec \"$@\"", "sh", *RUN, "--", go_program("server"),
              "-broker", broker(), "-leaks", 100, "-good", 20], env={"FDTRAIL_OUTPUT": str(output)},
             timeout=100)
    found = snapshot_text.parse_all(output.read_text())
    check.contains(found[0].why, "EMFILE")
    check.contains(users(found[0].groups[0]), LEAKING)


@test("scripts/go-story prints the leaking line, and reports success", timeout=300)
def _():
    require_go("1.19")
    run = run_bare([SOURCE / "scripts" / "go-story", "nocgo"], env={"BUILD_DIR": str(BUILD)}, timeout=280)
    check.equal(run.status, 0)
    check.matches(run.out, r"main\.\(\*Server\)\.Disconnect +\S*/go/server/handlers\.go:\d+$")
    check.contains(run.out, "scripts/go-story: 1 of 1 reports name the line")


# Comparison with Go's own tools

def some_addresses(program, count):
    """Addresses all over the program's Go code: the first of each third function, and random ones."""
    listed = subprocess.run(["go", "tool", "nm", "-sort", "address", program], stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    entries = [int(line.split()[0], 16) for line in listed.split("\n")
               if len(line.split()) > 2 and line.split()[1] in "Tt"]
    numbers = random.Random(4711)
    return sorted(set(entries[::3] + [numbers.randrange(entries[0], entries[-1]) for _ in range(count)]))


def build_id_of(program):
    """As a snapshot has it; "" if the file has none. Go's linker writes one since Go 1.24."""
    notes = run_bare([require("readelf"), "-n", program]).out
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return found[1] if found else ""


def symbolized(program, addresses):
    """fdtrail report's answer for frames at these addresses: lists of (function, file, line)."""
    build_id = build_id_of(program)
    frame_id, module_id = (f" (BuildId: {build_id})", f", BuildId {build_id}") if build_id else ("", "")
    lines = ["fdtrail snapshot, format 1", f"when: {datetime.datetime.utcnow().isoformat(timespec='milliseconds')}Z",
             "process: 1 judged, user 0", f"host: {os.uname().nodename}", ""]
    for number, first in enumerate(range(0, len(addresses), 200), 1):
        lines += [f"group {number}: 1 file, opened at an unknown place", "  opened at:"]
        lines += [f"    #{index} 0x{address:x} ({program}+0x{address:x}){frame_id}"
                  for index, address in enumerate(addresses[first:first + 200])]
        lines += ["  descriptors:", f"    {number + 2} file /tmp/x", ""]
    lines += ["modules:", f"  0x{addresses[0]:x}-0x{addresses[-1] + 1:x} {program}{module_id}", "",
              "end of fdtrail snapshot, format 1", ""]
    path = temp_dir() / "judged"
    path.write_text("\n".join(lines))
    done = subprocess.run([FDTRAIL, "report", "-f", "json", path], stdout=subprocess.PIPE, check=True)
    found = {}
    for group in json_documents.one(done.stdout)["groups"]:
        for frame in group["stack"]:
            found.setdefault(int(frame["offset"], 16), []).append(
                (frame.get("function"), frame.get("file"), frame.get("line")))
    return found


def addr2line(command, addresses):
    """The lines that such a command prints for these addresses."""
    return subprocess.run(command, input="".join(f"0x{address:x}\n" for address in addresses), stdout=subprocess.PIPE,
                          text=True, check=True).stdout.split("\n")


@test("every function and line matches go tool addr2line ({})",
      each=["default", "nocgo", "stripped", "trimpath"], timeout=300)
def _(variant):
    # Stripping changes no address; go tool addr2line needs the symbols.
    judged = go_program("server", "nocgo" if variant == "stripped" else variant)
    addresses = some_addresses(judged, 3000)
    found = symbolized(go_program("server", variant), addresses)
    said = addr2line([require("go"), "tool", "addr2line", judged], addresses)
    wrong, equal = [], 0
    for address, function, line in zip(addresses, said[0::2], said[1::2]):
        file, _, number = line.rpartition(":")
        # C code of cgo, and the space between functions, have no lines.
        if not file or int(number) <= 0 or "." not in function:
            continue
        ours = found[address]
        # The compiler's wrappers around a method that is inlined in them are left out.
        if ours[-1][0] and not ours[-1][0].endswith("-fm"):
            function = function.removesuffix("-fm")
        same = ours[-1][0] and (ours[-1][0] == function or
                                ours[-1][0].rpartition(".")[2] == function.rpartition(".")[2])
        if same and (ours[0][1], ours[0][2]) == (file, int(number)):
            equal += 1
        else:
            wrong.append((hex(address), ours, function, line))
    check.equal(wrong[:5], [])
    check.at_least(equal, 4000, "addresses that were compared")


@test("every line of a position-independent program matches its debug information", timeout=300)
def _():
    judged = go_program("server", "pie")
    addresses = some_addresses(judged, 3000)
    found = symbolized(judged, addresses)
    # go tool addr2line of Go 1.19 can't read such programs, and binutils' can't read those of Go 1.27.
    said = addr2line([require("addr2line"), "-e", judged], addresses)
    if not any(re.search(r":\d+$", line) for line in said):
        said = addr2line([require("go"), "tool", "addr2line", judged], addresses)
        # It gives C code of cgo the line of the Go code before it.
        said = [line if "." in function else "" for function, line in zip(said[0::2], said[1::2])]
    wrong, equal = [], 0
    for address, line in zip(addresses, said):
        file, _, number = re.sub(r" \(discriminator.*", "", line).rpartition(":")
        if not file.endswith((".go", ".s")) or not file.startswith("/") or not number.isdigit():
            continue
        if (found[address][0][1], found[address][0][2]) == (file, int(number)):
            equal += 1
        else:
            wrong.append((hex(address), found[address], line))
    check.equal(wrong[:5], [])
    check.at_least(equal, 4000, "addresses that were compared")


WATCH = """package watch

import "syscall"

func New() int {
	fd, err := syscall.InotifyInit1(0)
	if err != nil {
		panic(err)
	}
	return fd
}
"""
LOADS = """package main

import "dep.example/someone/watch"

//go:noinline
func load() int {
	return watch.New()
}

func main() {
	for i := 0; i < 5; i++ {
		load()
	}
}
"""


@test("without modules (GOPATH), too, the program's own line is named, and not the dependency that opens")
def _():
    go, folder = require_go("1.16"), temp_dir()
    dependency = folder / "src" / "dep.example" / "someone" / "watch"
    dependency.mkdir(parents=True)
    (dependency / "watch.go").write_text(WATCH)
    (folder / "main.go").write_text(LOADS)
    built = run_bare([go, "build", "-o", "loads", "main.go"], cwd=folder, timeout=120,
                     env={"GO111MODULE": "off", "GOPATH": str(folder), "GOFLAGS": ""})
    if "GO111MODULE" in built.err:
        skip("this Go has no GOPATH mode")
    check.equal(built.status, 0, built.err)
    run = run_bare([*RUN, "--", folder / "loads"])
    check.matches(run.err, r"5 inotify instances, opened in main\.load at (\S+/)?main\.go:7\n")


main()

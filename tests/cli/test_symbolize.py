#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Functions, files and lines of frames. `fdtrail report` must give the same answers as addr2line for every call
in a program. Missing data is reported, and never guessed."""

import ctypes
import itertools
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import json_documents
from debug_files import HOST, INLINES, NOW, build_id, debuginfod, elfutils, snapshot_of, split_copy
from support import (BUILD, TESTS, Failed, check, compile_program, main, program, require, run_bare, run_traced, seed,
                     skip, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
def report(text, *options, env=None):
    """`fdtrail report` of a text: status, stdout and stderr."""
    path = temp_dir() / "snapshot.txt"
    path.write_text(text)
    done = subprocess.run([FDTRAIL, "report", *options, path], capture_output=True, text=True, check=False,
                          timeout=50, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def frames_of(text, *options, env=None):
    """The stack of `fdtrail report --format=json`: a list for each frame of its objects, innermost first."""
    status, out, err = report(text, "--format=json", *options, env=env)
    check.equal((status, err), (0, ""), "fdtrail report --format=json")
    stack = json_documents.one(out)["groups"][0]["stack"]
    return [list(objects) for _, objects in itertools.groupby(stack, key=lambda frame: frame["index"])]


def places(frame):
    """[(function, "file:line"), ...] of a frame."""
    return [(one.get("function", "??"), f"{one.get('file', '??')}:{one.get('line', 0)}") for one in frame]


def calls_of(path, most=1500):
    """Addresses as stacks have them: of calls, one less than the return address. At most this many, evenly
spread."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True, check=True)
    addresses, behind_call = set(), False
    for line in code.stdout.splitlines():
        instruction = re.match(r"\s*([0-9a-f]+):\t(\S+)", line)
        if instruction and behind_call:
            addresses.add(int(instruction[1], 16) - 1)
        behind_call = bool(instruction) and instruction[2].startswith("call")
    return sorted(addresses)[::max(1, len(addresses) // most)]


def addr2line(path, addresses, tool="addr2line"):
    """The answers of addr2line, in the form of places()."""
    wanted = "\n".join(f"{address:#x}" for address in addresses)
    # llvm-symbolizer takes addr2line's options if that is its name, which not every distribution gives it.
    name = {"llvm-symbolizer": "llvm-addr2line"}.get(tool, tool)
    out = subprocess.run([name, "-Cfiae", path], executable=require(tool), input=wanted, capture_output=True, text=True, check=True).stdout
    answers = []
    lines = iter(out.splitlines())
    for line in lines:
        if re.fullmatch(r"0x[0-9a-f]+", line):
            answers.append([])
            continue
        file, _, number = re.sub(r" \(discriminator \d+\)", "", next(lines)).partition("\0")[0].rpartition(":")
        file = os.path.normpath(file) if file not in ("", "??") else "??"
        answers[-1].append((line, f"{file}:{number if number.isdigit() else 0}"))
    return answers


def same_function(ours, judges):
    """fdtrail leaves out the return type, and names the enclosing function of one without linkage name; blanks
don't matter; and a function's part in .text.unlikely is the function."""
    ours, judges = (re.sub(r"\s|\.cold|\[clone.*\]", "", name) for name in (ours, judges))
    # An older addr2line doesn't read each name, and writes vtable.shim with a hyphen. clang's names that aren't linkage
    # names have other template arguments.
    if judges.startswith("_Z") or judges == ours.replace("vtable.shim", "vtable-shim"):
        return True
    if "<" in judges and "(" not in judges and f"::{judges.partition('<')[0]}<" in ours:
        return True
    # Without the linkage name, which the demangler doesn't know, ours is a name of the debug information.
    if "<" in ours and "(" not in ours and f"::{ours.partition('<')[0].rpartition('::')[2]}<" in judges:
        return True
    return judges.endswith(ours) or ours.endswith("::" + judges) or f"::{judges}(" in ours


def has_lines(places_of_frame):
    return places_of_frame[-1][1].startswith("/")


def compare(ours, judges, addresses):
    """Both are lists of places(). If a frame has no line, its name is the linker's and is not compared."""
    compared = 0
    for address, mine, his in zip(addresses, ours, judges):
        if not has_lines(his):
            continue
        compared += 1
        # An older addr2line gives no file, either, for an inlined call without a line.
        check.equal(*([re.sub(r".*:0$", "??:0", place) for _, place in places_of_frame] for places_of_frame in (mine, his)),
                    f"files and lines of {address:#x}")
        if "??:0" in [place for _, place in his]:
            continue
        # For functions without a linkage name addr2line prints the last part, or the enclosing function.
        for (function, _), (judged, _) in zip(mine, his):
            # libiberty and LLVM disagree on inherited constructors.
            known = "lambda" not in function and "__uniq_ptr" not in judged
            check.true(not known or same_function(function, judged), f"{address:#x}: '{function}' is '{judged}'")
    check.at_least(compared, 20, "calls that were compared")


def ours_of(path, addresses, *options, text=None, env=None):
    return [places(frame) for frame in frames_of(text or snapshot_of(path, addresses), *options, env=env)]


@test("functions, files, lines and inlined calls match addr2line: C++ by {}, {} {}",
      each=itertools.product(("gcc", "clang"), ("-gdwarf-4", "-gdwarf-5"), ("-O0", "-O2")))
def _(compiler, dwarf, optimized):
    path = compile_program(INLINES, compiler, (dwarf, optimized))
    addresses = calls_of(path)
    # binutils 2.40 takes the wrong files from clang's DWARF 5, and misses some inlined calls.
    tool = "llvm-symbolizer" if (compiler, dwarf) == ("clang", "-gdwarf-5") else "addr2line"
    compare(ours_of(path, addresses), addr2line(path, addresses, tool), addresses)


@test("a program without position-independent code is read like any other")
def _():
    path = compile_program(INLINES, "gcc-nopie")
    addresses = calls_of(path)
    check.at_least(addresses[0], 0x400000, "an address of a fixed program")
    compare(ours_of(path, addresses), addr2line(path, addresses), addresses)


@test("a library that the program loads is read like the program")
def _():
    path = program("libthrow")
    addresses = calls_of(path)
    check.true(any(has_lines(places) for places in ours_of(path, addresses)), "there are lines")
    for mine, his in zip(ours_of(path, addresses), addr2line(path, addresses)):
        if has_lines(his):
            check.equal([place for _, place in mine], [place for _, place in his])


def rust_program(*flags):
    source = TESTS / "programs" / "inlines.rs"
    path = temp_dir() / "inlines"
    done = subprocess.run([require("rustc"), "-g", "-O", *flags, "-o", path, source], capture_output=True, text=True,
                          check=False)
    if "unknown codegen option" in done.stderr:
        skip("rustc before 1.59 has no such names")
    if done.returncode != 0:
        raise Failed(f"rustc can't build inlines.rs\n{done.stderr}")
    return path


@test("functions, files, lines and inlined calls match addr2line: Rust, names {}",
      each=["legacy", "v0"], timeout=120)
def _(mangling):
    flags = ["-C", "symbol-mangling-version=v0"] if mangling == "v0" else []
    path = rust_program(*flags)
    addresses = calls_of(path, 600)
    compare(ours_of(path, addresses), addr2line(path, addresses), addresses)


@test("a Rust program's own code is distinguished from the standard library's", timeout=120)
def _():
    run = run_traced([rust_program()])
    text = "".join(path.read_text() for path in run.dir.glob("report.*"))
    document = json_documents.every(report(text, "--format=json")[1])[-1]
    check.equal(sum(group["count"] for group in document["groups"] if not group["inherited"]), 6)
    for group in document["groups"]:
        own = [frame for frame in group["stack"] if frame.get("own")]
        check.contains([frame.get("function") for frame in own], "inlines::leak_listener")
        check.lacks([frame.get("function") for frame in own], "_start")
    text = report("".join(path.read_text() for path in run.dir.glob("report.*")), "--collapse-runtime")[1]
    check.matches(text, r"(?m)^   => #\d+ inlines::leak_listener +\S*inlines\.rs:32:\d+$")
    check.lacks(text, "std::")


# Debug information in other places

@test("lines come from a separate debug file: {}", each=["build-id", "link", "link into .debug"])
def _(how):
    whole, stripped, _, folder = split_copy(how)
    addresses = calls_of(whole)
    options = [f"--debug-dir={folder / 'debug'}"] if how == "build-id" else []
    compare(ours_of(stripped, addresses, *options), addr2line(whole, addresses), addresses)


@test("lines come from {} that {}, by its build-id", each=[
    (what, how) for what in ("the program before strip", "a debug file of another name")
    for how in ("lies in --debug-dir", "is the --debug-dir")])
def _(what, how):
    whole, stripped, debug, _ = split_copy("link")
    addresses = calls_of(whole)
    text = snapshot_of(stripped, addresses)
    kept = temp_dir() / "kept"
    if what == "the program before strip":
        shutil.copy(whole, kept)
        debug.unlink()
    else:
        debug.rename(kept)
    # Files that must not be used: of another build, and without lines.
    shutil.copy(compile_program(INLINES, "gcc-O0"), kept.with_name(stripped.name))
    shutil.copy(stripped, kept.with_name("a stripped copy"))
    (kept.parent / "no program").write_text("x")
    os.mkfifo(kept.with_name("a pipe"))
    option = f"--debug-dir={kept.parent if how.startswith('lies') else kept}"
    compare(ours_of(stripped, addresses, option), addr2line(whole, addresses), addresses)
    check.true(not any(has_lines(places(frame)) for frame in frames_of(text)), "there are no lines without it")
    stripped.unlink()
    compare(ours_of(None, addresses, option, text=text), addr2line(whole, addresses), addresses)


@test("a --debug-dir that can't be one is refused: {}", each=[
    ("no program", "a folder, or an ELF file"), ("none", "No such file or directory"),
    ("a pipe", "a folder, or an ELF file"), ("no build-id", "the file has no build-id")])
def _(what, words):
    path = temp_dir() / what
    if what == "no program":
        path.write_text("x")
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "no build-id":
        subprocess.run(["objcopy", "--remove-section=.note.gnu.build-id", BUILD / "tools" / "fdtrail", path], check=True)
    status, out, err = report("", f"--debug-dir={path}")
    check.equal((status, out, err), (2, "", f"fdtrail report: --debug-dir={path} is not accepted: {words}\n"))
    run = run_bare([BUILD / "tools" / "fdtrail", "run", f"--debug-dir={path}", "true"])
    check.equal((run.status, run.err), (125, f"fdtrail run: --debug-dir={path} is not accepted: {words}\n"))


@test("a relative --debug-dir works, too; a folder that does not exist is refused")
def _():
    whole, stripped, _, folder = split_copy("build-id")
    addresses = calls_of(whole)[:50]
    text = snapshot_of(stripped, addresses)
    relative = os.path.relpath(folder / "debug")
    check.true(any(has_lines(places(frame)) for frame in frames_of(text, f"--debug-dir={relative}")), "there are lines")
    status, out, err = report(text, "--debug-dir=/nowhere/at/all")
    check.equal((status, out), (2, ""))
    check.contains(err, "--debug-dir=/nowhere/at/all is not accepted: No such file or directory")


@test("a debug file of another build is not used")
def _():
    _, stripped, debug, folder = split_copy("link")
    # The file has the right name, but neither the build-id nor the checksum.
    subprocess.run(["objcopy", "--only-keep-debug", compile_program(INLINES, "gcc-O0"), debug], check=True)
    frames = frames_of(snapshot_of(stripped, calls_of(stripped)[:200]), f"--debug-dir={folder}")
    check.true(not any(has_lines(places(frame)) for frame in frames), "there are no lines")


@test("lines come from .dwo files (-gsplit-dwarf)")
def _():
    folder = temp_dir()
    for name, flags in (("whole", []), ("split", ["-gsplit-dwarf"])):
        subprocess.run([require("g++"), "-O2", "-g", *flags, "-o", name, INLINES], cwd=folder, check=True)
    addresses = calls_of(folder / "whole")
    check.equal(calls_of(folder / "split"), addresses, "the code is the same")
    check.equal([[place for _, place in frame] for frame in ours_of(folder / "split", addresses)],
                [[place for _, place in frame] for frame in ours_of(folder / "whole", addresses)])


@test("lines come from a debuginfod server if DEBUGINFOD_URLS names one")
def _():
    whole, stripped, server, env = debuginfod()
    addresses = calls_of(whole)
    compare(ours_of(stripped, addresses, env=env), addr2line(whole, addresses), addresses)
    check.equal(server.asked, [f"/buildid/{build_id(whole)}/debuginfo"])
    server.shutdown()


@test("Ctrl-C in a download leaves nothing behind")
def _():
    if elfutils() < (0, 188):
        skip("libdwfl before 0.188 does not show its download, so that it can't be ended cleanly")
    whole, stripped, server, env = debuginfod(stall=30)
    path = temp_dir() / "snapshot.txt"
    path.write_text(snapshot_of(stripped, calls_of(whole)[:10]))
    with subprocess.Popen([FDTRAIL, "report", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **env}, start_new_session=True) as process:
        wait_until(lambda: server.asked, what="the download's begin")
        cache = Path(env["DEBUGINFOD_CACHE_PATH"])
        wait_until(lambda: [file for file in cache.rglob("*") if file.is_file() and "debuginfo" in file.name],
                   what="a part of the file")
        os.killpg(process.pid, signal.SIGINT)
        check.equal(process.wait(20), -signal.SIGINT)
        # The child that downloads ends by itself.
        wait_until(lambda: not running_in_session(process.pid), 20, "the end of the child")
        check.equal([file.name for file in cache.rglob("*") if "debuginfo." in file.name], [], "half of a download")
    server.go_on.set()
    server.shutdown()


def running_in_session(session):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(path.parent.name)
    return found


# Missing and wrong files

@test("a stripped program's frames have the names of its symbols, and no others")
def _():
    whole, stripped, debug, _ = split_copy("nowhere")
    debug.unlink()
    addresses = calls_of(whole)
    symbols = subprocess.run(["nm", "-CD", "--defined-only", stripped], capture_output=True, text=True, check=True).stdout
    known = {line.split(maxsplit=2)[2].split("@")[0] for line in symbols.splitlines()}
    for frame in frames_of(snapshot_of(stripped, addresses)):
        check.equal(len(frame), 1)
        check.lacks(frame[0], "file")
        name = frame[0].get("function")
        check.true(name is None or name in known, f"{name} is a symbol of the stripped file")
    # libstdc++'s own names are not in the program; a library keeps the names that it exports.
    library = program("libthrow")
    copy = temp_dir() / "libthrow.so"
    subprocess.run(["strip", "-o", copy, library], check=True)
    addresses = calls_of(library)
    names = [frame[0].get("function") for frame in frames_of(snapshot_of(copy, addresses))]
    judged = [answer[-1][0] for answer in addr2line(library, addresses)]
    check.true(any(names), "some are named")
    for name, judge in zip(names, judged):
        check.true(name is None or same_function(name, judge), f"'{name}' is '{judge}'")


@test("if a program was rebuilt since, the report says so and does not use its lines")
def _():
    path = compile_program(INLINES, "gcc")
    addresses = calls_of(path)[:20]
    text = snapshot_of(path, addresses, build="12" * 20, names=["_ZN5leaks4wereEv"] + [None] * 19)
    frames = frames_of(text)
    check.equal(places(frames[0]), [("leaks::were()", "??:0")])
    for frame in frames:
        check.lacks(frame[0], "file")
        check.equal(frame[0]["trouble"], f"its file was rebuilt since the snapshot (BuildId {build_id(path)})")
    check.matches(report(text)[1].replace("\n    ", " "),
                  r"no lines for \S+: its file was rebuilt since the snapshot \(BuildId \w+\)")


@test("if a program is gone, the report says so; its debug file still has the lines")
def _():
    whole, stripped, _, folder = split_copy("build-id")
    addresses = calls_of(whole)
    text = snapshot_of(stripped, addresses)
    stripped.unlink()
    check.equal({frame[0]["trouble"] for frame in frames_of(text)}, {"its file is gone"})
    compare(ours_of(None, addresses, f"--debug-dir={folder / 'debug'}", text=text), addr2line(whole, addresses), addresses)


@test("a program without a build-id is used if it has not changed since, on the same machine")
def _():
    path = Path(compile_program(INLINES, "gcc", ("-Wl,--build-id=none",)))
    check.equal(build_id(path), None)
    addresses = calls_of(path)[:200]
    compare(ours_of(path, addresses), addr2line(path, addresses), addresses)
    for text, trouble in (
            (snapshot_of(path, addresses, host="elsewhere"), "it has no build-id, and the snapshot is of another machine"),
            (snapshot_of(path, addresses, when="2001-01-01T00:00:00.000Z"),
             "it has no build-id, and its file was changed since the snapshot"),
            (snapshot_of(compile_program(INLINES, "gcc"), addresses, build=None),
             "its file was rebuilt since the snapshot (it had no build-id then)")):
        frames = frames_of(text)
        check.equal({frame[0]["trouble"] for frame in frames}, {trouble})
        check.true(not any(has_lines(places(frame)) for frame in frames), "there are no lines")


@test("anything but a regular ELF file is not read: {}", each=["a FIFO", "a folder", "a device", "text"])
def _(what):
    path = temp_dir() / "module"
    if what == "a FIFO":
        os.mkfifo(path)
    elif what == "a folder":
        path.mkdir()
    elif what == "a device":
        path = Path("/dev/zero")
    else:
        path.write_text("#!/bin/sh\n")
    trouble = frames_of(snapshot_of(path, [1, 2], build="ab" * 20))[0][0]["trouble"]
    check.equal(trouble, "its file is not a valid ELF file" if what == "text"
                else "its file can't be opened: it is not a regular file")


@test("a damaged program never breaks the report", timeout=200)
def _():
    number = seed()
    chance = random.Random(number)
    whole = Path(compile_program(INLINES, "gcc")).read_bytes()
    addresses = calls_of(compile_program(INLINES, "gcc"))[::3]
    identity = build_id(compile_program(INLINES, "gcc"))
    path = temp_dir() / "damaged"
    headers = subprocess.run(["readelf", "-SW", compile_program(INLINES, "gcc")], capture_output=True, text=True,
                             check=True).stdout
    debug = [(int(offset, 16), int(size, 16)) for name, offset, size in
             re.findall(r"\] (\.debug_\w+|\.symtab|\.strtab)\s+\w+\s+\w+ (\w+) (\w+)", headers)]
    check.at_least(len(debug), 5, "sections to damage")
    named = 0
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 3, 30, 1000])):
            start, size = chance.choice(debug)
            damaged[start + chance.randrange(size)] = chance.randrange(256)
        if chance.random() < 0.2:
            damaged[chance.randrange(64)] = chance.randrange(256)
        if chance.random() < 0.2:
            del damaged[chance.randrange(4096, len(damaged)):]
        path.write_bytes(damaged)
        status, out, err = report(snapshot_of(path, addresses, build=identity), "--format=json")
        check.equal((status, err), (0, ""), f"TEST_SEED={number}")
        stack = json_documents.one(out)["groups"][0]["stack"]
        check.equal(len({frame["index"] for frame in stack}), len(addresses), f"TEST_SEED={number}")
        named += any("file" in frame for frame in stack)
    check.at_least(named, 5, "damaged files that still gave some lines")


@test("generated code is named by /tmp/perf-PID.map")
def _():
    pid = os.getpid()
    path = Path(f"/tmp/perf-{pid}.map")
    text = snapshot_of("/nowhere", [], pid=pid).replace(
        "  opened at:\n", "  opened at:\n    #0 0x7f0012340010 (in no known module)\n    #1 0x7f0012349999 (in no known module)\n")
    here = text.replace(NOW, time.strftime("%Y-%m-%dT%H:%M:%S.999Z", time.gmtime()))
    try:
        path.write_text("7f0012340000 40 LazyCompile:*serve /srv/app.js:12:5\n")
        frames = frames_of(here)
        check.equal(places(frames[0]), [("serve", "/srv/app.js:12")])
        check.lacks(frames[1][0], "function")
        # The map is older than the process (by the snapshot's times), so it is another process'.
        check.lacks(frames_of(text)[0][0], "function")
        check.lacks(frames_of(here.replace(f"host: {HOST}", "host: elsewhere"))[0][0], "function")
    finally:
        path.unlink(missing_ok=True)


@test("a report of a traced C++ program shows its inlined functions")
def _():
    run = run_traced([compile_program(INLINES, "gcc")])
    check.equal(run.status, 0)
    text = report("".join(path.read_text() for path in run.dir.glob("report.*")), "--full")[1]
    check.matches(text, r"(?m)^   => #0 leaks::\(anonymous namespace\)::leak_socket\(int\) +\S*inlines\.cpp:23:\d+$")
    check.matches(text, r"(?m)^      #1 leaks::Pool<long>::open_twice\(long\) +\S*inlines\.cpp:\d+:\d+ \(inlined\)$")
    check.matches(text, r"(?m)^         leaks::open_of_both_kinds\(int\) +\S*inlines\.cpp:\d+:\d+")


TWO_SEGMENTS = """
#include <fcntl.h>
/* Far away from all other code, as the linker puts the hot functions of node. */
__attribute__((section(".far"), noinline)) int open_far_away(void)
{
	int fd = open("/dev/null", O_RDONLY);

	__asm__ volatile("");
	return fd;
}
__attribute__((noinline)) int open_here(void)
{
	int fd = open("/dev/zero", O_RDONLY);

	__asm__ volatile("");
	return fd;
}
int main(void) { return open_far_away() < 0 || open_here() < 0; }
"""


def first_frames(run):
    """The innermost frame's place of each group in the report of a run, by its function."""
    check.equal(run.status, 0)
    text = report("".join(path.read_text() for path in run.dir.glob("report.*")))[1]
    check.lacks(text, "Missing:")
    return dict(re.findall(r"(?m)^   => #0 (\w+) +\S*?(\w+\.c:\d+):\d+$", text))


@test("a program with two executable segments far apart has its build-id, and lines in both: {}",
      each=[("-no-pie", "-fno-pie"), ("-pie",), ("-no-pie", "-fno-pie", "-Wl,-z,noseparate-code")])
def _(*flags):
    source = temp_dir() / "far.c"
    source.write_text(TWO_SEGMENTS)
    built = source.with_name("far")
    subprocess.run([require("gcc"), "-O2", "-g", *flags, "-Wl,--section-start=.far=0x2600000", "-o", built, source],
                   check=True)
    run = run_traced([built])
    check.equal(first_frames(run), {"open_far_away": "far.c:6", "open_here": "far.c:13"})
    # Both segments are one module, so there is one line about it.
    (line,) = [line for line in run.last.text.splitlines() if re.match(rf"  0x[0-9a-f]+-0x[0-9a-f]+ {built}\b", line)]
    check.contains(line, f"BuildId {build_id(built)}")


def make_plugin():
    """A folder with plugin.so, whose library_call() leaks in its fourth line."""
    folder = temp_dir()
    (folder / "plugins").mkdir()
    (folder / "plugin.c").write_text("#include <fcntl.h>\n"
                                     "int library_call(const char *path)\n{\n"
                                     "\tint fd = open(path, O_RDONLY);\n\n\t__asm__ volatile(\"\");\n"
                                     "\treturn fd;\n}\n")
    subprocess.run([require("gcc"), "-O2", "-g", "-shared", "-fPIC", "-o", folder / "plugin.so", folder / "plugin.c"],
                   check=True)
    return folder


RELATIVE = ["./plugin.so", "plugins/../plugin.so"]


@test("a library loaded by a relative path has its file and lines, also after it was unloaded: {}", each=RELATIVE)
def _(path):
    run = run_traced([program("reloads"), path, path], cwd=make_plugin())
    check.contains(run.last.text, ", unloaded\n")
    check.equal(first_frames(run), {"library_call": "plugin.c:4"})


@test("a library loaded by a relative path has its file and lines, also after the program changed its folder: {}",
      each=RELATIVE)
def _(path):
    run = run_traced([program("loads_elsewhere"), path], cwd=make_plugin())
    check.equal(first_frames(run), {"library_call": "plugin.c:4"})


NEWER_NAMES = """
#include <fcntl.h>
#define WIDE __attribute__((noinline, enable_if(sizeof(T) == 4, "")))
namespace app {
template <class T> WIDE int leak_open(T number)
{
	int fd = open("/dev/null", O_RDONLY);

	__asm__ volatile("");
	return fd + number;
}
}
int main() { return app::leak_open(1) < 0; }
"""


def newer_names(*flags):
    """The functions in the report of a program with clang's own mangling, which libiberty does not read."""
    source = temp_dir() / "newer.cpp"
    source.write_text(NEWER_NAMES)
    built = source.with_name("newer")
    subprocess.run([require("clang++"), "-O2", *flags, "-o", built, source], check=True)
    run = run_traced([built])
    check.equal((run.status, run.last.groups[0].functions[0][:2]), (0, "_Z"))
    return report("".join(path.read_text() for path in run.dir.glob("report.*")))[1]


@test("a function whose mangled name can't be read has its name from the debug information")
def _():
    text = newer_names("-g")
    check.matches(text, r"(?m)^   => #0 app::leak_open<int> +\S*newer\.cpp:7:\d+$")
    check.matches(text, r"(?m)^1\. 1 device, opened in app::leak_open<int> at \S*newer\.cpp:7$")


@test("a mangled name that libiberty can't read is read by LLVM's C++ library, if that is installed")
def _():
    try:
        ctypes.CDLL("libc++abi.so.1")
    except OSError:
        skip("libc++abi.so.1 is not installed")
    check.matches(newer_names(), r"(?m)^   => #0 app::leak_open<int>\(int\) ")


main()

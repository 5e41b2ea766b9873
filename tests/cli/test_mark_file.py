#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""FDTRAIL_MARK_FILE: whoever appends a line to a file makes a mark, in each traced process."""

import os
import re
import shutil
import subprocess

from run_verb import FDTRAIL, per_test, shares
from support import (BUILD, PYTHON, SOURCE, check, main, require, require_attach, require_go, run_bare, run_traced,
                     skip, start_traced, temp_dir, test, wait_until)

ENGINES = ["preload", "ptrace"]
HELPERS = """
import os, socket, sys, time
FILE = os.environ.get("FDTRAIL_MARK_FILE")
def mark(text, end="\\n"):
    file = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, text.encode() + end.encode())
    os.close(file)
def open_device():
    return os.open("/dev/null", os.O_RDONLY)
def open_socket():
    return socket.socket().detach()
def wait_for(path):
    print(path, flush=True)
    while not os.path.exists(path):
        time.sleep(0.02)
def leave():
    os._exit(0)
"""


def marks_of(text):
    """The marks of a snapshot's open descriptors: {text: number of descriptors}."""
    found = re.findall(r"(?m)^  \d+, \d+\.\ds after the start, (\d+) open: (.*)$", text)
    return {name: int(count) for count, name in found}


def run(script, *arguments, path=None, **options):
    options.setdefault("SHOW", "all")
    return run_traced([PYTHON, "-c", HELPERS + script, *arguments], MARK_FILE=path or temp_dir() / "marks", **options)


TESTS = """
open_socket()
mark("test_none")
os.close(open_device())
mark("test_one")
open_device()
mark("test_two")
open_socket(), open_socket(), open_device()
mark("after the tests")
open_device()
leave()
"""
SHARES = {"before the first mark": {("1", "tcp")}, "test_one": {("1", "device")},
          "test_two": {("2", "tcp"), ("1", "device")}, "after the tests": {("1", "device")}}
JOINED = {name: {(str(sum(int(count) for count, _ in parts)), "descriptor")} for name, parts in SHARES.items()}


@test("run --per-test says what each test has left open, if the tests append to a file ({})", each=ENGINES)
def _(engine):
    path = temp_dir() / "marks"
    found = per_test(PYTHON, "-c", HELPERS + TESTS, options=[f"--engine={engine}", f"--mark-file={path}"])
    said = {name: {(count, kind) for count, kind, _ in parts} for name, parts in shares(found.out).items()}
    # By ptrace, opens of different kinds have one place if Python's file has no symbols.
    check.contains([SHARES, JOINED] if engine == "ptrace" else [SHARES], said)


@test("a line that another process appends counts from the next open on ({})", each=ENGINES)
def _(engine):
    folder = temp_dir()
    path = folder / "marks"
    process = start_traced([PYTHON, "-c", HELPERS + """
for number in range(4):
    open_device()
    wait_for(f"{sys.argv[1]}/{number}")
leave()
""", folder], MARK_FILE=path, SHOW="all", engine=engine)
    for number in range(4):
        wait_until(lambda: f"{folder}/{number}\n" in process.out, 30, "a step")
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"ignored {number}\nfrom outside {number}\n")
        (folder / str(number)).touch()
    process.wait()
    check.equal(marks_of(process.last.text), {f"from outside {number}": 1 for number in range(3)})


@test("the file's last line is the mark at the start, also of a program that is executed")
def _():
    path = temp_dir() / "marks"
    path.write_text("old\nin force\n")
    child = HELPERS + "open_device(); leave()"
    done = run(f"""
open_device()
mark("the parent's")
if os.fork() == 0:
    os.execv({PYTHON!r}, [{PYTHON!r}, "-c", {child!r}])
os.wait()
leave()
""", path=path)
    check.equal(marks_of(done.last.text), {"in force": 1})
    executed = [marks_of(snapshot.text) for snapshot in done.all_snapshots if snapshot.pid != done.pid]
    if not executed:  # its file has its own process id
        executed = [marks_of(text) for name, text in done.reports.items() if not name.endswith(f".{done.pid}")]
    check.equal(executed, [{"the parent's": 1}])


@test("a forked child follows the file, too")
def _():
    done = run("""
mark("before the fork")
open_device()
if os.fork() == 0:
    mark("in the child")
    open_device()
    leave()
os.wait()
open_device()
leave()
""")
    check.equal(marks_of(done.last.text), {"before the fork": 1, "in the child": 1})
    child = next(snapshot for snapshot in done.all_snapshots if snapshot.pid != done.pid)
    check.equal(marks_of(child.text), {"in the child": 1})


@test("no descriptor is needed: it works while the table is full, and none is kept ({})", each=ENGINES)
def _(engine):
    done = run("""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
writer = os.open(FILE, os.O_WRONLY | os.O_APPEND)
before = len(os.listdir("/proc/self/fd"))
kept = []
os.write(writer, b"fills\\n")
while len(os.listdir("/proc/self/fd")) < 63:
    kept.append(open_device())
os.write(writer, b"the last one\\n")
open_device()
print(before, flush=True)
leave()
""", engine=engine, EMFILE="0")
    found = marks_of(done.last.text)
    check.equal(found.get("the last one"), 1)
    check.at_least(found.get("fills", 0), 50)
    check.equal(int(done.out), 5, "0, 1, 2, the file and the folder")


@test("it works after chroot and as another user, and says that the file may have been replaced")
def _():
    if os.geteuid() != 0:
        skip("chroot needs root")
    folder = temp_dir()
    path = folder / "marks"
    folder.chmod(0o711)
    (folder / "root").mkdir()
    done = run(f"""
writer = os.open(FILE, os.O_WRONLY | os.O_APPEND)
os.chroot({str(folder / "root")!r})
os.chdir("/")
os.setresuid(65534, 65534, 65534)
os.write(writer, b"inside\\n")
open_socket()
leave()
""", path=path, OUTPUT="stderr")
    check.equal(marks_of(done.err).get("inside"), 1, done.err)
    check.contains(done.err, "  1 mark file can't be found any more")


@test("many processes append at once, and no line is torn")
def _():
    path = temp_dir() / "marks"
    done = run("""
children = []
for writer in range(6):
    pid = os.fork()
    if pid == 0:
        for number in range(300):
            mark(f"writer {writer} line {number} " + "x" * 150)
        leave()
    children.append(pid)
for number in range(3000):
    open_device() if number % 30 == 0 else os.close(open_device())
for pid in children:
    os.waitpid(pid, 0)
leave()
""", path=path, timeout=120)
    lines = set(path.read_text().splitlines())
    check.equal(len(lines), 1800)
    found = marks_of(done.last.text)
    check.at_least(len(found), 1)
    check.equal(set(found) - lines, set(), "marks that nobody has written")


@test("two threads that open at once have the mark of the last line")
def _():
    done = run("""
import threading
for number in range(200):
    mark(f"round {number}")
    gate = threading.Barrier(4)
    def work():
        gate.wait()
        os.close(open_device())
        if number % 50 == 0:
            open_device()
    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
leave()
""")
    check.equal(marks_of(done.last.text), {f"round {number}": 4 for number in (0, 50, 100, 150)})


@test("empty lines and carriage returns are no part of a mark, and a line without its end is none yet")
def _():
    done = run("""
mark("first\\r\\n\\r\\n")
open_device()
mark("unfinished", end="")
open_device()
mark(" business")
open_device()
leave()
""")
    check.equal(marks_of(done.last.text), {"first": 2, "unfinished business": 1})


@test("lines that cross or end at a page's border, and long ones, are read whole; more than 200 bytes are cut off")
def _():
    done = run("""
mark("p" * 4091)
mark("end")            # the file has one page
open_device()
mark("c" * 4080)
mark("crosses the border")
open_device()
mark("y" * 900)
open_device()
leave()
""")
    check.equal(marks_of(done.last.text), {"end": 1, "crosses the border": 1, "y" * 200: 1})


@test("ten thousand lines at once are one mark, and cost no descriptor's mark")
def _():
    done = run("""
mark("\\n".join(f"line {number}" for number in range(10000)))
open_device()
leave()
""")
    check.equal(marks_of(done.last.text), {"line 9999": 1})
    check.matches(done.last.text, r"(?m)^  1, \d")


@test("a file that is {}: the snapshot says that marks are missing", each=[
    ("replaced", "os.unlink(FILE); mark('new')", "mark file was replaced"),
    ("cut", "os.truncate(FILE, 0)", "mark file was cut"),
    ("removed", "os.unlink(FILE)", "mark file can't be found any more")])
def _(_what, action, words):
    done = run(f"mark('first'); open_device(); {action}; open_device(); leave()")
    check.equal(done.status, 0)
    check.equal(marks_of(done.last.text), {"first": 2})
    check.contains(done.last.text, f"  1 {words}")


@test("a file of {} can't be followed: one line says so, and the program runs on ({})", each=[
    (kind, engine) for kind in ("a FIFO", "a folder", "a missing folder") for engine in ENGINES])
def _(kind, engine):
    path = temp_dir() / "marks"
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path = path / "deeper"
    done = run("open_device(); leave()", path=path, engine=engine)
    check.equal(done.status, 0)
    check.matches(done.err, rf"^fdtrail(?: run)?: FDTRAIL_MARK_FILE={re.escape(str(path))} can't be followed: .*\n$")
    check.lacks(done.last.text, "\nmarks:")


@test("a file that doesn't exist is created at the start; without lines there are no marks")
def _():
    path = temp_dir() / "marks"
    done = run("print(os.path.exists(FILE), flush=True); open_device(); leave()", path=path)
    check.equal(done.out.strip(), "True")
    check.lacks(done.last.text, "\nmarks:")


@test("a process that fdtrail attaches to follows the file, too, and its snapshots can be redacted", timeout=120)
def _():
    require_attach()
    path = temp_dir() / "marks"
    path.write_text("in force\n")
    process = start_traced([PYTHON, "-c", HELPERS + """
print("ready", flush=True)
while not os.path.exists(sys.argv[1]):
    open_device()
    time.sleep(0.02)
""", path.parent / "end", "--word=walrus9"], traced=False)
    wait_until(lambda: "ready" in process.out, 30, "the program")
    attached = run_bare([FDTRAIL, "attach", "--redact", f"--mark-file={path}", "--show=all", "--until-growth=5",
                         str(process.pid)], timeout=100)
    check.equal(attached.status, 1, f"it has grown\n{attached.err}")
    check.matches(attached.out, r"opened under these marks: \d+ by in force")
    check.contains(attached.out, "names in home folders are")
    check.lacks(attached.out, "walrus9")
    (path.parent / "end").touch()
    process.wait()


# Test runners of other languages

GO_TEST = """package main

import (
	"os"
	"testing"
)

var kept []*os.File

func leak(t *testing.T) {
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	kept = append(kept, file)
}

func TestClean(t *testing.T) {
	mark(t)
	file, _ := os.Open("/dev/null")
	file.Close()
}

func TestLeaky(t *testing.T) {
	mark(t)
	leak(t)
	leak(t)
}

func TestEach(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			mark(t)
			if name == "b" {
				leak(t)
			}
		})
	}
}
"""


@test("the example for Go names the test that leaks", timeout=240)
def _():
    go = require_go("1.16")
    folder = temp_dir()
    shutil.copy(SOURCE / "docs/ci/fdtrail_marks_test.go", folder)
    (folder / "leaks_test.go").write_text(GO_TEST)
    (folder / "go.mod").write_text("module example\n\ngo 1.16\n")
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(BUILD / "tests" / "go" / "cache"),
           "HOME": str(folder)}
    subprocess.run([go, "test", "-c", "-o", "example.test"], cwd=folder, env=env, check=True, timeout=200)
    found = per_test(folder / "example.test", options=[f"--mark-file={folder}/marks"], cwd=folder, timeout=60)
    check.contains(found.out, "PASS\n")
    by_test = {name: [(count, kind) for count, kind, _ in parts] for name, parts in shares(found.out).items()
               if name.startswith("Test")}
    check.equal(by_test, {"TestLeaky": [("2", "device")], "TestEach/b": [("1", "device")]})
    bare = run_bare([folder / "example.test"], cwd=folder)
    check.equal(bare.status, 0)


# JUnit's interfaces, as far as the extension uses them, and a runner that calls it as JUnit does. The real ones are in
# a jar that need not be installed.
JUNIT = {
    "org/junit/jupiter/api/extension/ExtensionContext.java": """package org.junit.jupiter.api.extension;
public interface ExtensionContext {
    Class<?> getRequiredTestClass();
    String getDisplayName();
}
""",
    "org/junit/jupiter/api/extension/BeforeEachCallback.java": """package org.junit.jupiter.api.extension;
public interface BeforeEachCallback {
    void beforeEach(ExtensionContext context) throws Exception;
}
""",
    "org/junit/jupiter/api/extension/AfterEachCallback.java": """package org.junit.jupiter.api.extension;
public interface AfterEachCallback {
    void afterEach(ExtensionContext context) throws Exception;
}
""",
    "Runner.java": """import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtensionContext;

public class Runner {
    static final List<FileInputStream> kept = new ArrayList<>();

    static void leak() throws Exception {
        kept.add(new FileInputStream("/dev/null"));
    }

    static void run(String name, int leaks) throws Exception {
        FdtrailExtension extension = new FdtrailExtension();
        ExtensionContext context = new ExtensionContext() {
            public Class<?> getRequiredTestClass() { return Runner.class; }
            public String getDisplayName() { return name; }
        };
        extension.beforeEach(context);
        new FileInputStream("/dev/null").close();
        for (int i = 0; i < leaks; i++)
            leak();
        extension.afterEach(context);
    }

    public static void main(String[] arguments) throws Exception {
        run("clean()", 0);
        run("leaky()", 2);
        run("each(int)", 1);
        Runtime.getRuntime().halt(kept.size());
    }
}
""",
}


@test("the extension for JUnit names the test that leaks, by a stand-in for JUnit's interfaces", timeout=120)
def _():
    javac, java = require("javac"), require("java")
    folder = temp_dir()
    for name, text in JUNIT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run([javac, "-g", "-Xlint:all", "-Werror", "-d", folder, SOURCE / "docs/ci/FdtrailExtension.java",
                    *(folder / name for name in JUNIT)], check=True, timeout=100)
    found = per_test(java, "-Xmx64m", "-cp", folder, "Runner", options=[f"--mark-file={folder}/marks"], timeout=60)
    by_test = {name: [(count, kind) for count, kind, _ in parts] for name, parts in shares(found.out).items()
               if name.startswith("Runner.")}
    check.equal(by_test, {"Runner.leaky()": [("2", "device")], "Runner.each(int)": [("1", "device")]})
    bare = run_bare([java, "-cp", folder, "Runner"])
    check.equal(bare.status, 3)


main()

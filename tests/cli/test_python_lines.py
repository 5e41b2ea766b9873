#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python: the report's first group names the user's line, whatever is between it and the open."""

import functools
import re
from pathlib import Path

import json_documents
from run_verb import FDTRAIL, Run
from support import PYTHON, SOURCE, check, compile_program, main, program, run_bare, run_traced, skip, temp_dir, test

PROGRAMS = SOURCE / "tests" / "programs" / "python"
KINDS = sorted(path.stem for path in PROGRAMS.glob("*.py") if "# LEAK" in path.read_text("utf-8")
               and not path.stem.startswith("test_"))
INTERPRETERS = [Path(PYTHON), *sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))]


@functools.cache
def minor(python):
    return int(run_bare([python, "-c", "import sys; print(sys.version_info[1])"]).out)


def qualified(name):
    """Before 3.11 functions have no qualified names."""
    return name if minor(PYTHON) >= 11 else name.rpartition(".")[2]


def line_of(path, mark):
    """"error_path.py:7": the line with this mark."""
    lines = path.read_text("utf-8").splitlines()
    return f"{path.name}:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'# {mark}'))}"


def culprits(report):
    """The line of each group's => frame, in order."""
    return [Path(place).name for place in re.findall(r"^   => #\d+ +\S.*?  +(\S+)$", report, re.MULTILINE)]


def traced(script, *arguments, python=PYTHON, **more):
    run = Run(python, script, *arguments, **more)
    check.lacks(run.err, "could not be understood")
    return run


@test("twelve kinds of leaks are there")
def _():
    check.at_least(len(KINDS), 12)


@test("the first group names the user's line: {}", each=KINDS)
def _(kind):
    script = PROGRAMS / f"{kind}.py"
    run = traced(script)
    check.equal(run.status, 0)
    found = culprits(run.err)
    check.equal(found[:1], [line_of(script, "LEAK")], run.err)
    # The first line of the report names it, too.
    check.contains("\n".join(run.err.splitlines()[:3]), f"{line_of(script, 'LEAK')}")


@test("of two callers of one helper the report shows the one that doesn't close")
def _():
    script = PROGRAMS / "two_callers.py"
    run = traced(script)
    check.contains(run.err, line_of(script, "CALLER"))
    check.lacks(run.err, "reads_and_closes")
    check.contains(run.err, "opened 6 and closed 0")


@test("call paths that print the same text are one line with their sums")
def _():
    script = PROGRAMS / "process_pipes.py"
    run = traced(script)
    # The library closes one end of each of the three pipes.
    check.matches(run.err, rf"(?m)^1\. 15 pipe ends, opened in start at \S+/{line_of(script, 'LEAK')}$")
    check.contains(run.err, "; these stacks have opened 30 and closed 15\n")
    check.matches(run.err, r"\n   by 2 call paths:\n"
                           rf"     12 by <module> at \S+/{line_of(script, 'FIRST CALLER')} \(opened 24, closed 12\)\n"
                           rf"     3 by <module> at \S+/{line_of(script, 'SECOND CALLER')} \(opened 6, closed 3\)\n")
    # Without a difference to show there is no list.
    one_caller = temp_dir() / "one_caller.py"
    one_caller.write_text(script.read_text("utf-8").replace("start()  # SECOND CALLER", ""), "utf-8")
    run = traced(one_caller)
    check.contains(run.err, "; this stack has opened 24 and closed 12\n")
    check.lacks(run.err, "call paths")


@test("generators, coroutines, decorators, exec, callbacks and threads have the line of the call in progress: {}",
      each=[str(path) for path in INTERPRETERS])
def _(python):
    version = minor(python)
    if version < 8:
        return  # the next test
    script = PROGRAMS / "shapes.py"
    run = run_traced([python, script])
    check.equal(run.status, 0)

    def has(name, place):
        # Qualified names came with 3.11.
        name = name if version >= 11 else re.split(r"\.(?![^.]*>)", name)[-1]
        check.contains(run.last.text, f" in {name} {place} (python)\n")

    for number, line in enumerate(script.read_text("utf-8").splitlines(), 1):
        if "# LINE " in line:
            has(line.rpartition("# LINE ")[2], f"{script}:{number}")
    has("behind_decorator", f"{script}:{line_of(script, 'CALL').rpartition(':')[2]}")
    has("inner", '"made here: now":5')
    check.matches(run.last.text, rf" in \S*wrapper {script}:\d+ \(python\)\n")
    check.contains(run.last.text, "asyncio/events.py:")
    check.contains(run.last.text, f"languages: python 3.{version}")
    check.lacks(run.last.text, "_PyEval_EvalFrameDefault")


@test("each version of Python that is here has lines: {}", each=[str(path) for path in INTERPRETERS])
def _(python):
    script = PROGRAMS / "error_path.py"
    run = traced(script, python=python)
    if minor(python) < 8:
        check.contains(run.err, "no frames of python: fdtrail knows the frames of Python 3.8 to 3.14")
    else:
        check.equal(culprits(run.err)[:1], [line_of(script, "LEAK")], run.err)


@test("what a pool's thread opens has the stack that has submitted it: {}", each=[str(path) for path in INTERPRETERS])
def _(python):
    if minor(python) < 8:
        return  # has no lines
    script = PROGRAMS / "submitted.py"
    run = traced(script, python=python)
    check.equal(run.status, 0)
    check.matches(run.err, rf"(?m)^1\. 6 files, opened in load at \S+/{line_of(script, 'LEAK')}$")
    check.contains(run.err, "opened 6 and closed 0")
    check.matches(run.err, rf"(?m)^2\. 1 file, opened in load_later at \S+/{line_of(script, 'IN_EXECUTOR')}$")
    check.lacks(run.err, "load_and_close")


@test("from 3.14 on a task of asyncio has the frames of those that await it: {}", each=[str(path) for path in INTERPRETERS])
def _(python):
    version = minor(python)
    if version < 11:
        return  # has no TaskGroup
    script = PROGRAMS / "awaited.py"
    run = run_traced([python, script])
    check.equal(run.status, 0)

    def frame(name, mark):
        return rf" in {name} \S+/{line_of(script, mark)} \(python\)\n    #\d+"

    leaks, then_loop = frame("leaks", "OPENED"), r"(?: 0x.*\n    #\d+)* in Handle\._run "
    if version < 14:
        check.matches(run.last.text, leaks + then_loop)
        check.lacks(run.last.text, " in gathers ")
        return
    check.matches(run.last.text, leaks + frame("gathers", "GATHERS") + frame("main", "AWAITS") + then_loop)
    check.matches(run.last.text, leaks + frame("main", "TASK") + then_loop)
    check.matches(run.last.text, leaks + r" in TaskGroup\._aexit .*\n    #\d+ in TaskGroup\.__aexit__ .*\n    #\d+"
                  + frame("groups", "GROUPS"))
    check.contains(run.last.text, f"2 files, opened in leaks at {line_of(script, 'OPENED')}")


@test("python3 -m {} on a module with a leaking test names the test's line", each=[
    ("unittest", "test_leaking"), ("pytest", "-p", "no:cacheprovider", "test_leaking.py")])
def _(runner, *arguments):
    # Debian's Python has the package python3-pytest.
    run = Run("/usr/bin/python3" if runner == "pytest" else PYTHON, "-m", runner, *arguments, cwd=PROGRAMS)
    check.equal(run.status, 0)
    check.equal(culprits(run.err)[:1], [line_of(PROGRAMS / "test_leaking.py", "LEAK")], run.err)
    check.contains(run.err, "before the interpreter closes what is left open")


@test("an exit snapshot is taken once, and FDTRAIL_EXITCODE counts what the interpreter closes")
def _():
    script = PROGRAMS / "test_leaking.py"
    run = run_traced([PYTHON, "-m", "unittest", "test_leaking"], cwd=PROGRAMS, env={"FDTRAIL_EXITCODE": "42"})
    check.equal(run.status, 42)
    check.equal(len(run.all_snapshots), 1)
    check.contains(run.last.text, f"{script.parent}/{line_of(script, 'LEAK')} (python)")


@test("a program that closes all that it opens has no exit snapshot")
def _():
    run = run_traced([PYTHON, "-c", "open('/etc/passwd').close()"])
    check.equal((run.status, run.all_snapshots), (0, []))


@test("a program that goes on after Py_Finalize has another exit snapshot for what it opens then")
def _():
    flags = run_bare(["sh", "-c", "python3-config --embed --includes --ldflags"])
    if flags.status:
        skip("python3-config is not installed")
    source = """
        #include <Python.h>
        #include <fcntl.h>
        #include <unistd.h>
        static __attribute__((noinline)) int opens_late(void) { return open("/etc/passwd", O_RDONLY) + 1; }
        static __attribute__((noinline)) void runs_script(void)
        {
                PyRun_SimpleString("def leak():\\n  global kept\\n  kept = open('/etc/passwd')\\nleak()\\n");
        }
        int main(void)
        {
                Py_Initialize();
                runs_script();
                Py_FinalizeEx();
                usleep(200000);
                return opens_late() < 1;
        }
    """
    path = temp_dir() / "embeds.c"
    path.write_text(source, "utf-8")
    run = run_traced([compile_program(path, flags=["-Wl,--no-as-needed", *flags.out.split()])])
    check.equal(run.status, 0, run.err)
    check.equal(len(run.all_snapshots), 2)
    first, second = run.all_snapshots
    check.contains(first.groups[0].sentence, "opened in leak at <string>:3")
    check.contains(first.groups[0].functions, "main")
    check.contains(second.groups[0].functions, "opens_late")


@test("JSON, folded stacks, suppressions and diff have the language's frames")
def _():
    script = PROGRAMS / "connection_per_call.py"
    run = run_traced([PYTHON, script])
    snapshot = temp_dir() / "snapshot.txt"
    snapshot.write_text(run.last.text, "utf-8")

    def report(*words, verb="report"):
        done = run_bare([FDTRAIL, verb, *words, snapshot])
        check.equal(done.err, "")
        return done.out

    record = json_documents.one(report("--format=json"))
    frames = record["groups"][0]["stack"]
    own = [frame for frame in frames if frame.get("own")]
    name = qualified("Client.fetch")
    number = int(line_of(script, "LEAK").rpartition(":")[2])
    check.equal({key: own[0].get(key) for key in ("function", "file", "line", "language")},
                {"function": name, "file": str(script), "line": number, "language": "python"})
    check.lacks(own[0], "address")
    check.contains(report("--format=folded"), f";<module>;{name};create_connection;")
    check.lacks(report("--format=folded"), "_PyEval")
    check.contains(report("--full"), " PyEval_EvalCode ")
    check.lacks(report(), " PyEval_EvalCode ")
    check.contains(report("--gen-suppressions"), f"leak:connection_per_call.py:{name}$\n")

    for pattern, left in [(f"connection_per_call.py:{name}", False), (name, False),
                          (f"elsewhere.py:{name}", True)]:
        suppressions = temp_dir() / "suppressions"
        suppressions.write_text(f"leak:{pattern}\n", "utf-8")
        text = report(f"--suppressions={suppressions}")
        check.equal(f"{line_of(script, 'LEAK')} (suppressed)" not in text, left, pattern)


@test("a second run of a program is the same leak: diff matches by name and line")
def _():
    script = PROGRAMS / "connection_per_call.py"
    paths = []
    for number in range(2):
        run = run_traced([PYTHON, script])
        paths.append(temp_dir() / f"snapshot{number}.txt")
        paths[-1].write_text(run.last.text, "utf-8")
    done = run_bare([FDTRAIL, "diff", "--format=json", *paths])
    changes = {entry["change"] for entry in json_documents.one(done.out)["changes"]}
    check.equal(changes, {"same"})


@test("a snapshot that the model writes again has the same frames")
def _():
    run = run_traced([PYTHON, PROGRAMS / "shapes.py"])
    snapshot = temp_dir() / "snapshot.txt"
    snapshot.write_text(run.last.text, "utf-8")
    done = run_bare([FDTRAIL, "report", "--full", snapshot])
    check.contains(done.out, "made here: now:5")
    check.lacks(done.out, "could not be understood")


@test("children of multiprocessing have lines, however they are started: {}", each=["fork", "spawn", "forkserver"])
def _(method):
    script = temp_dir() / "children.py"
    script.write_text(f"""
import multiprocessing, os

def child():
    os.open("/etc/passwd", os.O_RDONLY)
    os._exit(0)

if __name__ == "__main__":
    multiprocessing.set_start_method("{method}")
    process = multiprocessing.Process(target=child)
    process.start()
    process.join()
""", "utf-8")
    run = Run(PYTHON, script)
    check.contains(run.err, "opened in child at")
    check.contains(run.err, "children.py:5")


@test("scripts/languages prints the user's line of each language")
def _():
    done = run_bare([SOURCE / "scripts" / "languages", "python"], env={"BUILD_DIR": str(FDTRAIL.parent.parent)})
    check.equal(done.status, 0, done.err)
    check.contains(done.out, f"python: 6 tcp sockets in ESTABLISHED, opened in {qualified('Client.fetch')} at "
                             f"tests/programs/python/{line_of(PROGRAMS / 'connection_per_call.py', 'LEAK')}\n")


@test("signals that open a file come at any point of the interpreter, and no frame is read that isn't there")
def _():
    script = temp_dir() / "busy.py"
    script.write_text(f"""
import ctypes, sys, threading
library = ctypes.CDLL({program('libopens_in_signals')!r})

def recursive(n):
    return recursive(n - 1) + 1 if n else 0

def generator(n):
    yield from (generator(n - 1) if n else ())
    yield n

def made(n):
    exec(compile(f"def f{{n}}():\\n return [i for i in range(3)]\\nf{{n}}()", f"<made {{n}}>", "exec"), {{}})

def work(rounds):
    for n in range(rounds):
        recursive(n % 40)
        list(generator(n % 10))
        made(n)
        sorted([3, 1, 2], key=lambda i: recursive(2))

library.begin(200)
threads = [threading.Thread(target=work, args=(3000,)) for _ in range(2)]
for thread in threads: thread.start()
work(3000)
for thread in threads: thread.join()
print(library.end())
""", "utf-8")
    for python in INTERPRETERS:
        run = run_traced([python, script], timeout=100)
        check.equal((run.status, run.err), (0, ""), str(python))
        check.at_least(int(run.out), 200, f"{python}: signals")


# Programs that look like an interpreter, as far as their exported names go.
LIKENESSES = [
    ("pypy_execute_source", "this is PyPy, whose frames fdtrail can't read"),
    ("PyEval_EvalFrameEx", "fdtrail knows the frames of Python 3.8 to 3.14"),
    ("PyEval_EvalFrameEx _PyRuntime", "its library doesn't export what fdtrail needs"),
    ("PyEval_EvalFrameEx _PyRuntime PyGILState_GetThisThreadState PyCode_Type Py_Version",
     "fdtrail knows the frames of Python 3.8 to 3.14"),
]


@test("an interpreter whose frames can't be read is named, with the reason, and its stacks are native: {}", each=LIKENESSES)
def _(names, reason):
    path = temp_dir() / f"likeness{len(names)}.c"
    path.write_text("#include <fcntl.h>\nstatic __attribute__((noinline)) int opens(void) { return open(\"/\", 0) + 1; }\n"
                    + "".join(f"void {name}(void) {{}}\n" for name in names.split())
                    + "int main(void) { return opens() < 1; }\n", "utf-8")
    likeness = compile_program(path, flags=["-rdynamic"])
    run = run_traced([likeness])
    check.equal(run.status, 0)
    check.contains(run.last.fields["languages"], reason)
    check.contains(run.last.groups[0].functions, "opens")
    check.contains(Run(likeness).err, f"no frames of python{'' if ' Py_Version' not in names else ' '}")


main()

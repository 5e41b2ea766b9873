#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail run never takes silence for "nothing leaked": descriptors reach the report also if no file can be
written, and a process about which nothing is known is named and passes no limit."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from run_verb import FDTRAIL, Run
from support import (BUILD, ENGINE, PYTHON, TESTS, check, compile_program, main, program, run_bare, run_traced, skip,
                     temp_dir, test)

NOT_KEPT = 125
NOBODY = 65534


def run(*command, options=(), **arguments):
    return Run(*command, options=[f"--engine={ENGINE}", *options], **arguments)


def by_preload(promise, **arguments):
    """A test only for the preload: the ptrace engine sees these things, or never meets them."""
    return test(promise, **arguments) if ENGINE == "preload" else lambda function: function


def as_root():
    if os.getuid() != 0:
        skip("it takes root")


def root_with(*programs):
    """A folder to change the root to, with these programs, the libraries that they are linked with, and the
tracer."""
    root = temp_dir()
    os.chmod(root, 0o755)
    (root / "dev").mkdir()
    # Programs open it; that must work, and nothing else.
    (root / "dev" / "null").touch()
    files = {Path(path) for path in programs} | {BUILD / "preload" / "libfdtrail.so"}
    for path in list(files):
        linked = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        files |= {Path(found) for found in re.findall(r"(/\S+) \(0x", linked)}
    for path in files:
        place = root / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
    return root


def names_the_leak(ran, function, status=1):
    """Checks that a limit was broken. status: the exit status, which is the program's own if that failed."""
    check.equal(ran.status, status)
    check.contains(ran.err, function)
    check.matches(ran.err, r"fdtrail run: \S+, process \d+: --max-open 0: \d open")


def is_not_kept(ran, words, status=NOT_KEPT):
    check.equal(ran.status, status)
    check.contains(ran.err, words)
    check.matches(ran.err, r"fdtrail run: can't check the limits of (a process that isn't|processes that aren't) known")


# Snapshots that can't be written

WAYS = ["chroot=/var/empty", "chroot=.", f"user={NOBODY}", "mount", "size"]


@test("{}: descriptors opened before and after it are in the report, and break a limit",
      each=[*WAYS, *("fork=" + way for way in WAYS)])
def _(way):
    as_root()
    folder = temp_dir()
    way = way.replace("/var/empty", str(folder))
    ran = run(program("hides"), way, options=["--max-open=0"])
    names_the_leak(ran, "leaks_before")
    check.contains(ran.err, "leaks_after")
    check.lacks(ran.err, "can't write a snapshot")
    check.equal(run(program("hides"), way, options=["--error-exitcode=7"]).status, 7)


@by_preload("a seccomp filter that refuses openat ({}) does not hide a leak", each=["EPERM", "kill"])
def _(action):
    ran = run(program("confines"), "prctl", action, "openat", options=["--max-open=0"])
    names_the_leak(ran, "opens_before", status=4)


@test("a full disk does not hide a leak: the report has the whole text, once, and names the file")
def _():
    as_root()
    folder = temp_dir()
    script = (f"mount -t tmpfs -o size=8k none {folder} && head -c 6000 /dev/zero > {folder}/filler; "
              f"exec {FDTRAIL} run --engine={ENGINE} --max-open=0 -o {folder}/%p -- {program('ends')} return")
    ran = run_bare(["unshare", "-m", "sh", "-c", script])
    names_the_leak(ran, "leaks_files", status=3)
    check.equal(ran.err.count("1. 1 device"), 1)
    check.contains(ran.err, "could not write its snapshot to its file (No space left on device): it is in this report alone")


@test("if the user of the process may not write where -o says, the snapshot is in the report")
def _():
    as_root()
    folder = temp_dir()
    os.chmod(folder, 0o700)
    ran = run(program("hides"), f"user={NOBODY}", options=["--max-open=0", "-o", f"{folder}/%p"])
    if ENGINE == "preload":
        check.contains(ran.err, "could not write its snapshot to its file (Permission denied): it is in this report alone")
    names_the_leak(ran, "leaks_before")


@test("a snapshot of 10,000 descriptors arrives whole without a file")
def _():
    as_root()
    code = ("import os, sys; r, w = os.pipe(); s = [os.dup(r) for _ in range(10000)]; "
            "os.chroot(sys.argv[1]); os._exit(0)")
    ran = run(PYTHON, "-c", code, str(temp_dir()), options=["--max-open=0"])
    check.equal(ran.status, 1)
    check.contains(ran.err, "10002 unclosed descriptors")
    check.lacks(ran.err, "cut")


@test("a program that is executed in another root{} is traced", each=["", ", by another user"])
def _(other):
    as_root()
    root = root_with(program("ends"))
    user = [f"--userspec={NOBODY}:{NOBODY}"] if other else []
    ran = run("chroot", *user, str(root), program("ends"), "return", options=["--max-open=0"])
    names_the_leak(ran, "leaks_files", status=3)


@test("processes that report in time are never called unknown, however many run at once")
def _():
    ran = run("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do (true; /bin/true) & done; wait", options=["--max-open=0"])
    check.equal((ran.status, ran.err), (0, ""))


# Programs without the tracer


@by_preload("env -i: the program is named, and no limit passes")
def _():
    ran = run("env", "-i", program("ends"), "none", options=["--max-open=0"])
    is_not_kept(ran, f"{program('ends')}, process")
    check.contains(ran.err, "was executed without the tracer (its environment was cleared): nothing is known of it")
    check.equal(run("env", "-i", program("ends"), "none").status, 0)
    check.equal(run("env", "-i", program("ends"), "return", options=["--error-exitcode=7"]).status, 3)


@by_preload("a static program in another root is named, and no limit passes")
def _():
    as_root()
    path = compile_program(TESTS / "programs/ends.c", "gcc-static")
    is_not_kept(run("chroot", str(root_with(path)), path, "none", options=["--max-open=0"]), "statically linked")


@by_preload("a setuid program is named, and no limit passes")
def _():
    as_root()
    folder = temp_dir()
    os.chmod(folder, 0o755)
    path = folder / "setuid"
    shutil.copy(program("ends"), path)
    os.chmod(path, 0o4755)
    ran = run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", str(path), "none",
              options=["--max-open=0"])
    is_not_kept(ran, "was executed without the tracer (it gains rights: setuid, setgid or capabilities)")


@test("no process of many that are spawned one after the other, without a wait, counts as untraced")
def _():
    code = f"""
import os
p = {program("ends")!r}
for _ in range(200):
    os.posix_spawn(p, [p, "none"], os.environ)
try:
    while True: os.wait()
except ChildProcessError:
    pass
"""
    # Python 3.14 keeps a file open for ctypes.
    ran = run(PYTHON, "-c", code, options=["--max-open=9"])
    check.lacks(ran.err, "without the tracer")
    check.equal(ran.status, 0)


@by_preload("an environment without the tracer is seen at {}", each=[
    "subprocess.run([p, 'none'], env={})", "os.posix_spawn(p, [p, 'none'], {})", "os.posix_spawnp(p, [p, 'none'], {})",
    "subprocess.run([p, 'none'], env={}, preexec_fn=lambda: None)", "os.execve(p, [p, 'none'], {})",
    "os.environ.pop('LD_PRELOAD'); os.execv(p, [p, 'none'])", "os.environ.clear(); os.system(p + ' none')",
    "os.environ.clear(); libc.popen.restype = ctypes.c_void_p; "
    "libc.pclose(ctypes.c_void_p(libc.popen((p + ' none').encode(), b'r')))",
    "os.fork() or os.execve(p, [p, 'none'], {}); os.wait()",
    "os.execve(os.open(p, os.O_RDONLY), [p, 'none'], {})"])
def _(call):
    code = f"import ctypes, os, subprocess; libc = ctypes.CDLL(None); p = {program('ends')!r}; {call}"
    # Python 3.14 keeps a file open for ctypes.
    is_not_kept(run(PYTHON, "-c", code, options=["--max-open=9"]), "nothing is known of it")
    check.contains(run(PYTHON, "-c", code).err, "(its environment was cleared)")


@test("a program that gets the environment is not named after {}", each=[
    "subprocess.run([p, 'none'])", "os.posix_spawn(p, [p, 'none'], os.environ); os.wait()",
    "subprocess.run([p, 'none'], preexec_fn=lambda: None)", "os.execv(p, [p, 'none'])", "os.system(p + ' none')",
    "subprocess.run([p, 'none'], env={k: os.environ[k] for k in os.environ if 'FDTRAIL' in k or 'LD_' in k})",
    "f = os.popen(p + ' none'); f.read(); f.close()", "subprocess.run(['sh', '-c', 'exec ' + p + ' none'])",
    "os.fork() or os.execvp(p, [p, 'none']); os.wait()"])
def _(call):
    code = f"import os, subprocess; p = {program('ends')!r}; {call}"
    ran = run(PYTHON, "-c", code, options=["--max-open=0"])
    check.equal((ran.status, ran.err), (0, ""))


@test("a program that can't be executed is not named after {}", each=[
    "os.execv('/no/such', ['x'])", "os.posix_spawn('/no/such', ['x'], {})", "os.execve('/etc/passwd', ['x'], {})",
    "subprocess.run(['/no/such'], env={})", "subprocess.run(['no-such-program'])"])
def _(call):
    code = f"import os, subprocess\ntry: {call}\nexcept OSError: pass"
    ran = run(PYTHON, "-c", code, options=["--max-open=0"])
    check.equal((ran.status, ran.err), (0, ""))


@by_preload("a program in which the loader can't start the tracer is named")
def _():
    path = compile_program(TESTS / "programs/ends.c", "gcc-m32")
    is_not_kept(run("sh", "-c", f"{path} none; true", options=["--max-open=0"]),
                "was executed without the tracer (it did not start, or could not reach fdtrail run)")


@test("by ptrace the program started by {} is traced", each=["env -i", "a child's empty environment"])
def _(way):
    words = ["env", "-i", program("ends"), "return"]
    if way != "env -i":
        words = [PYTHON, "-c", f"import subprocess; subprocess.run([{program('ends')!r}, 'return'], env={{}})"]
    names_the_leak(Run(*words, options=["--engine=ptrace", "--max-open=0"]), "leaks_files",
                   status=3 if way == "env -i" else 1)


@by_preload("--only: programs that are left out are not named")
def _():
    ran = run("env", "-i", program("ends"), "none", options=["--max-open=0", "--only=env"])
    check.equal((ran.status, ran.err), (0, ""))


@by_preload("fdtrail run under fdtrail run answers for its own program")
def _():
    ran = run(FDTRAIL, "run", "--", program("ends"), "none", options=["--max-open=0"])
    check.equal((ran.status, ran.err), (0, ""))


# Processes that could not report


@test("a child that is killed is named, and no limit passes")
def _():
    ran = run("sh", "-c", f"{program('hides')} kill; true", options=["--max-open=0"])
    if ENGINE == "ptrace":  # it sees what the process had open
        names_the_leak(ran, "leaks_before")
        return
    is_not_kept(ran, "hides, process")
    check.contains(ran.err, "was killed, or crashed, before it could tell what it had open")
    ran = run("sh", "-c", f"for i in 1 2 3; do {program('hides')} kill; done; true")
    check.contains(ran.err, "hides (3 times) was killed, or crashed, before it could tell what it had open")
    check.equal(ran.status, 0)
    check.lacks(run("sh", "-c", f"{program('hides')} kill; true", options=["--exit=0"]).err, "not reported")


@test("a writer whose reader has gone is not named")
def _():
    ran = run("sh", "-c", "yes | head -1", options=["--max-open=0"])
    check.equal((ran.status, ran.out, ran.err), (0, "y\n", ""))


@test("a process that outlives the run is named if there are limits")
def _():
    folder = temp_dir()
    ran = run("sh", "-c", f"(echo; exec sleep 50) > {folder}/started & until [ -s {folder}/started ]; do :; done",
              options=["--max-open=0"])
    is_not_kept(ran, "not ended:\n  s")
    check.matches(ran.err, r"process \d+, still runs")


@test("a forked child that opened nothing may be killed")
def _():
    code = "import os, signal; p = os.fork()\nif not p: signal.pause()\nos.kill(p, 9); os.wait()"
    ran = run(PYTHON, "-c", code, options=["--max-open=0"])
    check.equal((ran.status, ran.err), (0, ""))


# The address of the roster


@test("an address of a roster that does not exist prints nothing and takes little time: {}", each=[
    "x", "1/2/3/4", "1/2/fdtrail-run.0000000000000000/00000000000000000000000000000000",
    f"{os.getpid()}/0/name/00000000000000000000000000000000", "99999999999999999999/1/a/" + "0" * 32])
def _(value):
    ran = run_traced([program("ends"), "none"], env={"FDTRAIL_RUN": value}, timeout=20)
    check.equal((ran.status, ran.err), (0, ""))


@test("if no file may grow at all, one line says so: 125")
def _():
    ran = run_bare(["bash", "-c", f"set -o pipefail; (ulimit -f 0; exec {FDTRAIL} run -- true) 2>&1 | cat"])
    if ran.status == 0:
        skip("this user may lift the limit")
    check.equal((ran.status, len(ran.out.splitlines())), (NOT_KEPT, 1))
    check.contains(ran.out, "ulimit -f")


main()

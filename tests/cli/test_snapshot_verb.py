#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail snapshot: a traced program answers with its stacks, any other is inspected from outside; a process
that can't be is one clear line. No process is disturbed."""

import ctypes
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess

import json_documents
import snapshot_text
from support import (BUILD, LIBRARY, PYTHON, check, compile_program, main, require, run_bare, skip,
                     start_traced, temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
NOBODY = 65534


def ask(*arguments, **options):
    return run_bare([FDTRAIL, "snapshot", *arguments], **options)


def raw(*arguments, **options):
    """The snapshot itself, parsed."""
    asked = ask("--raw", *arguments, **options)
    check.equal((asked.status, asked.err), (0, ""))
    found = snapshot_text.parse_all(asked.out)
    check.equal(len(found), 1, "whole snapshots")
    return found[0]


def start_python(text, traced=False, **options):
    """A Python program that has printed that it is ready."""
    started = start_traced([PYTHON, "-c", text], traced=traced, **options)
    wait_until(lambda: "ready\n" in started.out, what="the program's readiness")
    return started


SOCKETS = """
import socket, time
kept = [socket.socket() for _ in range(5)]
print("ready", flush=True)
time.sleep(600)
"""


def listed(snapshot):
    """How many descriptors of the first kind it lists. Python 3.9 and 3.13 make the first object of a class by another line of their own
    code than the rest, so these may be two groups."""
    return sum(len(group.descriptors) for group in snapshot.groups if group.kind == snapshot.groups[0].kind)


@test("a process is recognized as traced whatever the library's file is called")
def _():
    library = temp_dir() / "trace-it.so"
    shutil.copyfile(LIBRARY, library)
    started = start_python("import socket, time\nsocket.socket().detach()\nprint('ready', flush=True)\ntime.sleep(60)",
                           env={"LD_PRELOAD": str(library), "FDTRAIL_SIGNAL": "USR2"})
    check.contains(raw(str(started.pid)).why, "SIGUSR2")


def refused(asked, *words):
    """Checks that there is one line on stderr, nothing on stdout, and exit status 2."""
    check.equal((asked.status, asked.out), (2, ""))
    check.equal(asked.err.count("\n"), 1, "lines on stderr")
    check.matches(asked.err, "^fdtrail snapshot: ")
    for word in words:
        check.contains(asked.err, word)


def holder(variant="gcc"):
    """A C program that forgets five sockets, and waits."""
    source = temp_dir() / "held.c"
    source.write_text("""
#include <sys/socket.h>
#include <unistd.h>
static volatile int forgotten, wanted = 5;
__attribute__((noinline, noclone)) static void forget_socket(void)
{
	forgotten = socket(AF_INET, SOCK_STREAM, 0);
}
int main(void)
{
	while (wanted > 0) {
		forget_socket();
		wanted--;
	}
	forgotten = (int)write(1, "ready\\n", 6);
	for (;;)
		pause();
}
""")
    return compile_program(source, variant)


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def copies(folder):
    """The command and the tracer, where every user can read them."""
    os.chmod(folder, 0o755)
    for source in (FDTRAIL, LIBRARY):
        shutil.copy(source, folder)
        os.chmod(folder / source.name, 0o755)
    return folder / FDTRAIL.name, folder / LIBRARY.name


def as_nobody(*command):
    if os.geteuid() != 0:
        skip("only root can become another user")
    return [require("setpriv"), "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", *command]


def answer_with(number, error):
    """For preexec: a seccomp filter that fails system call number with error (seccomp(2))."""

    def install():
        def instruction(code, k, true=0, false=0):
            return struct.pack("HBBI", code, true, false, k)

        # load the number; equal: the error, else go on
        filter_ = ctypes.create_string_buffer(
            instruction(0x20, 0) + instruction(0x15, number, 0, 1) +
            instruction(0x06, 0x00050000 | error) + instruction(0x06, 0x7fff0000))
        libc = ctypes.CDLL(None, use_errno=True)
        fields = struct.pack("HxxxxxxP", 4, ctypes.addressof(filter_))
        if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.c_char_p(fields)) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    return install


PIDFD_GETFD = 438  # the same on all architectures


# Traced programs

@test("a traced program answers with the stacks that opened its descriptors, symbolized")
def _():
    target = start_traced([holder()])
    wait_until(lambda: "ready\n" in target.out)
    asked = ask(target.pid)
    check.equal((asked.status, asked.err), (0, ""))
    check.matches(asked.out, r"5 tcp sockets.* forget_socket at .*held\.c:\d+")
    check.matches(asked.out, r"#1 main +.*held\.c:\d+")


@test("the answer goes to the caller, and to nowhere else: {}", each=["a file", "stderr"])
def _(usual):
    options = {"OUTPUT": None} if usual == "stderr" else {}
    target = start_python(SOCKETS, True, **options)
    before = target.err
    found = raw(target.pid)
    check.equal((found.pid, found.number), (target.pid, 1))
    check.equal(target.err, before, "its stderr")
    check.equal(target.reports, {}, "its files")
    check.contains(found.why, "fdtrail snapshot")


@test("each answer is a new snapshot")
def _():
    target = start_python(SOCKETS, True)
    target.snapshot()
    check.equal([raw(target.pid).number for _ in range(3)], [2, 3, 4])


@test("many callers at once all get whole answers")
def _():
    target = start_python(SOCKETS, True)
    asking = [start_traced([FDTRAIL, "snapshot", "--raw", target.pid], traced=False) for _ in range(8)]
    for asked in asking:
        asked.wait()
        check.equal((asked.status, asked.err), (0, ""))
        check.equal(len(snapshot_text.parse_all(asked.out)), 1)


@test("the program's own handler does not run for the request's signal")
def _():
    target = start_python("""
import signal, socket, time
kept = [socket.socket() for _ in range(5)]
signal.signal(signal.SIGUSR1, lambda *_: print("handled", flush=True))
print("ready", flush=True)
while True: time.sleep(600)
""", True)
    check.equal(listed(raw(target.pid)), 5)
    target.snapshot()
    wait_until(lambda: "handled" in target.out, what="its handler")
    check.equal(target.out.count("handled"), 1, "handled signals")


@test("the signal that FDTRAIL_SIGNAL names is used: {}", each=["USR2", "RTMIN+3", "23"])
def _(name):
    target = start_python(SOCKETS, True, SIGNAL=name)
    check.equal(listed(raw(target.pid)), 5)


@test("the right signal is sent to a program that has overwritten its environment")
def _():
    source = temp_dir() / "wipes.c"
    source.write_text("""
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
extern char **environ;
int main(void)
{
	int made = socket(AF_INET, SOCK_STREAM, 0);
	for (char **variable = environ; *variable; variable++)
		memset(*variable, 'x', strlen(*variable));
	made += (int)write(1, "ready\\n", 6);
	while (made)
		pause();
}
""")
    target = start_traced([compile_program(source)], SIGNAL="USR2")
    wait_until(lambda: "ready\n" in target.out)
    with open(f"/proc/{target.pid}/environ", "rb") as file:
        check.lacks(file.read(), b"FDTRAIL")
    check.equal(listed(raw(target.pid)), 1)


@test("a program that takes no signal (FDTRAIL_SIGNAL=none) gets none, and can be inspected from outside")
def _():
    target = start_python(SOCKETS, True, SIGNAL="none")
    refused(ask(target.pid), "FDTRAIL_SIGNAL=none", "--outside")
    asked = ask("--outside", target.pid)
    check.equal((asked.status, asked.err), (0, ""))
    check.contains(asked.out, "5 tcp sockets")
    check.equal(target.status, None, "exit status: it runs on")


@test("a program that FDTRAIL_ONLY leaves out is not ended by the signal that it does not handle")
def _():
    target = start_python(SOCKETS, True, ONLY="something-else")
    refused(ask(target.pid), "does not handle SIGUSR1", "FDTRAIL_ONLY")
    check.equal(target.status, None, "exit status: it runs on")


@test("a program that blocks the signal in all its threads answers, and goes on blocking it")
def _():
    target = start_python("""
import signal, socket, threading, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
kept = [socket.socket() for _ in range(5)]
threading.Thread(target=time.sleep, args=(600,)).start()
print("ready", flush=True)
time.sleep(600)
""", True)
    for _ in range(3):
        check.equal(listed(raw(target.pid)), 5)
    for thread in os.listdir(f"/proc/{target.pid}/task"):
        with open(f"/proc/{target.pid}/task/{thread}/status", encoding="utf-8") as file:
            text = file.read()
        check.true(int(re.search(r"SigBlk:\t(\w+)", text)[1], 16) >> signal.SIGUSR1 - 1 & 1, "SIGUSR1 is blocked")
        check.contains(text, "ShdPnd:\t0000000000000000")


@test("a single thread that does not block the signal is enough")
def _():
    target = start_python("""
import signal, socket, threading, time
kept = [socket.socket() for _ in range(5)]
threading.Thread(target=time.sleep, args=(600,)).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("ready", flush=True)
time.sleep(600)
""", True)
    check.equal(listed(raw(target.pid)), 5)


@test("for a stopped program a line says so, and it stays stopped")
def _():
    target = start_python(SOCKETS, True)
    target.send(signal.SIGSTOP)
    wait_until(lambda: state_of(target.pid) == "T")
    refused(ask(target.pid), "is stopped", f"kill -CONT {target.pid}")
    check.equal(state_of(target.pid), "T")
    check.contains(ask("--outside", target.pid).out, "5 tcp sockets")


def answers_in_memory(pid, note=""):
    """Five sockets, with the stacks that opened them, and again five."""
    for _ in range(2):
        asked = ask("--raw", pid)
        check.equal((asked.status, asked.err), (0, note))
        found = snapshot_text.parse_all(asked.out)
        check.equal(len(found), 1, "whole snapshots")
        check.equal(listed(found[0]), 5)
        check.contains(found[0].why, "by fdtrail snapshot")
        check.true(all(group.frames for group in found[0].groups if group.count == 5), "stacks")


@test("a chrooted program, which can't open the command's file, leaves the answer in its memory")
def _():
    target = start_python(f"""
import os, socket
os.chroot({str(temp_dir())!r})
{SOCKETS}""", True)
    answers_in_memory(target.pid)
    check.equal(target.status, None, "exit status: it runs on")


@test("a program in another pid namespace leaves the answer in its memory; the user is told its number there: {}",
      each=["hears the signal", "blocks the signal"])
def _(form):
    unshare = require("unshare")
    text = SOCKETS
    if form.startswith("blocks"):
        text = f"import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n{text}"
    target = start_traced([unshare, "--pid", "--fork", PYTHON, "-c", text], traced=False,
                          env={"LD_PRELOAD": str(LIBRARY)}, OUTPUT=None)
    if not wait_until(lambda: "ready\n" in target.out or target.status is not None) or target.status is not None:
        skip("no pid namespace can be made here")
    child = children_of(target.pid)[0]
    before = target.err
    answers_in_memory(child, f"fdtrail snapshot: process {child} is process 1 in its own pid namespace\n")
    check.equal(target.err, before, "its stderr")
    check.contains(ask("--outside", child).out, "5 tcp sockets")
    limit = run_bare([FDTRAIL, "check", "--max-open=0", "--pid", child])
    check.equal(limit.status, 1)


@test("two commands that ask a program in another pid namespace at the same time both get an answer")
def _():
    target = start_traced([require("unshare"), "--pid", "--fork", PYTHON, "-c", SOCKETS], traced=False,
                          env={"LD_PRELOAD": str(LIBRARY)}, OUTPUT=None)
    if not wait_until(lambda: "ready\n" in target.out or target.status is not None) or target.status is not None:
        skip("no pid namespace can be made here")
    child = children_of(target.pid)[0]
    for _ in range(5):
        both = [start_traced([FDTRAIL, "snapshot", "--raw", child], traced=False) for _ in range(2)]
        wait_until(lambda: all(one.status is not None for one in both))
        for one in both:
            check.equal(one.status, 0, one.err)
            check.equal(listed(snapshot_text.parse_all(one.out)[0]), 5)


@test("a program that fdtrail traces by ptrace in another pid namespace: a line says so, and no signal is sent")
def _():
    target = start_traced([require("unshare"), "--pid", "--fork", "--mount-proc", FDTRAIL, "run", "--engine=ptrace",
                           "--report=/dev/null", "--", PYTHON, "-c", SOCKETS], traced=False)
    if not wait_until(lambda: "ready\n" in target.out or target.status is not None) or target.status is not None:
        skip("no pid namespace can be made here")
    run, = children_of(target.pid)
    traced = [pid for child in children_of(run) for pid in [child, *children_of(child)] if tracer_of(pid)]
    before = target.err
    refused(ask(traced[0]), "another pid namespace", "run fdtrail in there")
    check.equal(target.err, before, "its stderr")


@test("root gets an answer from a program of another user, and so does that user")
def _():
    folder = temp_dir()
    command, library = copies(folder)
    target = start_traced(as_nobody("env", f"LD_PRELOAD={library}", PYTHON, "-c", SOCKETS), traced=False)
    wait_until(lambda: "ready\n" in target.out)
    for words in ([command], as_nobody(command)):
        asked = run_bare([*words, "snapshot", "--raw", target.pid])
        check.equal((asked.status, asked.err), (0, ""))
        check.equal(listed(snapshot_text.parse_all(asked.out)[0]), 5)


@test("root shares only the answer's file with another user's program")
def _():
    folder = temp_dir()
    _, library = copies(folder)
    # The program never answers: the library is there, but the program has set its own handler, past the hooks.
    target = start_traced(as_nobody(PYTHON, "-c", f"""
import ctypes, signal, time
ctypes.CDLL("{library}")
signal.signal(signal.SIGUSR1, lambda *_: None)
print("ready", flush=True)
while True: time.sleep(600)
"""), traced=False)
    wait_until(lambda: "ready\n" in target.out)
    secret = open(folder / "secret", "w")
    asking = start_traced([FDTRAIL, "snapshot", target.pid], traced=False, pass_fds=[secret.fileno()],
                          env={"PASSWORD": "sesame"})

    def held():
        found = children_of(asking.pid)
        return found and os.stat(f"/proc/{found[0]}").st_uid == NOBODY and found[0]

    child = wait_until(held, what="the process that holds the file")
    files = {os.readlink(f"/proc/{child}/fd/{name}") for name in os.listdir(f"/proc/{child}/fd")}
    check.equal(files, {"/memfd:fdtrail snapshot (deleted)"})
    with open(f"/proc/{child}/environ", "rb") as file:
        check.equal(file.read().strip(b"\0"), b"", "its environment")
    with open(f"/proc/{child}/status", encoding="utf-8") as file:
        status = file.read()
    check.matches(status, r"^Groups:\s*$")
    check.matches(status, r"^CapPrm:\s*0+$")
    check.equal(os.getsid(int(child)), int(child), "its session")
    asking.send(signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{child}") or state_of(child) == "Z", what="its end")


@test("a daemon that root started and that became another user answers only root")
def _():
    folder = temp_dir()
    command, library = copies(folder)
    as_nobody()
    target = start_traced([PYTHON, "-c", f"""
import os
os.setresgid({NOBODY}, {NOBODY}, {NOBODY}); os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
{SOCKETS}"""], traced=False, preload=[library])
    wait_until(lambda: "ready\n" in target.out)
    check.equal(listed(raw(target.pid)), 5)
    refused(run_bare(as_nobody(command, "snapshot", target.pid)), "ask as root")


@test("root that may not inspect a process is not advised to ask as root")
def _():
    as_nobody()  # this test needs root

    def drop(*capabilities):
        """PR_CAPBSET_DROP: root regains all other capabilities by execve(2)."""
        return lambda: [ctypes.CDLL(None).prctl(24, number, 0, 0, 0) for number in capabilities]

    CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE = 1, 2, 19
    target = start_python(SOCKETS)
    asked = ask(target.pid, preexec=drop(CAP_SYS_PTRACE))
    check.contains(asked.out, "8 could not be looked at, only counted\n")
    target = start_traced(as_nobody(PYTHON, "-c", SOCKETS), traced=False)
    wait_until(lambda: "ready\n" in target.out)
    asked = ask(target.pid, preexec=drop(CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE))
    refused(asked, f"process {target.pid} can't be looked at, although you are root: CAP_SYS_PTRACE is missing here")


@test("only a file made for it is written to, whoever sends the signal")
def _():
    target = start_python(SOCKETS, True)
    folder = temp_dir()
    victim = open(folder / "victim", "w+b")
    victim.write(b"precious\n")
    victim.flush()
    unlinked = open(folder / "unlinked", "w+b")
    os.unlink(folder / "unlinked")
    filled = os.memfd_create("filled")
    os.write(filled, b"precious\n")
    reader, writer = os.pipe()
    files = [victim.fileno(), unlinked.fileno(), filled, writer]
    for file in files:
        ask_by_hand(target.pid, file)
    wait_until(lambda: len(target.snapshots) == len(files), what="snapshots in the usual place")
    check.equal(os.pread(victim.fileno(), 100, 0), b"precious\n")
    check.equal(os.fstat(unlinked.fileno()).st_size, 0)
    check.equal(os.pread(filled, 100, 0), b"precious\n")
    os.set_blocking(reader, False)
    check.equal(select_read(reader), b"")


def select_read(file):
    try:
        return os.read(file, 100)
    except BlockingIOError:
        return b""


def ask_by_hand(pid, file):
    """Sends the same signal as fdtrail snapshot (preload/core/base/channel.h)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.sigqueue.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
    check.equal(libc.sigqueue(pid, signal.SIGUSR1, 0x6664747200000000 | file), 0)
    # While this signal is pending, the next one would be merged with it.

    def delivered():
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            return "ShdPnd:\t0000000000000000" in status.read()

    wait_until(delivered, what="the signal's delivery")


@test("a statically linked program under the ptrace engine answers, too")
def _():
    built = holder("gcc-static")
    target = start_traced([FDTRAIL, "run", "--engine=ptrace", "--", built], traced=False)
    wait_until(lambda: "ready\n" in target.out)

    def traced_one():
        for path in os.listdir("/proc"):
            try:
                if path.isdigit() and os.readlink(f"/proc/{path}/exe") == built:
                    return int(path)
            except OSError:
                pass
        return None

    found = raw(wait_until(traced_one, what="the program"))
    check.equal(listed(found), 5)
    check.contains(found.groups[0].functions, "forget_socket")
    check.equal(target.err, "", "stderr")


# Process ids that stand for another process

def start_run(*options):
    """`fdtrail run` of a program that forgets five sockets; the program's process id."""
    built = holder("gcc")
    target = start_traced([FDTRAIL, "run", *options, "--", built], traced=False)
    wait_until(lambda: "ready\n" in target.out)
    return target, next(pid for pid in children_of(target.pid) if os.readlink(f"/proc/{pid}/exe") == built)


def tracer_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"^TracerPid:\t(\d+)", file.read(), re.MULTILINE).group(1))


@test("the process id of `fdtrail run --engine={}` stands for its program, and a line says so",
      each=["preload", "ptrace"])
def _(engine):
    target, program = start_run(f"--engine={engine}")
    numbers = [target.pid] if engine == "preload" else [target.pid, tracer_of(program)]
    for number in numbers:
        asked = ask("--raw", number)
        check.equal(asked.status, 0)
        check.equal(asked.err, f"fdtrail snapshot: process {number} is `fdtrail run`; this is its program, "
                               f"process {program}\n")
        found = snapshot_text.parse_all(asked.out)
        check.equal([snapshot.pid for snapshot in found], [program])
        check.contains(found[0].groups[0].functions, "forget_socket")


@test("the process id of a `fdtrail run` that runs another one stands for the other one's program")
def _():
    built = holder("gcc")
    target = start_traced([FDTRAIL, "run", "--", FDTRAIL, "run", "--", built], traced=False)
    wait_until(lambda: "ready\n" in target.out)
    asked = ask("--raw", target.pid)
    check.equal(asked.status, 0)
    check.equal(asked.err.count("is `fdtrail run`; this is its program"), 2)
    check.contains(snapshot_text.parse_all(asked.out)[0].groups[0].functions, "forget_socket")


@test("a `fdtrail run` whose program can't be found is one line, and exit status 2")
def _():
    # The state of a run at its end: it makes the report, and the program is gone.
    source = temp_dir() / "waits.c"
    source.write_text("#include <unistd.h>\nint main(void) { return pause(); }\n")
    shutil.copy(compile_program(source), source.parent / "fdtrail")
    target = start_traced([source.parent / "fdtrail", "run", "--", "true"], traced=False)
    refused(ask(target.pid), f"process {target.pid} is `fdtrail run`, but its program isn't running")


PREFORK = """
import os, socket, sys, time
for depth in range(2):
    for _ in range(2 - depth):
        if os.fork() == 0:
            kept = [socket.socket() for _ in range(5)]
            break
    else:
        break
os.write(1, b"%d is up\\n" % os.getpid())
time.sleep(600)
"""


def prefork():
    """A master that has nothing open, with two workers, each with a child of its own: all of these leak."""
    target = start_traced([PYTHON, "-c", PREFORK], traced=False)
    wait_until(lambda: target.out.count(" is up\n") == 5)
    workers = children_of(target.pid)
    return target, workers, [pid for worker in workers for pid in children_of(worker)]


@test("children that are not shown are named by process id")
def _():
    target, workers, _ = prefork()
    asked = ask(target.pid)
    check.equal(asked.status, 0)
    check.contains(asked.out, "nothing is unclosed")
    check.equal(asked.err, f"fdtrail snapshot: process {target.pid} has 2 child processes, not shown (see "
                           f"--children): {workers[0]}, {workers[1]}\n")


@test("a thread's children are named, too; a child that has ended is not")
def _():
    target = start_python("""
import subprocess, threading, time
started = []
def start():
    started.append(subprocess.Popen(["sleep", "600"]))
    time.sleep(600)
threading.Thread(target=start).start()
ended = subprocess.Popen(["true"])
while not started or open(f"/proc/{ended.pid}/stat").read().rpartition(")")[2].split()[0] != "Z":
    time.sleep(0.01)
print(started[0].pid, flush=True)
print("ready", flush=True)
""")
    asked = ask(target.pid)
    check.contains(asked.err, f"has 1 child process, not shown (see --children): {target.out.split()[0]}\n")


@test("--children shows all descendants of the process: {}", each=["--format=text", "--raw", "--format=json"])
def _(form):
    target, workers, more = prefork()
    asked = ask("--children", form, target.pid)
    check.equal((asked.status, asked.err), (0, ""))
    pids = [target.pid, *workers, *more]
    if form == "--raw":
        check.equal(sorted(snapshot.pid for snapshot in snapshot_text.parse_all(asked.out)), sorted(pids))
    elif form == "--format=json":
        documents = json_documents.every(asked.out)
        check.equal(sorted(document["process"]["pid"] for document in documents), sorted(pids))
    else:
        for pid in pids[1:]:
            check.matches(asked.out, rf"(?m)^python3?\S*, process {pid}: 5 descriptors in 1 group; 3 inherited")


@test("--children with --count shows the growth of each process")
def _():
    target = start_traced([PYTHON, "-c", """
import os, socket, time
child = os.fork()
kept = []
print("ready", flush=True)
while True:
    if child == 0: kept.append(socket.socket())
    time.sleep(0.01)
"""], traced=False)
    wait_until(lambda: target.out.count("ready\n") == 2)
    asked = ask("--children", "--count", "2", "--interval", "0.3", target.pid)
    check.equal(asked.status, 0)
    child, = children_of(target.pid)
    check.matches(asked.out, rf"(?m)^2\S+: python\S*, process {target.pid}: \d+ open, 0 more")
    check.matches(asked.out, rf"(?m)^2\S+: python\S*, process {child}: \d+ open, [1-9]\d* more")


@test("a series that outlives its program prints no document")
def _():
    target = start_traced(["sleep", "0.5"], traced=False)
    asked = ask("--format=prometheus", "--count", "2", "--interval", "1.5", target.pid)
    check.equal((asked.status, asked.out), (2, ""))
    check.matches(asked.err, f"process {target.pid}")


@test("if some of --children can't be inspected, the others are shown, and the exit status is 2")
def _():
    folder = temp_dir()
    command, _ = copies(folder)
    as_nobody()
    target = start_traced([PYTHON, "-c", f"""
import os, socket, time
if os.fork():
    os.setresgid({NOBODY}, {NOBODY}, {NOBODY}); os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
    os.execvp("{PYTHON}", ["{PYTHON}", "-c", "print('ready', flush=True); import time; time.sleep(600)"])
print("ready", flush=True)
time.sleep(600)
"""], traced=False)
    wait_until(lambda: target.out.count("ready\n") == 2)
    child, = children_of(target.pid)
    asked = run_bare(as_nobody(command, "snapshot", "--children", "--raw", target.pid))
    check.equal(asked.status, 2)
    check.equal([snapshot.pid for snapshot in snapshot_text.parse_all(asked.out)], [target.pid])
    check.matches(asked.err, f"^fdtrail snapshot: process {child} belongs to user 0: ")
    asked = run_bare(as_nobody(command, "check", "--children", "--max-close-wait=0", "--pid", target.pid))
    check.equal(asked.status, 2)
    check.contains(asked.out, f"process {target.pid}: all limits are kept")


# Untraced programs

def close_wait_server():
    """A Python server whose clients, except two, have closed their connections; and its port."""
    target = start_traced([PYTHON, "-c", """
import socket, sys, time
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(100)
print(listener.getsockname()[1], flush=True)
kept = [listener.accept()[0] for _ in range(20)]
print("ready", flush=True)
time.sleep(600)
"""], traced=False)
    port = int(wait_until(lambda: target.out if "\n" in target.out else None))
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    wait_until(lambda: "ready\n" in target.out)
    for client in clients[2:]:
        client.close()
    return target, port, clients[:2]


@test("an untraced server's connections in CLOSE_WAIT are a group, with the port that accepted them")
def _():
    target, port, clients = close_wait_server()
    found = raw(target.pid)
    group = found.groups[0]
    check.equal(len(group.descriptors), 18)
    check.matches(group.sentence, "^18 tcp sockets in CLOSE_WAIT, opener unknown$")
    check.contains(group.text, "reason: the process is not traced")
    check.contains(group.text, f"note: Accepted at port {port}.")
    check.true(all("idle " in descriptor.text for descriptor in group.descriptors), "idle times")
    check.equal(len(clients), 2)


@test("the report says that stacks are missing, and how to get them")
def _():
    target, _, _ = close_wait_server()
    asked = ask(target.pid)
    check.equal(asked.status, 0)
    check.contains(asked.out, "18 tcp sockets in CLOSE_WAIT")
    check.equal(asked.err, "")
    check.contains(asked.out, "this process is not traced")
    check.contains(asked.out, "fdtrail run -- ")


@test("an untraced program is neither stopped nor signalled, and its sockets keep their errors")
def _():
    target = start_python("""
import socket, sys, time
refused = socket.socket(); refused.setblocking(False)
probe = socket.socket(); probe.bind(("127.0.0.1", 0))
refused.connect_ex(probe.getsockname())
print("ready", flush=True)
time.sleep(600)
""")
    before = status_fields(target.pid)
    for _ in range(5):
        raw(target.pid)
    after = status_fields(target.pid)
    check.equal(after, before)
    pidfd = os.pidfd_open(target.pid)
    libc = ctypes.CDLL(None, use_errno=True)
    errors = []
    for number in range(3, 6):
        got = libc.syscall(PIDFD_GETFD, pidfd, number, 0)
        if got >= 0 and os.path.realpath(f"/proc/self/fd/{got}").startswith("/proc/"):
            errors.append(socket.socket(fileno=got).getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
    os.close(pidfd)
    check.contains(errors, 111, "SO_ERROR of its sockets (ECONNREFUSED)")


def status_fields(pid):
    """The fields that a stop or a signal would change."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return [line for line in file if re.match(
            r"(State|TracerPid|SigPnd|ShdPnd|voluntary_ctxt|FDSize)", line)]


@test("ten thousand sockets are counted and listed")
def _():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 10100:
        skip("the hard limit on descriptors is too low")
    target = start_python("""
import resource, socket, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
kept = [socket.socket() for _ in range(10000)]
print("ready", flush=True)
time.sleep(600)
""")
    found = raw(target.pid)
    check.equal([len(group.descriptors) for group in found.groups if "tcp" in group.sentence], [10000])
    check.equal(listed(found), 10000)
    check.true(soft <= hard, "limits")


@test("numbers above fdtrail's own limit are described from /proc alone")
def _():
    target = start_python("""
import os, socket, time
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(7)
os.dup2(listener.fileno(), 900); os.dup2(os.open("/etc/passwd", os.O_RDONLY), 901)
print("ready", flush=True)
time.sleep(600)
""")

    def low():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    # A process with CAP_SYS_RESOURCE could raise the limit again.
    words = [FDTRAIL, "snapshot", "--raw", target.pid]
    if os.geteuid() == 0:
        words = [require("setpriv"), "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource", *words]
    asked = run_bare(words, preexec=low)
    check.equal((asked.status, asked.err), (0, ""))
    listed = {descriptor.fd: descriptor.text
              for group in snapshot_text.parse_all(asked.out)[0].groups for descriptor in group.descriptors}
    check.matches(listed[900], r"^127\.0\.0\.1:\d+, LISTEN")
    check.matches(listed[901], r"^/etc/passwd, read, position 0, size \d+")
    check.matches(asked.out, r"^  2 above the number \d+, which is our own limit: known from /proc alone$")


@test("if the kernel allows no copies ({}), descriptors are described from /proc, and a line says that less is known",
      each=[("EPERM", 1), ("ENOSYS", 38)])
def _(_, error):
    target, port, clients = close_wait_server()
    usual = raw(target.pid)
    asked = ask("--raw", target.pid, preexec=answer_with(PIDFD_GETFD, error))
    check.equal((asked.status, asked.err), (0, ""))
    found = snapshot_text.parse_all(asked.out)[0]
    check.equal([group.sentence for group in found.groups], [group.sentence for group in usual.groups])

    def lines(taken):
        return [re.sub(", (idle|backlog) .*", "", descriptor.text)
                for group in taken.groups for descriptor in group.descriptors]

    check.equal(lines(found), lines(usual))
    check.contains(asked.out, "known from /proc alone")
    check.true(port and clients, "clients")


@test("a unix socket whose name fakes a line of the kernel's table does not change another one's description")
def _():
    target = start_python("""
import os, socket, time
kept = socket.socketpair()[0], socket.socket(socket.AF_INET, socket.SOCK_STREAM)
print(*[os.fstat(one.fileno()).st_ino for one in kept], flush=True)
print("ready", flush=True)
time.sleep(600)
""")
    liars = []
    for inode in target.out.split()[:2]:
        liar = socket.socket(socket.AF_UNIX)
        liar.bind(f"\0liar\n0: 2 0 10000 1 1 {inode} /run/forged")
        liars.append(liar)
    asked = ask("--raw", target.pid, preexec=answer_with(PIDFD_GETFD, 1))
    check.equal((asked.status, asked.err, len(liars)), (0, "", 2))
    check.lacks(asked.out, "forged")
    check.matches(asked.out, r"(?m)^    \d+ tcp unknown$")


# Three connections that the peer has closed. The process has moved to another network namespace since.
ELSEWHERE = """
import ctypes, socket, time
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(9)
kept = []
for _ in range(3):
    client = socket.create_connection(listener.getsockname())
    kept.append(listener.accept()[0]); client.close()
listener.close()
CLONE_NEWNET = 0x40000000
print("ready" if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0 else "refused", flush=True)
time.sleep(600)
"""


@test("the state of a socket in another network namespace is unknown, and no limit on it passes")
def _():
    target = start_traced([PYTHON, "-c", ELSEWHERE], traced=False)
    wait_until(lambda: "\n" in target.out)
    if "refused" in target.out:
        skip("no network namespace can be made here")
    check.matches(raw(target.pid).groups[0].sentence, "^3 tcp sockets in CLOSE_WAIT")
    asked = ask("--raw", target.pid, preexec=answer_with(PIDFD_GETFD, 1))
    check.equal((asked.status, asked.err), (0, ""))
    check.matches(asked.out, "(?m)^group 1: 3 tcp sockets, opener unknown$")
    check.equal(len(re.findall(r"(?m)^    \d+ tcp unknown$", asked.out)), 3)
    check.contains(asked.out, "\n  3 in no socket table that can be read: unbound, or of another network namespace\n")

    def limits(*words):
        return run_bare([FDTRAIL, "check", *words, "--pid", target.pid], preexec=answer_with(PIDFD_GETFD, 1))

    run = limits("--max-close-wait=2")
    check.equal(run.status, 2)
    check.contains(run.out, "--max-close-wait 2: the states of 3 descriptors are not known")
    check.equal(limits("--max-close-wait=3").status, 0)
    check.equal(limits("--max-close-wait=0", "--kinds=udp").status, 0)


@test("descriptors that can't be inspected count as open, and no limit on their kinds passes")
def _():
    folder = temp_dir()
    command, _ = copies(folder)
    # The process has capabilities that the caller lacks: its folder of numbers can be read, but not the links in
    # it.
    rights = ["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"]
    target = start_traced([*as_nobody(*rights, PYTHON, "-c", SOCKETS)], traced=False)
    if not wait_until(lambda: "ready\n" in target.out or target.status is not None) or target.status is not None:
        skip("no ambient capabilities can be given here")
    asked = run_bare(as_nobody(command, "snapshot", "--outside", "--raw", target.pid))
    check.equal((asked.status, asked.err), (0, ""))
    found = snapshot_text.parse_all(asked.out)[0]
    check.equal([(group.sentence, len(group.descriptors)) for group in found.groups],
                [("5 other descriptors, opener unknown", 5), ("3 descriptors, inherited", 3)])
    check.contains(asked.out, "\n  8 could not be looked at, only counted: ask as root\n")
    check.lacks(asked.out, "Nothing that this program opened")
    snapshot = folder / "snapshot"
    snapshot.write_text(asked.out)
    check.equal(run_bare([FDTRAIL, "check", "--max-open=5", snapshot]).status, 0)
    check.equal(run_bare([FDTRAIL, "check", "--max-open=4", snapshot]).status, 1)
    for words in (["--max-close-wait=0"], ["--max-open=4", "--kinds=tcp"]):
        run = run_bare([FDTRAIL, "check", *words, snapshot])
        check.equal(run.status, 2)
        check.contains(run.out, "the kinds of 5 descriptors are not known")
    # The snapshot lists only the standard streams, which could be sockets, too.
    snapshot.write_text(re.sub(r"(?ms)^group 1: .*?^\n(?=group)", "", asked.out)
                        .replace("unclosed: 5 in 1 group", "unclosed: 0"))
    run = run_bare([FDTRAIL, "check", "--max-close-wait=0", snapshot])
    check.equal(run.status, 2)
    check.contains(run.out, "the states of 3 descriptors are not known")


@test("a process whose main thread has ended is inspected through another of its threads")
def _():
    source = temp_dir() / "headless.c"
    source.write_text("""
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
static void *stay(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}
int main(void)
{
	pthread_t thread;
	int made = 0;
	for (int i = 0; i < 5; i++)
		made += socket(AF_INET, SOCK_STREAM, 0) >= 0;
	pthread_create(&thread, NULL, stay, NULL);
	if (made == 5 && write(1, "ready\\n", 6) == 6)
		pthread_exit(NULL);
	return 1;
}
""")
    built = compile_program(source)
    target = start_traced([built], traced=False)
    wait_until(lambda: state_of(target.pid) == "Z")
    found = raw(target.pid)
    check.equal((found.pid, listed(found)), (target.pid, 5))
    run = run_bare([FDTRAIL, "check", "--max-open=4", "--pid", target.pid])
    check.equal(run.status, 1)
    traced = start_traced([built])
    wait_until(lambda: state_of(traced.pid) == "Z")
    refused(ask(traced.pid), "the main thread", "has ended", "--outside")
    check.equal(listed(raw("--outside", traced.pid)), 5)


@test("a process that /proc hides counts as existing (hidepid)")
def _():
    folder = temp_dir()
    command, _ = copies(folder)
    unshare, mount = require("unshare"), require("mount")
    target = start_python(SOCKETS)
    words = " ".join(map(str, as_nobody(command, "snapshot", target.pid)))
    asked = run_bare([unshare, "--mount", "sh", "-c",
                      f"{mount} -t proc -o hidepid=2 proc /proc || exit 77; exec {words}"])
    if asked.status == 77:
        skip("/proc can't be mounted with hidepid here")
    refused(asked, f"process {target.pid} is there, but /proc does not show it", "hidepid", "ask as root")


@test("if /proc is that of another pid namespace, no other process with that number is inspected: {}",
      each=["snapshot", "snapshot --children", "check --max-open=0 --pid"])
def _(words):
    asked = run_bare([require("unshare"), "--pid", "--fork", "sh", "-c", f"{FDTRAIL} {words} 1 && exit 0"])
    if "unshare failed" in asked.err:
        skip("no pid namespace can be made here")
    check.equal((asked.status, asked.out), (2, ""))
    verb = words.split()[0]
    check.equal(asked.err, f"fdtrail {verb}: process 1 can't be looked at: /proc is not mounted, or it is that of "
                           "another pid namespace; `mount -t proc proc /proc` mounts ours\n")


@test("close-on-exec flags are the program's, not those of fdtrail's copies")
def _():
    target = start_python("""
import os, time
os.set_inheritable(os.open("/etc/passwd", os.O_RDONLY), True)
os.open("/etc/group", os.O_RDONLY)
print("ready", flush=True)
time.sleep(600)
""")
    texts = [descriptor.text for group in raw(target.pid).groups for descriptor in group.descriptors]
    passwd = [text for text in texts if "/etc/passwd" in text]
    group = [text for text in texts if "/etc/group" in text]
    check.equal(["no close-on-exec" in text for text in passwd + group], [True, False])


@test("a program that opens and closes all the time is inspected completely, again and again")
def _():
    target = start_python("""
import os, socket
kept = [socket.socket() for _ in range(50)]
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); listener.listen(5)
print("ready", flush=True)
while True:
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(20)]
    for file in files: os.close(file)
""")
    for _ in range(20):
        found = raw(target.pid)
        closed = [group for group in found.groups if "in CLOSED" in group.sentence]
        check.equal([len(group.descriptors) for group in closed], [50])
        check.equal([len(group.descriptors) for group in found.groups if "LISTEN" in group.sentence], [1])


@test("a stopped program is inspected, and stays stopped")
def _():
    target = start_python(SOCKETS)
    target.send(signal.SIGSTOP)
    wait_until(lambda: state_of(target.pid) == "T")
    check.equal(listed(raw(target.pid)), 5)
    check.equal(state_of(target.pid), "T")


# Processes that can't be inspected

@test("a process that does not exist is one line")
def _():
    ended = run_bare(["true"])
    refused(ask(ended.pid), f"there is no process {ended.pid}")


@test("a kernel thread is one line")
def _():
    try:
        with open("/proc/2/stat", encoding="utf-8") as file:
            kernel_thread = "(kthreadd)" in file.read()
    except FileNotFoundError:
        kernel_thread = False
    if not kernel_thread:
        skip("process 2 is no kernel thread here: this is another PID namespace")
    refused(ask(2), "kernel thread")


@test("a zombie is one line")
def _():
    child = subprocess.Popen(["true"])
    wait_until(lambda: state_of(child.pid) == "Z")
    refused(ask(child.pid), "zombie")
    child.wait()


@test("a thread is one line that names its process")
def _():
    target = start_python("""
import threading, time
thread = threading.Thread(target=time.sleep, args=(600,)); thread.start()
print(thread.native_id, flush=True)
print("ready", flush=True)
""")
    refused(ask(target.out.split()[0]), f"is a thread of process {target.pid}")


@test("another user's process is one line that names the user: {}", each=["untraced", "traced"])
def _(how):
    command, library = copies(temp_dir())
    words = as_nobody(command, "snapshot")
    target = start_python(SOCKETS, preload=[library] if how == "traced" else [])
    refused(run_bare([*words, target.pid]), "belongs to user 0")


@test("wrong use is one line and exit status 2: {}",
      each=["", "x", "0", "-5", "99999999999", "--count 0 1", "--count x 1", "--interval x 1",
            "--format csv 1", "--no-such 1", "--raw --format json 1"])
def _(words):
    asked = ask(*words.split())
    check.equal((asked.status, asked.out), (2, ""))
    check.matches(asked.err, "^fdtrail snapshot: ")


# Formats and series

@test("--format=json is one document, symbolized, of a program that is {}", each=["traced", "untraced"])
def _(how):
    target = start_python(SOCKETS, how == "traced")
    asked = ask("--format=json", target.pid)
    check.equal((asked.status, asked.err), (0, ""))
    groups = json_documents.one(asked.out)["groups"]
    check.equal(sum(group["count"] for group in groups if group.get("kind") == groups[0].get("kind")), 5)
    check.equal(bool(groups[0]["stack"]), how == "traced")


@test("an untraced program that has opened nothing itself isn't called traced")
def _():
    target = start_python("import time\nprint('ready', flush=True)\ntime.sleep(600)")
    asked = ask("--format=json", target.pid)
    check.equal(json_documents.one(asked.out)["process"]["traced"], False)


@test("--count and --interval give a series, with what grew from one to the next ({})",
      each=["traced", "untraced"])
def _(how):
    target = start_python("""
import socket, time
kept = []
print("ready", flush=True)
while True:
    kept.append(socket.socket())
    time.sleep(0.01)
""", how == "traced")
    asked = ask("--count", "3", "--interval", "0.3", target.pid)
    check.equal(asked.status, 0)
    check.equal(len(re.findall(r"^ +\+\d+ +\d+ tcp sockets", asked.out, re.MULTILINE)), 2, "lines of growth")


@test("--output leaves a whole file, or none")
def _():
    folder = temp_dir()
    target = start_python(SOCKETS)
    check.equal(ask("--raw", "-o", folder / "good", target.pid).status, 0)
    check.equal(len(snapshot_text.parse_all((folder / "good").read_text())), 1)
    check.equal(ask("--raw", "-o", folder / "bad", 2 ** 22 + 1).status, 2)
    check.equal(sorted(os.listdir(folder)), ["good"])


main()

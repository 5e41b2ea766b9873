#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The report as text: its first lines say what leaks, how many, where and what to do next. It is calm on a
terminal, safe whatever the file holds, and names missing data."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios

import json_documents
from debug_files import debuginfod, elfutils, snapshot_of
from support import BUILD, PYTHON, check, main, program, run_bare, run_traced, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"

HEADER = """fdtrail snapshot, format 1
why: SIGUSR1 from process 1
number: {number}
when: 2026-11-23T11:15:59.689Z
process: {pid} server, parent 1 (init), user 1000
command: /srv/server --port=80
uptime: 2h04m02s
descriptors: {open} open, limit 1024 (9 %)
versions: fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.1, x86_64
host: box
unclosed: 8 in 3 groups; 3 inherited

"""

SOCKETS = """group 1: 5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED), opened in dial
  ages: 1.0s to 1h00m00s
  stack: 9 opened, 4 closed, 5 live, +2 since the last snapshot
  opened at:
    #0 0x7f0000000100 in connect_to (/lib/x86_64-linux-gnu/libtls.so.3+0x100) (BuildId: aa)
    #1 0x5500000011a9 in _ZN3app4dialEi (/srv/server+0x11a9) (BuildId: bb)
    #2 0x5500000012a9 in main (/srv/server+0x12a9)
    #3 0x7f0000000249 in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x249) (BuildId: cc)
    (deeper: cut at 4 frames, the most that are kept)
  descriptors:
    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, CLOSE_WAIT, age 1h00m00s, thread 12 (w)
    8 tcp 10.0.0.1:5001 -> 10.0.0.2:80, CLOSE_WAIT, age 30m00s, thread 12 (w)
    9 tcp 10.0.0.1:5002 -> 10.0.0.3:80, CLOSE_WAIT, age 2m00s, thread 12 (w)
    10 tcp 10.0.0.1:5003 -> 10.0.0.3:80, ESTABLISHED, age 1.0s, thread 12 (w)
    and 1 more (FDTRAIL_SHOW=all lists them)

"""

FILES = """group 2: 2 files, opened in open_log
  ages: 5.0s to 10.0s
  stack: 2 opened, 0 closed, 2 live, +0 since the last snapshot
  opened at:
    #0 0x550000001300 in open_log (/srv/server+0x1300) (BuildId: bb)
  descriptors:
    11 file /var/log/app.log, write, position 0, size 0, age 10.0s, a FILE stream: fclose() closes it
    12 file /tmp/scratch, deleted, read, position 0, size 5, age 5.0s, a FILE stream: fclose() closes it

"""

UNSEEN = """group 3: 1 eventfd, opened by an untraced call
  reason: no hook saw them open: a raw system call
  descriptors:
    13 eventfd, count 0

"""

END = """not listed:
  3 inherited (FDTRAIL_INHERITED=1 lists them)

end of fdtrail snapshot, format 1
"""


def header(number=2, pid=4711, open_now=94):
    return HEADER.format(number=number, pid=pid, open=open_now)


WHOLE = header() + SOCKETS + FILES + UNSEEN + END


def file_of(text):
    path = temp_dir() / "snapshots.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def run(*arguments, stdin=None, env=None):
    done = subprocess.run([FDTRAIL, "report", *arguments], capture_output=True, check=False, timeout=50, input=stdin,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(errors="surrogateescape"), done.stderr.decode()


def report(text, *options, env=None):
    """The report of a text; it must succeed."""
    status, out, err = run(*options, file_of(text), env=env)
    check.equal((status, err), (0, ""), "fdtrail report")
    return out


def on_terminal(arguments, width=80, env=None):
    """The output of a program on a terminal, and its status."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.pop("NO_COLOR", None)
        os.environ.update({"TERM": "xterm", **(env or {})})
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        os.execv(arguments[0], [str(argument) for argument in arguments])
    written = b""
    while select.select([terminal], [], [], 30)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode().replace("\r\n", "\n")


def without_colour(text):
    return re.sub(r"\033\[[0-9;]*m", "", text)


# Contents

PEAK = """
peak {}: {} open at once, opened in {}
  reached: 4m02s after the start
  until the end: {}
  stack: 200 opened, 200 closed, 0 live; peak {}
  opened at:
    #0 0x5500000011a9 in {} (/srv/server+0x11a9)
"""


def peak(number, count, function):
    return PEAK.format(number, count, function, count, count, function)


@test("descriptors that were open at once and are closed have a line each; filters leave those that they can judge")
def _():
    text = (header() + peak(1, 100, "fill_pool") + peak(2, 60, "read_all") + peak(3, 3, "start") + END).replace(
        "unclosed:", "peak: 120 open at once, 4m02s after the start; 123 with the inherited\nunclosed:")
    check.contains(report(text), "At most 120 were open at once, after 4m02s. Closed by now:\n"
                                 "   100 by fill_pool, after 4m02s, 100 of them until the end\n"
                                 "   60 by read_all, after 4m02s, 60 of them until the end\n"
                                 "   and 1 more stack (--full)\n")
    check.contains(report(text, "--full"), "   3 by start, after 4m02s")
    by_function = report(text, "--function=read_all")
    check.contains(by_function, "60 by read_all")
    check.lacks(by_function, "fill_pool")
    check.lacks(report(text, "--kind=tcp"), "at once")


@test("the first lines name the process, the leaks with count and place, and the distance to the limit")
def _():
    lines = report(WHOLE).splitlines()
    check.equal(lines[:5], [
        "server, process 4711: 8 unclosed descriptors in 3 groups; 3 inherited",
        "  growing: 5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED), opened in app::dial(int) (+2 since the last snapshot)",
        "  snapshot 2, 2026-11-23T11:15:59.689Z, 2h04m02s after the start: SIGUSR1 from process 1",
        "  94 of 1024 descriptors are open",
        "",
    ])
    for count, line in [(818, "818 of 1024 descriptors are open"),
                        (900, "900 of 1024 descriptors are open: near the limit, where open() and accept() fail (EMFILE)"),
                        (1024, "1024 of 1024 descriptors are open: open() and accept() fail (EMFILE)"),
                        (1026, "1026 descriptors are open; the limit is 1024, where open() and accept() fail (EMFILE)")]:
        check.contains(report(header(open_now=count) + SOCKETS + END), f"\n  {line}\n")


@test("if the program has ended, the report does not suggest another snapshot: {}", each=[
    "exit with status 0", "_exit with status 1", "quick_exit", "SIGTERM from process 9, which ends the program",
    "SIGSEGV, which ends the program"])
def _(why):
    advice = "Take another one later"
    first = header(number=1) + SOCKETS + END
    check.contains(report(first), advice)
    check.lacks(report(first.replace("SIGUSR1 from process 1", why)), advice)
    check.lacks(report(first.replace("SIGUSR1 from process 1", "anything\nend: signal 15")), advice)
    check.contains(report(first.replace("SIGUSR1 from process 1", why + "\nend: none")), advice)


@test("the program's own code is marked in the stack, with advice beside it")
def _():
    text = report(WHOLE)
    check.contains(text, "\n1. 5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED), opened in app::dial(int)\n")
    check.matches(text, r"(?m)^      #0 connect_to +\(libtls\.so\.3\+0x100\)$")
    check.matches(text, r"(?m)^   => #1 app::dial\(int\) +\(server\+0x11a9\)$")
    check.equal(len(re.findall(r"(?m)^   => ", text)), 2, "one mark for each stack")
    check.contains(text, "What to do: in CLOSE_WAIT the peer has closed, and the program has not called\n   close().")
    check.contains(text, "What to do: these belong to FILE streams: fclose() closes them.")
    check.contains(text, "+2 since the last snapshot; age 1.0s to 1h00m00s; this stack has opened 9 and closed 4")


@test("missing data is listed at the end")
def _():
    text = report(header() + SOCKETS.replace("    #2 0x5500000012a9", "    ?2 0x5500000012a9") + FILES[:200])
    end = " ".join(text[text.index("Missing:"):].split())
    check.contains(end, "- the snapshot is cut off: it has no last line")
    check.contains(end, "of the snapshot could not be understood")
    check.contains(end, "- no lines for /srv/server: its file is gone")
    check.contains(text, "(deeper: cut at 4 frames, the most that are kept)")
    whole = report(WHOLE)
    check.lacks(whole, "is cut")
    check.lacks(whole, "not listed")  # "3 inherited" is in the first line
    # A hundred frames of one module are one remark.
    check.equal(whole.count("no lines for /srv/server"), 1)


@test("nothing unclosed is one calm line")
def _():
    text = report(header().replace("8 in 3 groups; 3 inherited", "0; 3 inherited")
                  + "Nothing that this program opened is left open.\n\n" + END)
    check.equal(text.splitlines()[0], "server, process 4711: nothing is unclosed; 3 inherited")


@test("truncated snapshots and filters that leave no group do not count as nothing leaked")
def _():
    def first_line(text, *options):
        return report(text, *options).splitlines()[0].removeprefix("server, process 4711: ")

    check.equal(first_line(header()), "8 unclosed descriptors, but the file has no groups; 3 inherited")
    check.equal(first_line(header()[:header().index("unclosed")]), "the snapshot is cut off before its groups")
    check.equal(first_line(WHOLE, "--kind=epoll"), "nothing matches the filters; 3 inherited")


@test("many libraries of another machine are one remark; the program's own module is named")
def _():
    libraries = "".join(f"    #{i} 0x7f00000{i}0249 in lib{i} (/lib/x86_64-linux-gnu/lib{i}-gone.so.6+0x249) (BuildId: cc)\n"
                        for i in range(4, 9))
    text = " ".join(report(header() + SOCKETS.replace("    (deeper", libraries + "    (deeper") + END).split())
    check.contains(text, "- no lines for /srv/server: its file is gone")
    check.contains(text, "libraries: their files are gone, or were rebuilt since the snapshot")
    check.lacks(text, "no lines for /lib")


@test("a single snapshot of a running program suggests a second one; a last snapshot does not")
def _():
    advice = "one snapshot can't tell a leak"
    first = re.sub(r", \+\d+ since the last snapshot", "", header(number=1) + SOCKETS + FILES + END)
    check.contains(report(first), advice)
    check.lacks(report(first.replace("why: SIGUSR1 from process 1", "why: exit with status 0")), advice)
    check.lacks(report(WHOLE), advice)


POOL_STACKS = """group 1: 3 files, opened in loadTable at pool.js:7
  ages: 1.0s
  stack: 3 opened, 0 closed, 3 live
  opened at:
    #0 0x550000001000 in uv__fs_work (/usr/bin/node+0x1000)
    #1 0x550000002000 in worker (/usr/bin/node+0x2000)
  asked for by:
    #0 in open node:fs:557 (javascript, library)
    #1 in loadTable /srv/pool.js:7 (javascript)

modules:
  0x550000000000-0x550000009000 /usr/bin/node, library of javascript

end of fdtrail snapshot, format 1
"""


@test("the stack that asked for an open is shown after it, has the mark, and comes back from JSON and folded stacks")
def _():
    text = report(header() + POOL_STACKS)
    check.matches(text, r"(?m)^   asked for by:\n(.*\n)*   => #1 loadTable  /srv/pool\.js:7$")
    check.matches(text, r"(?m)^1\. 3 files, opened in loadTable at /srv/pool\.js:7$")
    check.lacks(text, "created by")
    snapshot = temp_dir() / "pool.txt"
    snapshot.write_text(header() + POOL_STACKS, "utf-8")

    def exported(form):
        return run_bare([FDTRAIL, "report", f"--format={form}", snapshot]).out

    group = json_documents.every(exported("json"))[0]["groups"][0]
    check.equal([stack.get("asked") for stack in group["created_by"]], [True])
    check.equal([frame["function"] for frame in group["created_by"][0]["frames"]], ["open", "loadTable"])
    check.contains(exported("folded"), "server;loadTable;open;[asked for by];[file] 3\n")


@test("goroutines' stacks are shown with their creators, and the last request is marked")
def _():
    stacks = SOCKETS.replace("    (deeper: cut at 4 frames, the most that are kept)\n",
                             "  created by:\n    #0 0x550000002000 in main.serve (/srv/server+0x2000)\n"
                             "  last HTTP request by:\n    #0 0x550000003000 in main.fetch (/srv/server+0x3000)\n"
                             "  connected at (4 of 5, 1 other stack):\n"
                             "    #0 0x550000004000 in main.connect (/srv/server+0x4000)\n")
    text = report(header() + stacks + END)
    check.matches(text, r"(?m)^   created by:\n      #0 main\.serve ")
    check.matches(text, r"(?m)^   last HTTP request by:\n   => #0 main\.fetch ")
    check.matches(text, r"(?m)^   connected at \(4 of 5, 1 other stack\):\n      #0 main\.connect ")
    check.equal(text.count("=>"), 1)
    check.contains(text, "1. 5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED), last used in main.fetch\n")
    check.contains(" ".join(text.split()), "Close the response of the last request.")


def requested(descriptors, states="2 tcp sockets in ESTABLISHED", figures="4 opened, 2 closed, 2 live", more=""):
    """A report of connections that net/http made, as one paragraph."""
    return " ".join(report(header() + f"""group 1: {states}, opened in main.dial, last used in main.fetch
  ages: 1.0s to 5.0s
  stack: {figures}
  opened at:
    #0 0x550000001000 in main.dial (/srv/server+0x1000)
  last HTTP request by:
    #0 0x550000003000 in main.fetch (/srv/server+0x3000)
  descriptors:
    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, {descriptors[0]}, age 5.0s, thread 12 (w)
    8 tcp 10.0.0.1:5001 -> 10.0.0.2:80, {descriptors[1]}, age 1.0s, thread 12 (w)
{more}
""" + END).split())


@test("the advice is to close the last response only if it was not read to its end")
def _():
    close, keeps = "Close the response of the last request.", "which is not a leak. If their number grows"
    read = "ESTABLISHED, idle 0.5s"
    text = requested((read, "ESTABLISHED, idle 4.0s, unread 812 B"))
    check.contains(text, close)
    check.lacks(text, keeps)
    text = requested((read, "CLOSE_WAIT, idle 4.0s"), "2 tcp sockets (1 in CLOSE_WAIT, 1 in ESTABLISHED)")
    check.contains(text, close)
    text = requested((read, read))
    check.contains(text, keeps)
    check.lacks(text, close)


@test("connections read to their end are said to be a pool's only while they don't grow")
def _():
    read = "ESTABLISHED, idle 0.5s"
    text = requested((read, read), figures="4 opened, 2 closed, 2 live, +2 since the last snapshot; peak 2")
    check.contains(text, "their number has grown, and a connection pool does not grow like this")
    check.lacks(text, "not a leak")


@test("a connection opened while another to the same peer was idle does not count as a pool's")
def _():
    text = requested(("ESTABLISHED, idle 4.0s", "ESTABLISHED, idle 0.9s"))
    check.contains(text, "some were opened while another one to the same peer was idle")
    check.lacks(text, "no leak")
    # The older connection was in use when the newer one was opened; times are rounded.
    text = requested(("ESTABLISHED, idle 1.1s", "ESTABLISHED, idle 0.9s"))
    check.contains(text, "which is not a leak")


@test("connections that the snapshot does not list are not said to be read to their end")
def _():
    read = "ESTABLISHED, idle 4.0s"
    text = requested((read, read), "3 tcp sockets in ESTABLISHED", more="    and 1 more (FDTRAIL_SHOW=all lists them)\n")
    check.contains(text, "Where bytes are unread, close the response of the last request.")
    check.lacks(text, "not a leak")


def directories(module):
    return f"""group 1: 2 directories, opened in openDirectory
  ages: 5.0s to 10.0s
  opened at:
    #0 0x550000001300 in openDirectory ({module}+0x1300)
  descriptors:
    11 directory /srv/a, read, age 10.0s, a DIR stream: closedir() closes it
    12 directory /srv/b, read, age 5.0s, a DIR stream: closedir() closes it

"""


@test("advice on closing a stream is in the words of the program's language")
def _():
    advice = "What to do: these belong to DIR streams: closedir() closes them."
    check.contains(report(header() + directories("/srv/server") + END), advice)
    check.contains(report(header() + directories("/srv/nodeserver") + END), advice)
    text = report(header() + directories("/opt/java/lib/libnio.so") + END)
    check.lacks(text, advice)
    check.contains(" ".join(text.split()), "directories that Java reads: close the streams that Files.list(), Files.walk() or "
                                           "Files.newDirectoryStream() returned.")
    check.lacks(report(header() + directories("/usr/bin/python3.11") + END), "What to do: these belong")


def opened(kind, *lines, number=1, count=None, place="serve"):
    """A group of descriptors opened by one line."""
    count = count or len(lines)
    listed = "".join(f"    {10 * number + i} {line}\n" for i, line in enumerate(lines))
    return f"""group {number}: {count} {kind}, opened in {place}
  ages: 1.0s to 5.0s
  opened at:
    #0 0x5500000{number}1000 in {place} (/srv/server+0x{number}1000)
  descriptors:
{listed}{f"    and {count - len(lines)} more (FDTRAIL_SHOW=all lists them)" if count > len(lines) else ""}
"""


@test("sockets at a port where the process listens were accepted there, not opened")
def _():
    listener = opened("tcp socket in LISTEN", "tcp 0.0.0.0:8080, LISTEN, backlog 0 of 5, age 9.0s", number=2, place="start")
    clients = [f"tcp 127.0.0.1:8080 -> 127.0.0.1:{port}, ESTABLISHED, age 1.0s" for port in (5001, 5002)]
    text = report(header() + opened("tcp sockets in ESTABLISHED", *clients) + listener + END)
    check.contains(text, "1. 2 tcp sockets in ESTABLISHED, accepted at port 8080 in serve\n")
    check.contains(text, "   accepted at:\n   => #0 serve")
    check.contains(text, "1 tcp socket in LISTEN, opened in start\n")
    check.contains(report(header() + opened("tcp sockets in ESTABLISHED", *clients) + END), "opened in serve")
    own = [line.replace(":8080 ", ":9999 ") for line in clients]
    for lines, count in ((own, 2), (clients[:1] + own[:1], 2), (clients, 3)):
        text = report(header() + opened("tcp sockets in ESTABLISHED", *lines, count=count) + listener + END)
        check.contains(text, "tcp sockets in ESTABLISHED, opened in serve\n")


@test("deleted files: the report says how much space they take, each file once")
def _():
    def said(*lines, count=None):
        text = report(header() + opened("files", *lines, count=count) + END)
        return [line.strip() for line in text.splitlines() if "MiB" in line]

    file = "file /tmp/{}, deleted, write, position 0, size {}, age 1.0s"
    one, two = file.format("a", 3 << 20), file.format("b", (1 << 20) + (1 << 19))
    check.equal(said(one, two), ["The deleted files take 4.5 MiB until they are closed."])
    check.equal(said(one, one + ", dup of 10"), ["The deleted file takes 3.0 MiB until it is closed."])
    check.equal(said(one, one), ["The deleted file takes at least 3.0 MiB until it is closed."])
    check.equal(said(one, two, count=3), ["The deleted files take at least 4.5 MiB until they are closed."])
    check.equal(said(one.replace("deleted, ", ""), file.format("c", 7)), [])


@test("descriptors of one file: the report names it, with stacks too")
def _():
    def said(*lines, count=None):
        return "All of the same file: /var/log/a.log\n" in report(header() + opened("files", *lines, count=count) + END)

    file = "file /var/log/a.log, write, position {}, size 9, age 1.0s"
    check.true(said(file.format(0), file.format(9)), "one file")
    folder = opened("directories", *["directory /etc, read, age 1.0s"] * 2)
    check.contains(report(header() + folder + END), "All of the same directory: /etc\n")
    check.true(not said(file.format(0), file.format(9).replace("a.log", "b.log")), "two files")
    check.true(not said(file.format(0), file.format(9), count=3), "one is not listed")
    check.true(not said(*[file.format(0).replace(", write", ", deleted, write")] * 2), "a path of several deleted files")


NAMELESS = """
import os
path = os.path.join(os.environ["FOLDER"], "gone")
def opens():
    return os.open(path, os.O_CREAT | os.O_RDWR)
def differs(number):
    return os.open(f"{path}.{number}", os.O_CREAT | os.O_RDWR)
def maps(memory):
    return os.open(f"/proc/self/fd/{memory}", os.O_RDWR)
kept = [opens() for _ in range(12)]
os.write(kept[0], b"x" * (3 << 20))
os.unlink(path)
kept += [differs(number) for number in range(3)]
for number in range(3):
    os.unlink(f"{path}.{number}")
memory = os.memfd_create("pool")
kept += [maps(memory) for _ in range(5)]
"""


@test("descriptors of one file without a name: the snapshot knows that it is one, and how much it takes")
def _():
    folder = temp_dir()
    run = run_traced([PYTHON, "-c", NAMELESS], OUTPUT=str(folder / "snapshots"), SHOW=3,
                     env={"FOLDER": str(folder)})
    check.equal((run.status, run.err), (0, ""))
    text = run_bare([FDTRAIL, "report", folder / "snapshots"]).out
    groups = {re.search(r" in (\S+) at <string>", part)[1]: part for part in re.split(r"\n\d+\. ", text)[1:]
              if " at <string>" in part}
    check.contains(groups["opens"], "12 files, opened in opens at <string>:5\n")
    check.contains(groups["opens"], "   All of the same deleted file.\n")
    check.contains(groups["opens"], "   The deleted file takes 3.0 MiB until it is closed.\n")
    check.contains(groups["maps"], "   All of the same memfd.\n")
    check.lacks(groups["differs"], "All of the same")


@test("many connections with one peer, or with peers on one host: the report names it")
def _():
    def said(peers, count=None):
        lines = [f"tcp 10.0.0.1:{4000 + i} -> {peer}, ESTABLISHED, age 1.0s" for i, peer in enumerate(peers)]
        text = report(header() + opened("tcp sockets in ESTABLISHED", *lines, count=count) + END)
        return [line.strip() for line in text.splitlines() if line.startswith("   All have")]

    check.equal(said(["10.0.0.2:5432"] * 10), ["All have the same peer: 10.0.0.2:5432"])
    check.equal(said([f"[2001:db8::1]:{port}" for port in range(10)]), ["All have peers on the same host: [2001:db8::1]"])
    check.equal(said(["10.0.0.2:5432"] * 9), [], "nine are not many")
    check.equal(said(["10.0.0.2:5432"] * 10 + ["10.0.0.3:5432"]), [], "two hosts")
    check.equal(said(["10.0.0.2:5432"] * 10, count=11), [], "one is not listed")


@test("empty files beside snapshots are ignored; if all are empty, one line says so")
def _():
    empty = [file_of("") for _ in range(3)]
    whole, alone = file_of(WHOLE), report(WHOLE)
    check.equal(run(empty[0], whole, *empty[1:]), (0, alone, ""))
    check.equal(run(*empty), (2, "", "fdtrail report: all 3 files are empty\n"))
    status, out, err = run(empty[0])
    check.equal((status, out), (2, ""))
    check.contains(err, "is empty")
    status, out, err = run(empty[0], file_of("no snapshot\n"), whole)
    check.equal((status, err.count("\n")), (2, 1))
    check.contains(err, "no snapshot is in it")


@test("a traced program's report has source lines")
def _():
    traced = run_traced([program("demo")])
    text = report("".join(path.read_text() for path in traced.dir.glob("report.*")))
    check.matches(text.splitlines()[0], r"^demo, process \d+: 8 unclosed descriptors in 1 group; \d inherited$")
    check.matches(text, r"(?m)^1\. 8 tcp sockets in CLOSE_WAIT, opened in open_connection at \S*demo\.c:\d+$")
    check.matches(text, r"(?m)^   => #0 open_connection +\S*tests/programs/demo\.c:\d+:\d+$")
    check.matches(text, r"(?m)^      #1 fetch_status +\S*tests/programs/demo\.c:\d+:\d+$")
    check.contains(text, "1 other snapshot is left out (--snapshot=all shows all)")


@test("--collapse-runtime leaves out the libraries' frames and says how many")
def _():
    text = report(WHOLE, "--collapse-runtime")
    check.lacks(text, "connect_to ")
    check.lacks(text, "__libc_start_main")
    check.contains(text, "(2 frames of libraries are not shown)")
    check.contains(text, "=> #1 app::dial(int)")


GO_STACKS = """group 1: 1 tcp socket in ESTABLISHED, opened in main.fetch
  opened at:
""" + "".join(f"    #{i} 0x55000000{i}000 in net/http.step{i} (/srv/server+0x{i}000)\n" for i in range(6)) + """    #6 0x550000006000 in main.fetch (/srv/server+0x6000)
    #7 0x550000007000 in runtime.main (/srv/server+0x7000)
    #8 0x550000008000 in runtime.goexit (/srv/server+0x8000)
  created by:
    #0 0x550000009000 in net/http.serve (/srv/server+0x9000)
    #1 0x550000009100 in net/http.run (/srv/server+0x9100)
  last HTTP request by:
    #0 0x550000003000 in main.request (/srv/server+0x3000)
  descriptors:
    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, ESTABLISHED, age 1.0s, thread 12 (w)

"""


@test("runs of a language's own library become one line; the called function stays; --full shows all")
def _():
    text = report(header() + GO_STACKS + END)
    check.contains(text, "   opened at:\n"
                         "      (5 frames of libraries: --full)\n"
                         "      #5 net/http.step5  (server+0x5000)\n"
                         "      #6 main.fetch      (server+0x6000)\n"
                         "      (2 frames of libraries: --full)\n"
                         "   created by: (2 frames of libraries: --full)\n")
    full = report(header() + GO_STACKS + END, "--full")
    for name in ("net/http.step0", "runtime.goexit", "net/http.run"):
        check.contains(full, name)
    check.lacks(full, "--full")


@test("if a dependency made a Go request, the heading names the calling function of the program")
def _():
    text = report(header() + GO_STACKS.replace("in main.request (/srv/server+0x3000)\n", "in api.Do (/srv/server+0x3000)\n"
                  "    #1 0x550000003100 in main.(*Server).Stop (/srv/server+0x3100)\n") + END)
    check.contains(text, "1. 1 tcp socket in ESTABLISHED, last used in api.Do, for main.(*Server).Stop\n")


def opened_by_others(number, opener, state="CLOSE_WAIT", user=0x3000, caller=0x3100):
    return f"""group {number}: 2 tcp sockets in {state}, opened in main.{opener}, last used in api.Do
  opened at:
    #0 0x55000000{number}800 in main.{opener} (/srv/server+0x{number}800)
  last HTTP request by:
    #0 0x{0x550000000000 + user:x} in api.Do (/srv/server+{user:#x})
    #1 0x{0x550000000000 + caller:x} in main.(*Server).Stop (/srv/server+{caller:#x})
  descriptors:
    {10 * number} tcp 10.0.0.1:5000 -> 10.0.0.2:80, {state}, age 1.0s, thread 12 (w)
    {10 * number + 1} tcp 10.0.0.1:5001 -> 10.0.0.2:80, {state}, age 1.0s, thread 12 (w)

"""


@test("leaks by one request over connections that others opened are counted together in the first lines")
def _():
    three = "".join(opened_by_others(number, opener) for number, opener in enumerate(["List", "Show", "Stop"], 1))
    text = report(header() + three + END)
    place = r"last used in api\.Do(?: at server\+0x30[01]0)?, for main\.\(\*Server\)\.Stop\n"
    check.matches(text, r"(?m)^  likeliest leak: 6 tcp sockets in CLOSE_WAIT, " + place + r"  snapshot 2")
    # Connections used by another caller, or by another line of this one, are not counted; the state of used ones is
    # shown.
    others = (opened_by_others(4, "Other", caller=0x3200) + opened_by_others(5, "Line", user=0x3010)
              + opened_by_others(6, "Alive", state="ESTABLISHED"))
    text = report(header() + three + others + END)
    check.matches(text, r"(?m)^1\. 8 tcp sockets \(6 in CLOSE_WAIT, 2 in ESTABLISHED\), " + place)
    check.equal(len(re.findall(r"(?m)^[23]\. 2 tcp sockets in CLOSE_WAIT, " + place, text)), 2)
    shared = opened_by_others(2, "Show").replace("request by:", "request by (one of several):")
    check.matches(report(header() + opened_by_others(1, "List") + shared + END), r"(?m)^1\. 2 tcp sockets")


@test("without lines, two calls in one function differ by their offsets")
def _():
    other = FILES.replace("group 2:", "group 3:").replace("1300", "1340")
    text = report(header() + FILES + other + END)
    check.contains(text, "\n1. 2 files, opened in open_log at server+0x1300\n")
    check.contains(text, "\n2. 2 files, opened in open_log at server+0x1340\n")
    check.contains(report(header() + FILES + END), "\n1. 2 files, opened in open_log\n")


@test("the last request is shown before the opener of the connection")
def _():
    text = report(header() + GO_STACKS + END)
    check.matches(text, r"(?s)last HTTP request by:\n   => #0 main\.request .*opened at:")


@test("the first 20 of many groups are shown, and the number of all; --full shows all")
def _():
    def files_of(number):
        return FILES.replace("group 2:", f"group {number}:").replace("1300", f"{0x1300 + 16 * number:x}")
    groups = "".join(files_of(i) for i in range(1, 101))
    text = report(header() + groups + END)
    check.contains(text, "\n20. 2 files")
    check.lacks(text, "\n21. 2 files")
    check.contains(text, "\nand 80 more groups with 160 descriptors (--full)\n")
    check.contains(report(header() + groups + END, "--full"), "\n100. 2 files")
    twenty_one = "".join(files_of(i) for i in range(1, 22))
    check.contains(report(header() + twenty_one + END), "\n21. 2 files")


# The number of listed descriptors

@test("--show sets how many descriptors are listed")
def _():
    check.contains(report(WHOLE, "--show=2"), "and 3 more (--show=all)")
    everything = report(WHOLE, "--show=all")
    check.contains(everything, "10 tcp 10.0.0.1:5003")
    check.contains(everything, "and 1 more, which are not in the snapshot (FDTRAIL_SHOW=all)")
    check.lacks(report(WHOLE, "--show=0"), "descriptors:")


@test("the newest snapshot of each process in a series is shown, others on request")
def _():
    series = "".join(header(number, pid) + FILES + END for number, pid in ((1, 1), (1, 2), (2, 1), (3, 1), (2, 2)))

    def shown(*options):
        return re.findall(r"process (\d+): .*\n(?:  .*\n)*?  snapshot (\d+)", report(series, *options))

    check.equal(shown(), [("1", "3"), ("2", "2")])
    check.contains(report(series), "3 other snapshots are left out (--snapshot=all shows all)")
    check.equal(shown("--snapshot=last"), [("2", "2")])
    check.equal(shown("--snapshot=2"), [("1", "2"), ("2", "2")])
    check.equal(len(shown("--snapshot=all")), 5)
    check.lacks(report(series, "--snapshot=all"), "left out")
    status, out, err = run("--snapshot=7", file_of(series))
    check.equal((status, out, err), (2, "", "fdtrail report: no snapshot has the number 7\n"))


@test("standard input is a file, too")
def _():
    status, out, _ = run("-", stdin=WHOLE.encode())
    check.equal((status, out), (0, report(WHOLE)))


@test("filters keep the chosen groups and count again")
def _():
    def groups(*options):
        return re.findall(r"(?m)^\d+\. (.*?)(?:, opened.*)?$", report(WHOLE, *options))

    check.equal(groups("--kind=file"), ["2 files"])
    check.equal(groups("--kind=sockets,eventfd"), ["5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED)", "1 eventfd"])
    check.equal(groups("--state=close_wait"), ["4 tcp sockets in CLOSE_WAIT"])
    check.equal(groups("--state=LISTEN"), [])
    check.equal(groups("--min-age=10m", "--kind=tcp"), ["2 tcp sockets in CLOSE_WAIT"])
    check.equal(groups("--max-age=7"), ["1 tcp socket in ESTABLISHED", "1 file"])
    check.equal(groups("--min-age=1m30s", "--max-age=45m", "--kind=tcp"), ["2 tcp sockets in CLOSE_WAIT"])
    check.equal(groups("--path=/var/log/*"), ["1 file"])
    check.equal(groups("--path=10.0.0.3:80"), ["2 tcp sockets (1 in CLOSE_WAIT, 1 in ESTABLISHED)"])
    check.equal(groups("--function=app::d?al"), ["5 tcp sockets (4 in CLOSE_WAIT, 1 in ESTABLISHED)"])
    check.equal(groups("--function=log"), ["2 files"])
    check.equal(groups("--function=nobody*"), [])
    check.contains(report(WHOLE, "--state=CLOSE_WAIT"), "server, process 4711: 4 unclosed descriptors in 1 group")
    check.contains(report(WHOLE, "--min-age=10m"),
                   "1 descriptor is left out: the snapshot does not list it, so the filters can't judge it")


@test("files and sockets that one function opens are two lines of folded stacks")
def _():
    text = header() + FILES + FILES.replace("group 2: 2 files", "group 3: 1 tcp socket") + END
    check.equal(report(text, "--format=folded").splitlines(), ["server;open_log;[file] 2", "server;open_log;[tcp] 1"])


@test("filters hold for every format")
def _():
    out = report(WHOLE, "--format=folded", "--kind=file")
    check.equal(out, "server;open_log;[file] 2\n")


# On a terminal

@test("lines fit the terminal; elsewhere only prose is wrapped")
def _():
    path = file_of(WHOLE.replace("/var/log/app.log", "/a/very/" + "long/" * 20 + "path").replace(
        "open_log (", "open_log_" + "x" * 90 + " ("))
    for width in (80, 50, 132):
        status, text = on_terminal([FDTRAIL, "report", path], width)
        check.equal(status, 0)
        # A single word may be longer than a line, because half a path can't be copied.
        long = [line for line in without_colour(text).splitlines() if len(line) > width and "/a/very/" not in line]
        check.equal(long, [], f"lines longer than {width}")
    _, out, _ = run(path)
    check.contains(out, "open_log_" + "x" * 90)
    check.matches(out, r"(?m)^     7 tcp 10\.0\.0\.1:5000 -> 10\.0\.0\.2:80, CLOSE_WAIT, age 1h00m00s, thread 12 \(w\)$")


@test("lines are not broken between a number and its unit")
def _():
    path = file_of(WHOLE.replace("10.0.0.2:80, CLOSE_WAIT, age", "10.0.0.2:80, CLOSE_WAIT, unread 60 B, age"))
    for width in range(62, 70):
        _, text = on_terminal([FDTRAIL, "report", path], width)
        check.lacks(re.sub(r"\n +", "|", without_colour(text)), "60|B")


@test("colour is for terminals, unless NO_COLOR is set; --color decides")
def _():
    path = file_of(WHOLE)
    escape = "\033["
    check.contains(on_terminal([FDTRAIL, "report", path])[1], escape)
    check.lacks(on_terminal([FDTRAIL, "report", path], env={"NO_COLOR": "1"})[1], escape)
    check.contains(on_terminal([FDTRAIL, "report", path], env={"NO_COLOR": ""})[1], escape)
    check.lacks(on_terminal([FDTRAIL, "report", path], env={"TERM": "dumb"})[1], escape)
    check.lacks(on_terminal([FDTRAIL, "report", "--color=never", path])[1], escape)
    check.contains(on_terminal([FDTRAIL, "report", "--color=always", path], env={"NO_COLOR": "1"})[1], escape)
    check.lacks(run(path)[1], escape)
    check.contains(run("--color=always", path)[1], escape)
    # Colour changes nothing else.
    check.equal(without_colour(run("--color=always", path)[1]), run(path)[1])


@test("no name in the file drives the terminal: {}", each=["escaped", "raw"])
def _(how):
    evil = "\033]0;x\a\033[2J\u202etxt.\u200b\x9b31m"
    if how == "escaped":
        evil = "".join(rf"\x{byte:02x}" for byte in evil.encode())
    text = WHOLE
    for name in ("server, parent", "dial\n", "connect_to", "libtls", "_ZN3app4dialEi", "w)", "app.log", "open_log", "deeper",
                 "SIGUSR1", "no hook", "4 in CLOSE", "(FDTRAIL_INH", "box", "age 1h", "2h04", "write,"):
        check.contains(text, name)
        text = text.replace(name, evil + name, 1)
    for options in ([], ["--show=all", "--snapshot=all"], ["--collapse-runtime"]):
        out = report(text, *options)
        check.equal(set(re.findall(r"[^\n -~]", out)), set(), "characters that are not plain")
        check.contains(out, r"\x1b")


@test("on a terminal, progress is shown when it takes long, and removed at the end; nowhere else")
def _():
    # A slow module: the debuginfod server answers late.
    _, stripped, server, env = debuginfod(stall=1.5)
    path = file_of(snapshot_of(stripped, [0x1234]))
    status, text = on_terminal([FDTRAIL, "report", path], env=env)
    check.equal(status, 0)
    # Before elfutils 0.188 libdwfl doesn't show that it downloads.
    doing = "downloading debug information for" if elfutils() >= (0, 188) else "reading"
    check.matches(text, rf"\r\033\[Kfdtrail report: {doing} .*\(module 1 of 1\)")
    # The progress line ends up empty.
    check.matches(text, r"(?s).*\r\033\[K(?!fdtrail report)")
    check.true(text.rindex("fdtrail report:") < text.index("unclosed descriptor"), "the first lines have names")
    env["DEBUGINFOD_CACHE_PATH"] += "2"
    check.equal(run(path, env=env)[2], "")
    check.equal(len(server.asked), 2)
    server.shutdown()


# Wrong use

@test("wrong use is one clear line and status 2: {}", each=[
    (["--kinds=sokets"], "--kinds=sokets is not accepted: not a kind: 'sokets'; did you mean 'sockets'? Kinds are all, sockets, tcp, "),
    (["--state=CLOSEWAIT"], "--state=CLOSEWAIT is not accepted: 'CLOSEWAIT' isn't a TCP state such as CLOSE_WAIT"),
    (["--state="], "--state= is not accepted: '' isn't a TCP state"),
    (["--min-age=soon"], "--min-age=soon is not accepted: a time as in 90, 90s, 5m"),
    (["--max-age=5x"], "--max-age=5x is not accepted"),
    (["--max-age=1e3"], "--max-age=1e3 is not accepted"),
    (["--max-age=0x10"], "--max-age=0x10 is not accepted"),
    (["--max-age=-5"], "--max-age=-5 is not accepted"),
    (["--max-age="], "--max-age= is not accepted"),
    (["--show=some"], "--show=some is not accepted: a number, or all"),
    (["--show=-1"], "--show=-1 is not accepted"),
    (["--snapshot=next"], "--snapshot=next is not accepted: newest, last, all, or the number of a snapshot"),
    (["--color=blue"], "--color=blue is not accepted: auto, always or never"),
    (["--format=jsn"], "there is no format 'jsn'; did you mean 'json'? There are text, folded, html, json"),
])
def _(options, message):
    status, out, err = run(*options, file_of(WHOLE))
    check.equal((status, out), (2, ""))
    check.contains(err, message)
    check.equal(err.count("\n"), 1)
    check.true(err.startswith("fdtrail report: "), err)


@test("a file that does not exist or has no snapshot is reported; the others are shown")
def _():
    status, out, err = run("/nowhere/x", file_of(WHOLE))
    check.equal(status, 2)
    check.contains(err, "/nowhere/x")
    check.contains(out, "server, process 4711")
    status, out, err = run(file_of("nothing here\n"))
    check.equal((status, out), (2, ""))
    check.contains(err, "snapshot")


main()

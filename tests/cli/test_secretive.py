#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A descriptor that can't be inspected never counts as closed: processes whose /proc may not be read, or that
have none; and descriptors of the tracer's own."""

import itertools
import os
import resource
import shutil
import subprocess
from pathlib import Path

import json_documents
import snapshot_text
from support import (BUILD, ENGINE, LIBRARY, check, main, program, require, run_bare, run_traced, skip, start_traced,
                     temp_dir, test, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def readable(*paths):
    """Copies that every user can read, in a folder to which every user can write."""
    if os.geteuid() != 0:
        skip("only root can become another user")
    folder = temp_dir()
    folder.chmod(0o1777)
    for path in map(Path, paths):
        shutil.copy(path, folder)
        (folder / path.name).chmod(0o755)
    return folder


@test("0, 1 and 2 closed ({}): no descriptor of fdtrail's is listed as the program's",
      each=["".join(map(str, numbers)) for size in (1, 2, 3) for numbers in itertools.combinations(range(3), size)])
def _(closed):
    def close():
        for number in closed:
            os.close(int(number))

    run = run_traced([program("ends"), "return", 0], preexec=close, VERBOSE=1, INHERITED=1)
    check.equal(run.status, 3)
    check.equal(run.last.fields["unclosed"], f"0; {3 - len(closed)} inherited")
    check.equal(sorted(run.last.descriptors), [number for number in range(3) if str(number) not in closed])
    run = run_traced([program("ends"), "return", 4], preexec=close)
    check.equal(run.last.group_of("leaks_files").count, 4)
    check.equal(sorted(run.last.descriptors), sorted(run.last.group_of("leaks_files").fds))


@test("0, 1 and 2 closed ({}): `fdtrail snapshot` lists no descriptor of fdtrail's as the "
      "program's", each=["0", "2", "02"])
def _(closed):
    def close():
        for number in closed:
            os.close(int(number))

    run = start_traced([program("ends"), "wait", 0], preexec=close, INHERITED=1, engine="preload")
    wait_until(lambda: run.out, what="the program's line")
    asked = run_bare([FDTRAIL, "snapshot", "--raw", run.pid])
    check.equal(asked.status, 0)
    snapshot = snapshot_text.parse_all(asked.out)[-1]
    check.equal(snapshot.fields["unclosed"], f"0; {3 - len(closed)} inherited")
    check.equal(sorted(snapshot.descriptors), [fd for fd in range(3) if str(fd) not in closed])


if ENGINE == "preload":
    @test("{} closed, and no process for the snapshot: nothing of fdtrail's is listed as the program's",
          each=["0", "2", "02"])
    def _(closed):
        def prepare():
            for number in closed:
                os.close(int(number))
            become_nobody()
            resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))

        folder = readable(program("ends"), LIBRARY)
        run = run_traced([folder / "ends", "return", 0], preexec=prepare, env={"LD_PRELOAD": str(folder / LIBRARY.name)},
                         OUTPUT=folder / "report", VERBOSE=1, INHERITED=1)
        check.equal(run.status, 3)
        snapshot = snapshot_text.parse_all((folder / "report").read_text())[-1]
        check.equal(sorted(snapshot.descriptors), [fd for fd in range(3) if str(fd) not in closed])


# Private processes, of another user than root, because root can inspect all of them.

# The ways in which a process becomes private: the program does it itself, or the mode of its file.
PRIVATE = [("private", 0o755), ("plain", 0o711)]


def run_private(way, mode, how, count, **arguments):
    """Runs secretive as nobody. In `user` it changes its user itself, and snapshots go to files in its folder."""
    folder = readable(program("secretive"), LIBRARY)
    path = folder / "secretive"
    path.chmod(mode)
    arguments.setdefault("OUTPUT", folder / "report.%p")
    run = run_traced([path, way, how, count], preexec=None if way == "user" else become_nobody,
                     env={"LD_PRELOAD": str(folder / LIBRARY.name)} if ENGINE == "preload" else {}, **arguments)
    check.equal(run.status, 0)
    text = "".join(path.read_text() for path in sorted(folder.glob("report.*")))
    return run, snapshot_text.parse_all(text)


def run_hidden(folder, command=""):
    """The output of secretive, run by nobody in a namespace whose /proc hides private processes (proc(5))."""
    apart = ["unshare", "--mount", "--pid", "--fork"]
    mount = "mount -t proc -o hidepid=2 proc /proc"
    if subprocess.run([*apart, "sh", "-c", mount], check=False, capture_output=True).returncode != 0:
        skip("can't mount /proc in a namespace here")
    become = f"{require('setpriv')} --reuid {NOBODY} --regid {NOBODY} --clear-groups"
    run = run_bare([*apart, "sh", "-c", f"{mount}; {become} {command} {folder}/secretive private raw 20; echo $?"],
                   env={"TMPDIR": str(folder)} if command else {"LD_PRELOAD": str(folder / LIBRARY.name),
                                                               "FDTRAIL_ONLY": "secretive"})
    return run.err + run.out


if ENGINE == "preload":
    @test("a process that others may not inspect ({0}, mode {1:o}): a descriptor opened by an untraced call is "
          "listed",
          each=[*PRIVATE, ("user", 0o755)])
    def _(way, mode):
        run, snapshots = run_private(way, mode, "raw", 20)
        check.equal(snapshots[-1].groups[0].sentence, "20 directories, opened by an untraced call")
        check.equal(len(snapshots[-1].descriptors), 20)
        check.lacks(snapshots[-1].text, "being opened or reused")

    @test("a process that others may not inspect ({0}, mode {1:o}): a closed descriptor is not listed, however it "
          "was closed",
          each=[*PRIVATE, ("user", 0o755)])
    def _(way, mode):
        for how in ("closed", "rawclosed"):
            _, snapshots = run_private(way, mode, how, 20, VERBOSE=1)
            check.matches(snapshots[-1].text, r"(?m)^unclosed: 0;")

    @test("a process that others may not inspect: descriptors opened and closed during a snapshot are no untraced "
          "call's")
    def _():
        _, snapshots = run_private("private", 0o755, "storm", 100)
        check.equal(len(snapshots), 100)
        # If a number is reopened just when it is inspected, the second look comes too late, in any process.
        check.at_most(sum("untraced call" in found.text for found in snapshots), 10)

    @test("a private process that /proc hides (hidepid): a descriptor opened by an untraced call is listed")
    def _():
        check.contains(run_hidden(readable(program("secretive"), LIBRARY)), "\nunclosed: 20 in 1 group;")

    @test("without a /proc a descriptor whose name can't be read is listed with the facts of fstat(2)")
    def _():
        if os.geteuid() != 0:
            skip("only root can chroot")
        folder = temp_dir()
        status = folder.stat()
        device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
        for how, sentence in (("libc", "opened at secretive+"), ("raw", "opened by an untraced call")):
            run = run_traced([program("secretive"), "chroot", how, 2], cwd=folder, OUTPUT="stderr")
            check.contains(run.last.groups[0].sentence, f"2 directories, {sentence}")
            for found in run.last.descriptors.values():
                check.matches(found.text, "^unknown, name can't be read: no /proc here, "
                              f"inode {status.st_ino} of device {device}, ")
        run = run_traced([program("secretive"), "chroot", "pipes", 1], cwd=folder, OUTPUT="stderr")
        ends = [found.text.split(", ")[2] for found in run.last.descriptors.values()]
        check.matches(ends[0], "^inode [0-9]+ of device 0:")
        check.equal(ends[0], ends[1], "the pipe of both ends")


# By ptrace, and from outside, a user other than root can't inspect them at all, and a line must say so.

def run_command(way, mode, how, count, *options):
    """The same by `fdtrail run --engine=ptrace OPTION...`."""
    folder = readable(program("secretive"), FDTRAIL)
    path = folder / "secretive"
    path.chmod(mode)
    return run_bare([folder / "fdtrail", "run", "--engine=ptrace", *options, "--", path, way, how, count],
                    preexec=become_nobody, env={"TMPDIR": str(folder)})


if ENGINE == "ptrace":
    @test("a process that the tracer may not inspect ({0}, mode {1:o}): {2} descriptors do not count as closed",
          each=[(*private, how) for private in PRIVATE for how in ("raw", "libc", "pipes", "closed")])
    def _(way, mode, how):
        run = run_command(way, mode, how, 20, "--max-open=0", "--verbose")
        check.equal(run.status, 125)
        check.matches(run.err, r"(?m)^secretive, process \d+: its open descriptors are not known: process \d+ is private")
        check.matches(run.err, r"(?m)^fdtrail run: secretive, process \d+: its open descriptors are not known")
        check.lacks(run.err, "nothing was left open")

    @test("a private process that /proc hides (hidepid) counts as existing, and passes no limit")
    def _():
        folder = readable(program("secretive"), FDTRAIL)
        seen = run_hidden(folder, f"{folder}/fdtrail run --engine=ptrace --max-open=0 --")
        check.contains(seen, "its open descriptors are not known: process")
        check.contains(seen, "/proc does not show it (it is mounted with hidepid)")
        check.matches(seen, r"(?m)^125$")

    @test("a process of the same user that the tracer may inspect passes its limits")
    def _():
        run = run_command("plain", 0o755, "closed", 20, "--max-open=0")
        check.equal((run.status, run.err), (0, ""))

    @test("a snapshot that could not inspect its process: the report says why, check ends with 2, JSON has no count")
    def _():
        folder = readable()
        run_command("private", 0o755, "libc", 3, f"--output={folder}/out")
        text = (folder / "out").read_text()
        check.equal([found.fields.get("descriptors") for found in snapshot_text.parse_all(text)], [None])
        checked = run_bare([FDTRAIL, "check", "--max-open=100", folder / "out"])
        check.equal(checked.status, 2)
        check.matches(checked.out, "its open descriptors are not known: process [0-9]+ is private")
        check.matches(run_bare([FDTRAIL, "report", folder / "out"]).out, "^secretive, process [0-9]+: its open descriptors are not known")
        unclosed = json_documents.one(run_bare([FDTRAIL, "report", "--format=json", folder / "out"]).out)["unclosed"]
        check.equal(list(unclosed), ["unknown"])
        compared = run_bare([FDTRAIL, "diff", folder / "out", folder / "out"])
        check.contains(compared.out, "the open descriptors of the new snapshot are not known")

    @test("from outside, a descriptor that can't be inspected is listed, and no limit on its state passes")
    def _():
        folder = readable(program("ends"), FDTRAIL)
        started = start_traced([folder / "ends", "wait", 4], traced=False)
        wait_until(lambda: started.out, what="the program's leaks")
        lists = [require("setpriv"), "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
                 "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search", folder / "fdtrail"]
        seen = run_bare([*lists, "snapshot", "--outside", "--raw", started.pid])
        check.equal(seen.status, 0)
        snapshot = snapshot_text.parse_all(seen.out)[-1]
        check.equal(sorted(snapshot.descriptors), list(range(7)))
        for found in snapshot.descriptors.values():
            check.equal((found.kind, found.text), ("other", "unknown, name can't be read: permission denied"))
        (folder / "snapshot").write_text(seen.out)
        for limit, status in (("--max-open=3", 1), ("--max-open=4", 0), ("--max-close-wait=0", 2),
                              ("--max-open=3 --kinds=tcp", 2)):
            checked = run_bare([FDTRAIL, "check", *limit.split(), folder / "snapshot"])
            check.equal(checked.status, status, limit)


main()

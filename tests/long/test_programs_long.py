#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every program of the system, under the library: --version and --help print the same, and end with the same
status, as without it. Each run is another user's, in namespaces of its own, because some programs do their work
whatever their arguments are."""

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import LIBRARY, check, main, ran, require, skip, temp_dir, test

FOLDERS = ["/usr/bin", "/usr/sbin"]
STOP_THE_MACHINE = {"halt", "poweroff", "reboot", "shutdown", "telinit", "init", "kexec"}
NOBODY = 65534
SECONDS = 20
# The lines on programs that fdtrail can't look into, or only for a while (docs/limits.md).
FDTRAIL = re.compile(rb"^fdtrail: (?:\S+ sets up a seccomp filter that refuses [a-z, ]+: from now on .*"
                     rb"|can't write a snapshot to \S+: the program's seccomp filter forbids it; see FDTRAIL_OUTPUT"
                     rb"|\S+ is a Go program: it makes its own system calls, .*)\n", re.MULTILINE)
JAVA = re.compile(rb"^\[\S+\]\[warning\]\[perf,memops\] Cannot use file /tmp/hsperfdata_\S+ because .*\n", re.MULTILINE)
TRIES = 4  # bare runs that show whether a program's output differs by itself


def programs():
    """The ELF files, each name once."""
    found = {}
    for folder in FOLDERS:
        for path in sorted(Path(folder).iterdir()):
            try:
                with path.open("rb") as file:
                    elf = file.read(4) == b"\x7fELF"
            except OSError:
                continue
            if elf and os.access(path, os.X_OK) and path.name not in STOP_THE_MACHINE:
                found.setdefault((path.resolve(), path.name), path)
    return sorted(found.values())


def outcome(path, arguments, variables, folder):
    """The status, stdout and stderr of one run; None: it didn't end."""
    folder.mkdir()
    folder.chmod(0o777)
    command = [require("unshare"), "--pid", "--net", "--ipc", "--mount-proc", "--fork", "--kill-child",
               require("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
               "--pdeathsig=KILL",  # another user's process would outlive --kill-child
               require("env"), "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/nonexistent", "LANG=C.UTF-8", "COLUMNS=80",
               *variables, path, *arguments]
    started = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
    try:
        out, err = started.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.communicate()
        return None
    finally:
        shutil.rmtree(folder)
    # The folder's name, addresses and times differ by themselves. Two Java machines at once, each with the process
    # id 1, have one file for their figures, and one of them says so.
    plain = [re.sub(rb"0x[0-9a-f]{6,}", b"0x", JAVA.sub(b"", text.replace(bytes(folder), b"."))) for text in (out, err)]
    return started.returncode, plain[0], FDTRAIL.sub(b"", plain[1])


def compare(path, option, library, folder):
    """"same", "differs by itself", "runs on", or how the traced run differs."""
    variables = [f"LD_PRELOAD={library}", f"FDTRAIL_OUTPUT={folder}/report.%p"]
    bare = outcome(path, [option], [], folder / f"{path.name}{option}")
    traced = outcome(path, [option], variables, folder / f"{path.name}{option}")
    if bare == traced:
        return "same" if bare else "runs on"
    others = [outcome(path, [option], [], folder / f"{path.name}{option}") for _ in range(TRIES)]
    if traced in others:
        return "same"
    if any(other != bare for other in others):
        # Then the status, at least, must be one of those.
        statuses = [other and other[0] for other in [bare, *others]]
        if (traced and traced[0]) in statuses:
            return "differs by itself"
    return f"{path} {option}: bare {bare}, traced {traced}"


@test("each program of /usr/bin and /usr/sbin prints the same and ends the same: --version and --help", timeout=3500)
def _():
    if os.geteuid() != 0:
        skip("only root can run programs as another user, in namespaces of their own")
    folder = temp_dir()
    folder.chmod(0o777)
    library = shutil.copy(LIBRARY, folder / "libfdtrail.so")
    seen = outcome(Path("/usr/bin/sed"), ["-n", "/libfdtrail/p", "/proc/self/maps"], [f"LD_PRELOAD={library}"], folder / "sed")
    check.contains(seen[1].decode(), "libfdtrail.so", "the library is loaded into these programs")
    paths = programs()
    check.at_least(len(paths), 200)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda case: compare(*case, library, folder),
                                [(path, option) for path in paths for option in ("--version", "--help")]))
    check.equal([result for result in results if result not in ("same", "differs by itself", "runs on")], [])
    ran("real programs", f"{len(paths)} programs of /usr/bin and /usr/sbin, --version and --help: {results.count('same')} "
        f"runs print and end as bare, but for fdtrail's own lines; {results.count('differs by itself')} print something "
        f"else each time, with the same status; {results.count('runs on')} have no end")


main()

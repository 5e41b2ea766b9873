# SPDX-License-Identifier: MIT
"""The program programs/go/planted under --engine=planted, for the short tests and the long one: what it has open is
what snapshots say."""

import os
import re
import signal
import time
from pathlib import Path

import snapshot_text
from support import BUILD, check, go_program, start_traced, temp_dir, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"
# By the functions of tests/programs/go/planted.
KINDS = {"openFile": "device", "copyFile": "device", "makePipe": "pipe", "makeSocket": "tcp", "makePair": "unix",
         "makeEpoll": "epoll", "acceptOne": "tcp", "dupOver": "device", "makeSignalfd": "signalfd", "receive": "device",
         "acceptFrom": "tcp"}
PLANTED = ": its calls are recorded by planted code"
# Static programs: all their system call instructions are known, so that no filter has to stop calls.
RUNS_ON = f"{PLANTED}; if fdtrail is killed, it runs on\n"


def opener(group):
    """The function of the program that has opened the group's descriptors."""
    functions = [function.rsplit(".", 1)[-1] for function in group.functions if function]
    return next((function for function in functions if function in KINDS), None)


def open_now(snapshot):
    """The function by number, without what was inherited."""
    return {fd: opener(group) for group in snapshot.groups for fd in group.fds}


def printed(text):
    return {int(fd): function for fd, function in re.findall(r"^(\d+) (\w+)$", text, re.MULTILINE)}


def is_planted(done):
    check.contains(done.err, f"fdtrail: planted{PLANTED}")


def child_of(pid):
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return None
    for child in found:
        try:
            if "planted" in Path(f"/proc/{child}/comm").read_text():
                return int(child)
        except FileNotFoundError:
            pass
    return None


def run(variant, seconds, env=()):
    """Runs a storm of calls, with snapshots all the time, and checks each. Returns how many descriptors these listed,
    how many times the program has opened something, and how many snapshots there were."""
    output = temp_dir()
    process = start_traced([FDTRAIL, "run", "--engine=planted", "--show=100000", "--only=planted", "--verbose",
                            f"--report={output}/report", "--", go_program("planted", variant), "storm", seconds], traced=False,
                           env={"FDTRAIL_OUTPUT": f"{output}/snapshot.%n", **dict(env)}, timeout=seconds + 60)
    # Before, the loader may have a file open.
    wait_until(lambda: "begins\n" in process.out, 20, "the storm")
    traced = child_of(process.pid)
    while process.status is None:
        try:
            os.kill(traced, signal.SIGUSR1)
        except ProcessLookupError:
            break
        time.sleep(0.2)
    process.wait()
    check.equal(process.status, 0)
    is_planted(process)
    files = sorted(output.glob("snapshot.*"), key=lambda path: int(path.suffix[1:]))
    check.at_least(len(files), 5, "snapshots")
    seen, being_opened, snapshot = 0, 0, None
    for path in files:
        snapshot = snapshot_text.parse_all(path.read_text())[-1]
        for group in snapshot.groups:
            # Their call had not yet returned after 200 ms, because the thread had no processor.
            if "opened by an untraced call" in group.text and path != files[-1]:
                being_opened += len(group.descriptors)
                continue
            # Pipes and files of os/exec are opened in the function that starts programs.
            if any("main.storm.func" in (function or "") for function in group.functions) and not opener(group):
                continue
            for found in group.descriptors:
                check.equal(found.kind, KINDS.get(opener(group)), f"{path.name}, {found.fd}: {found.text}\n{group.text}")
                seen += 1
    check.at_most(being_opened, seen // 200)
    check.equal(open_now(snapshot), printed(process.out))
    return seen, int(re.search(r"(\d+) times", process.err)[1]), len(files)

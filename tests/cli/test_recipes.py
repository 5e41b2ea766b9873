#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The recipes of docs/containers.md, in namespaces and roots as containers have them, made by unshare and chroot."""

import os
import re
import shutil
import subprocess

from support import (BUILD, LIBRARY, SOURCE, check, main, program, require, run_bare, skip, start_traced, temp_dir, test,
                     wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"
PAGE = (SOURCE / "docs" / "containers.md").read_text(encoding="utf-8")


def namespaces(script):
    """The words that run a shell script with mounts and process ids of its own; skips the test if that is forbidden."""
    if os.geteuid() != 0:
        skip("namespaces need root")
    words = [require("unshare"), "--mount", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        skip("unshare is not allowed here")
    return [*words, "sh", "-c", script]


def image(root, *files):
    """Shell commands that make root look like the root of an image: this machine's programs, and files of its own."""
    lines = [f"mkdir -p {root}/tmp {root}/proc {root}/dev {root}/app", f"mount -t proc proc {root}/proc",
             f"mount --bind /dev {root}/dev"]
    for name in ("usr", "lib", "lib64", "bin", "etc"):
        lines += [f"mkdir -p {root}/{name}", f"mount --bind /{name} {root}/{name}"]
    lines += [f"cp {path} {root}/app/" for path in files]
    return " && ".join(lines)


@test("an image with the library: its programs write snapshots, which a machine with debug information reports")
def _():
    root = temp_dir() / "root"
    script = (f"{image(root, LIBRARY, program('three_sockets'))} && chroot {root} /usr/bin/env "
              "LD_PRELOAD=/app/libfdtrail.so FDTRAIL_OUTPUT=/tmp/fdtrail.%h.%p FDTRAIL_ONLY=three_sockets "
              "/app/three_sockets")
    run = run_bare(namespaces(script), timeout=60)
    check.equal((run.status, run.err), (0, ""))
    snapshots = list((root / "tmp").glob("fdtrail.*"))
    check.equal(len(snapshots), 1)
    report = run_bare([FDTRAIL, "report", f"--debug-dir={program('three_sockets')}", snapshots[0]])
    check.contains(report.out, "three_sockets.c:")


def container(command, **options):
    """Starts a command in a root and a PID namespace of its own. Returns it, and its process id as this machine sees it."""
    started = start_traced(namespaces(command), traced=False, **options)
    wait_until(lambda: "ready" in started.out, 60, "the container's program")
    return started


def inner(started):
    """The innermost process below a started one."""
    pid = started.pid
    while True:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            below = file.read().split()
        if not below:
            return pid
        pid = int(below[0])


SERVER = "{image} && exec chroot {root} /usr/bin/env {variables} /app/leaky_server"


@test("docker exec: fdtrail snapshot in the container's namespaces has stacks if the program was started with the library")
def _():
    root = temp_dir() / "root"
    made = image(root, LIBRARY, program("leaky_server"), FDTRAIL)
    server = container(SERVER.format(image=made, root=root, variables="LD_PRELOAD=/app/libfdtrail.so"))
    pid = inner(server)
    enter = [require("nsenter"), "--target", str(pid), "--pid", "--mount", f"--root=/proc/{pid}/root", "--wd=/"]
    asked = run_bare([*enter, "/app/fdtrail", "snapshot", "1"], timeout=60)
    check.equal(asked.status, 0, asked.err)
    check.contains(asked.out, "handle_client")
    check.lacks(asked.out, "opener unknown")
    server.send(9)


@test("an ephemeral container: a process in the same PID namespace with another root sees everything but stacks")
def _():
    root = temp_dir() / "root"
    server = container(SERVER.format(image=image(root, program("leaky_server")), root=root, variables="A=1"))
    pid = inner(server)
    enter = [require("nsenter"), "--target", str(pid), "--pid", "unshare", "--mount-proc"]
    asked = run_bare([*enter, FDTRAIL, "snapshot", "1"], timeout=60)
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.out, r"leaky_server, process 1: \d+ descriptors")
    server.send(9)


@test("a busybox image: from the host, everything but stacks; by the ptrace engine, with the call that opened it")
def _():
    busybox = require("busybox")
    if "INTERP" in run_bare([require("readelf"), "-lW", busybox]).out:
        skip("busybox is not static")
    root = temp_dir() / "root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(busybox, root / "bin" / "busybox")
    (root / "data").write_text("x\n")
    shell = "exec 7</data; echo ready; read line"
    started = start_traced(namespaces(f"exec chroot {root} /bin/busybox sh -c '{shell}; exec /bin/busybox sleep 60'"),
                           traced=False)
    wait_until(lambda: "ready" in started.out, 60, "the shell")
    asked = run_bare([FDTRAIL, "snapshot", "--outside", str(inner(started))], timeout=60)
    check.equal(asked.status, 0, asked.err)
    check.matches(asked.out, r"    7 file \S*/data, read")
    started.send(9)
    run = run_bare([FDTRAIL, "run", "--engine=ptrace", "--", "chroot", root, "/bin/busybox", "sh", "-c", "exec 7</data; exit 0"],
                   timeout=60)
    check.matches(run.err, r"    7 file \S*/data, read")
    check.contains(run.err, "opened at:")


def indented_block(after):
    """The lines of code that follow a text of the page."""
    block = re.search(r"\n\n((?:    .*\n|\n)+)", PAGE[PAGE.index(after):])
    return "\n".join(line[4:] for line in block[1].splitlines()) + "\n"


@test("the systemd unit is one that systemd accepts, and its values have single percent signs")
def _():
    analyze = require("systemd-analyze")
    folder = temp_dir()
    unit = folder / "fdtrail-example.service"
    unit.write_text(f"{indented_block('## systemd')}ExecStart=/bin/true\n")
    done = subprocess.run([analyze, "verify", "--man=no", unit], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=60, env={**os.environ, "HOME": str(folder)})
    lines = [line for line in done.stdout.splitlines() if "fdtrail-example" in line]
    check.equal((done.returncode, lines), (0, []), done.stdout)
    values = dict(re.findall(r"(?m)^Environment=(FDTRAIL_\w+)=(.*)$", unit.read_text()))
    check.equal({name: value.replace("%%", "%") for name, value in values.items()},
                {"FDTRAIL_OUTPUT": "/var/lib/server/fdtrail.%p", "FDTRAIL_THRESHOLD": "80%"})


@test("each recipe says whether it was tried")
def _():
    for heading in re.findall(r"(?m)^\| \[.*\]\(#(.*?)\) \|", PAGE):
        names = {re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-") for name in re.findall(r"(?m)^#+ (.*)$", PAGE)}
        check.contains(names, heading)


main()

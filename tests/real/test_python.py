#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""CPython, unchanged: its http.server, subprocess and multiprocessing."""

import socket

from support import (PYTHON, check, free_port, main, run_bare, run_traced, start_traced, temp_dir, test,
                     wait_for_port, wait_until)


def same(script, **arguments):
    """The traced run of a script, once its result was the same as that of a bare run."""
    path = temp_dir() / "script.py"
    path.write_text(script, "utf-8")
    bare, traced = run_bare([PYTHON, path], **arguments), run_traced([PYTHON, path], **arguments)
    check.equal((traced.status, traced.out, traced.err), (bare.status, bare.out, bare.err))
    return traced


LEAK = """\
import os, socket
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen()
"""


@test("a leaked socket of a Python program shows the script's line, and its address")
def _():
    run = same(LEAK + "client = socket.create_connection(server.getsockname()); print(1, flush=True); os._exit(3)")
    check.equal(run.status, 3)
    check.equal(sorted(found.kind for found in run.last.descriptors.values()), ["tcp", "tcp"])
    check.contains(run.last.text, "LISTEN")
    check.contains(run.last.text, "ESTABLISHED")
    for group in run.last.groups:
        check.contains(group.functions, "<module>")
        check.contains(group.functions, "_start")
        check.lacks(group.functions, "_PyEval_EvalFrameDefault")
        check.matches(group.sentence, r"opened in <module> at script.py:[23]$")


@test("subprocess leaves the parent's records complete")
def _():
    run = same(LEAK + """
import subprocess
for _ in range(5):
    print(subprocess.run(["echo", "hello"], capture_output=True, text=True, close_fds=True).stdout)
    print(subprocess.run("exit 3", shell=True).returncode)
kept = open("/etc/passwd")
os._exit(0)
""")
    check.equal(sorted(found.kind for found in run.last.descriptors.values()), ["file", "tcp"])


@test("a vfork child that cannot run its program leaves the parent's records complete")
def _():
    run = same(LEAK + """
import subprocess
try:
    subprocess.run(["/no/such/program"])
except FileNotFoundError as error:
    print(error)
os._exit(0)
""")
    check.equal([found.kind for found in run.last.descriptors.values()], ["tcp"])


@test("multiprocessing by {} works, and the parent's records stay complete", each=["fork", "spawn", "forkserver"])
def _(method):
    run = same(f"""\
import gc, multiprocessing, os, socket

def double(number):
    return number * 2

if __name__ == "__main__":
    kept = socket.socket(); kept.bind(("127.0.0.1", 0)); kept.listen()
    multiprocessing.set_start_method("{method}")
    with multiprocessing.Pool(2) as pool:
        print(pool.map(double, range(50)), flush=True)
    pool.join()
    del pool
    gc.collect()
    os._exit(0)
""")
    check.equal([found.kind for found in run.last.descriptors.values() if "LISTEN" in found.text], ["tcp"])


@test("threads that open and close at once leave nothing behind")
def _():
    run = same("""\
import threading
def work():
    for _ in range(300):
        open("/etc/passwd").close()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print("done")
""")
    check.equal(run.all_snapshots, [])


@test("http.server answers while snapshots are taken, and they show its listening socket")
def _():
    port, folder = free_port(), temp_dir()
    (folder / "file").write_text("content\n", "ascii")
    server = start_traced([PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)], cwd=folder)
    wait_for_port(port)

    def get():
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(b"GET /file HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    for _ in range(5):
        check.true(get().endswith("\r\n\r\ncontent\n"), "the file is served")
        snapshot = server.snapshot()
        check.true(any(f"127.0.0.1:{port}" in found.text and "LISTEN" in found.text
                       for found in snapshot.descriptors.values()), "the listening socket is in the snapshot")
        # Before 3.11 functions have no qualified names.
        group = snapshot.group_of("TCPServer.__init__") or snapshot.group_of("__init__")
        check.contains(group.text, "socketserver.py:")


@test("an idle client of http.server is in the snapshot, by its port")
def _():
    port = free_port()
    server = start_traced([PYTHON, "-m", "http.server", "--bind", "127.0.0.1", str(port)], cwd=temp_dir())
    wait_for_port(port)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HT")
        peer = f"127.0.0.1:{client.getsockname()[1]}"
        wait_until(lambda: peer in server.snapshot().text, what="the client")


main()

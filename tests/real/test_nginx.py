#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nginx, unchanged: it serves while snapshots are taken, and its own use of SIGUSR1 still works."""

import signal
import socket
import threading
from pathlib import Path

from nginx import Server, nginx_command
from nginx_conf import write_configuration
from support import check, free_port, main, run_bare, run_traced, temp_dir, test, wait_until


@test("nginx ends as it does bare, and writes nothing of ours to its stdout and stderr")
def _():
    seen = []
    for traced in (False, True):
        server = Server(traced)
        answers = [server.get().split("\r\n\r\n")[1] for _ in range(20)]
        status = server.stop()
        seen.append((answers, status, server.master.out, server.master.err))
    check.equal(seen[1], seen[0])


@test("nginx drops no request while snapshots are taken in master and worker")
def _():
    server = Server()
    answers, failures, stop = [], [], threading.Event()

    def load():
        while not stop.is_set():
            try:
                answers.append(server.get())
            except OSError as error:
                failures.append(error)

    clients = [threading.Thread(target=load) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for number in range(5):
            server.snapshot(server.worker)
            server.snapshot(server.master.pid)
            wait_until(lambda: len(answers) > 100 * (number + 1) or failures, what="answers")
    finally:
        stop.set()
        for client in clients:
            client.join()
    check.equal(failures, [])
    check.equal({answer.partition("\r\n\r\n")[2] for answer in answers}, {"hello\n"})
    check.at_least(len(answers), 500, "answers")
    check.equal(server.stop(), 0)


@test("a snapshot of the worker has the listening socket, the client's, and nginx's functions")
def _():
    # The worker has the listening socket from its master, by fork.
    server = Server(INHERITED=1)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        check.contains(client.recv(4096).decode(), "hello")
        snapshot = server.snapshot(server.worker)
        lines = [found.text for found in snapshot.descriptors.values()]
        own, peer = client.getpeername()[1], client.getsockname()[1]
        connected = [line for line in lines if f"127.0.0.1:{peer}" in line]
        check.equal(len(connected), 1, "descriptors that name the client")
        check.contains(connected[0], "ESTABLISHED")
        check.true(any(f"127.0.0.1:{own}" in line and "LISTEN" in line for line in lines),
                   f"one of these is the listening socket: {lines}")
        accepted = snapshot.group_of("ngx_event_accept")
        check.true(accepted, "a group opened in ngx_event_accept")
        check.equal(accepted.kind, "tcp")
        check.contains(accepted.functions, "ngx_master_process_cycle")
        check.contains(accepted.functions, "main")
        listening = snapshot.group_of("ngx_open_listening_sockets")
        check.true(listening, "a group opened in ngx_open_listening_sockets")
        check.contains(listening.text, "LISTEN")


@test("a snapshot of the master has the listening socket, and the function that opened it")
def _():
    server = Server()
    found = server.snapshot(server.master.pid).group_of("ngx_open_listening_sockets")
    check.true(found, "a group opened in ngx_open_listening_sockets")
    check.equal(found.kind, "tcp")
    check.contains(found.functions, "main")
    check.matches(found.text, rf"127\.0\.0\.1:{server.port}, LISTEN")


@test("a closed connection is no longer in the worker's snapshot")
def _():
    server = Server()
    for _ in range(30):
        server.get()
    snapshot = server.snapshot(server.worker)
    check.equal([found.text for found in snapshot.descriptors.values() if "ESTABLISHED" in found.text], [])
    check.true(snapshot.group_of("ngx_event_accept") is None, "nothing accepted is left")


@test("nginx reopens its logs by SIGUSR1 as before, and another signal can trigger snapshots")
def _():
    server = Server(SIGNAL="RTMIN")
    server.get()
    log, old = server.folder / "access.log", server.folder / "access.log.1"
    wait_until(lambda: log.read_text(), what="a line in the log")
    log.rename(old)
    server.master.send(signal.SIGUSR1)
    wait_until(log.exists, what="a new log")
    # The worker opens it a moment after the master.
    wait_until(lambda: server.get() and log.read_text(), what="a line in the new log")
    check.equal(server.snapshots(server.master.pid), [])
    check.equal(server.stop(), 0)


@test("one SIGUSR1 is both a snapshot and nginx's order to reopen its logs")
def _():
    server = Server()
    server.get()
    log = server.folder / "access.log"
    log.rename(server.folder / "access.log.1")
    snapshot = server.snapshot(server.master.pid)
    check.contains(snapshot.why, "SIGUSR1")
    wait_until(log.exists, what="a new log")
    wait_until(lambda: server.get() and log.read_text(), what="a line in the new log")
    check.equal(server.stop(), 0)


@test("nginx's own end writes a snapshot of the worker and of the master")
def _():
    server = Server()
    server.get()
    check.equal(server.stop(signal.SIGTERM), 0)
    for name, pid in (("master", server.master.pid), ("worker", server.worker)):
        found = wait_until(lambda: server.snapshots(pid), what=f"the {name}'s exit snapshot")
        check.contains(found[-1].why, "exit")
        check.true(any((function or "").startswith("ngx_") for group in found[-1].groups
                       for function in group.functions), f"the {name}'s stacks name ngx_ functions")


@test("nginx -t prints the same under the tracer as bare")
def _():
    folder = temp_dir()
    write_configuration(folder, free_port())
    words = [*nginx_command(folder), "-t"]
    bare, traced = run_bare(words), run_traced(words)
    check.equal((traced.status, traced.out, traced.err), (bare.status, bare.out, bare.err))


@test("nginx takes a new configuration by SIGHUP, and the old worker ends")
def _():
    server = Server()
    server.get()
    server.master.send(signal.SIGHUP)
    old = server.worker
    wait_until(lambda: not Path(f"/proc/{old}").exists(), what="the old worker's end")
    check.contains(server.get(), "hello")
    check.equal(server.stop(), 0)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""redis-server, unchanged: its clients in snapshots, and the fork by which it saves."""

import signal
import socket

from support import check, free_port, main, require, start_traced, temp_dir, test, wait_for_port, wait_until


class Redis:
    """A redis-server for the test alone."""

    def __init__(self, **arguments):
        self.port, self.folder = free_port(), temp_dir()
        self.server = start_traced([require("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                                    "--dir", self.folder, "--save", ""], **arguments)
        wait_for_port(self.port)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def ask(self, *words):
        with self.connect() as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.recv(65536).decode()


@test("redis-server answers and ends as without the tracer")
def _():
    seen = []
    for traced in (False, True):
        redis = Redis(traced=traced)
        answers = [redis.ask("SET", "a", "1"), redis.ask("INCR", "a"), redis.ask("PING")]
        redis.server.send(signal.SIGTERM)
        seen.append((answers, redis.server.wait().status, redis.server.err))
    check.equal(seen[1], seen[0])
    check.equal(seen[1][0], ["+OK\r\n", ":2\r\n", "+PONG\r\n"])


@test("redis-server's clients are in a snapshot triggered by {}", each=["USR1", "USR2"])
def _(name):
    redis = Redis(SIGNAL=name)
    with redis.connect() as one, redis.connect() as two:
        for client in (one, two):
            client.sendall(b"PING\r\n")
            check.equal(client.recv(100), b"+PONG\r\n")
        snapshot = redis.server.snapshot()
        for client in (one, two):
            peer = f"127.0.0.1:{client.getsockname()[1]},"
            found = [fd.text for fd in snapshot.descriptors.values() if peer in fd.text]
            check.equal(len(found), 1, "descriptors with this client")
            check.contains(found[0], "ESTABLISHED")
        for client in (one, two):
            client.sendall(b"PING\r\n")
            check.equal(client.recv(100), b"+PONG\r\n")
    check.true(any(f"127.0.0.1:{redis.port}" in fd.text and "LISTEN" in fd.text
                   for fd in snapshot.descriptors.values()), "the listening socket is there")


@test("BGSAVE's forked process saves, and the parent's records stay complete")
def _():
    redis = Redis(SIGNAL="USR1")
    with redis.connect() as client:
        client.sendall(b"SET key value\r\n")
        check.equal(client.recv(100), b"+OK\r\n")
        for _ in range(3):
            redis.ask("BGSAVE")
            wait_until(lambda: "rdb_bgsave_in_progress:0" in redis.ask("INFO", "persistence"), what="the end of BGSAVE")
        check.contains(redis.ask("INFO", "persistence"), "rdb_last_bgsave_status:ok")
        check.true((redis.folder / "dump.rdb").exists(), "dump.rdb has been written")
        peer = f"127.0.0.1:{client.getsockname()[1]},"
        check.contains(redis.server.snapshot().text, peer)


@test("SIGTERM ends redis-server in its own way, with a snapshot at exit")
def _():
    redis = Redis(SIGNAL="USR1")
    redis.server.send(signal.SIGTERM)
    check.equal(redis.server.wait().status, 0)
    check.contains(redis.server.last.why, "exit")


main()

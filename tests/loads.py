# SPDX-License-Identifier: MIT
"""Servers under load, for the short tests and the long ones: the same load on the bare and on the traced
program, with snapshots during it. The results must be the same, and the snapshots must list the descriptors
of /proc."""

import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from nginx import Server, children
from support import check, free_port, ran, require, start_traced, temp_dir, wait_for_port, wait_until

# The kinds that a snapshot may have for a descriptor, by the beginning of its link in /proc/PID/fd; proc_pid_fd(5).
KINDS = [("socket:", {"tcp", "udp", "unix", "netlink", "socket"}), ("pipe:", {"pipe"}),
         ("anon_inode:[eventpoll]", {"epoll"}), ("anon_inode:[eventfd]", {"eventfd"}),
         ("anon_inode:[timerfd]", {"timerfd"}), ("anon_inode:[signalfd]", {"signalfd"}),
         ("anon_inode:inotify", {"inotify"}), ("anon_inode:[pidfd]", {"pidfd"}),
         ("anon_inode:[io_uring]", {"io_uring"}), ("anon_inode:kvm-", {"kvm"}),
         ("anon_inode:sync_file", {"sync_file"}), ("anon_inode:", {"other"}), ("/memfd:", {"memfd"}),
         ("/dmabuf:", {"dmabuf"}), *((f"{name}:[", {"namespace"}) for name in (
             "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")),
         ("/dev/shm/", {"shm"}), ("/dev/", {"device", "terminal"}),
         ("/", {"file", "directory", "shm", "pipe", "mqueue"})]


def table(pid):
    """The descriptors in /proc: link by number."""
    found = {}
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(path.name)] = os.readlink(path)
        except FileNotFoundError:
            pass
    return found


def tell_the_same(snapshot, there):
    """Checks that a snapshot lists exactly the numbers of a table, each with its kind."""
    check.equal(sorted(snapshot.descriptors), sorted(there), "numbers listed, and those in /proc")
    for fd, found in snapshot.descriptors.items():
        kinds = next(kinds for start, kinds in KINDS if there[fd].startswith(start))
        check.contains(kinds, found.kind, f"kinds of {fd}, {there[fd]}")
    behind = [group.text for group in snapshot.groups
              if "untraced call" in group.sentence]
    check.equal(behind, [], "opened by an untraced call")


def held_against_proc(ask, pid):
    """Checks that a snapshot by ask() lists exactly the descriptors of /proc/PID/fd, each with its kind, and
returns it. The program is at rest, but may still be closing the last of its connections, so this tries
again until both sides of the snapshot show the same table."""

    def at_rest():
        before = table(pid)
        snapshot = ask()
        return (before, snapshot) if table(pid) == before else None

    there, snapshot = wait_until(at_rest, 20, f"a quiet moment of process {pid}")
    tell_the_same(snapshot, there)
    check.lacks(snapshot.footer, "untraced call")
    return snapshot


class Asking:
    """Calls ask() again and again in a thread while the block runs."""

    def __init__(self, ask):
        self.ask, self.times, self.error = ask, 0, None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self.stop.wait(0.1):
                self.ask()
                self.times += 1
        except Exception as error:  # raised at the end of the block
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        if self.error:
            raise self.error


# redis

class Redis:
    """A redis-server for the test, which keeps its data."""

    def __init__(self, folder, **arguments):
        self.port = free_port()
        self.server = start_traced([require("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--dir",
                                    folder, "--save", "", "--appendonly", "yes", "--appendfsync", "no"], **arguments)
        wait_for_port(self.port)

    def ask(self, *words):
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.recv(65536).decode()

    def info(self, section):
        return dict(line.split(":", 1) for line in self.ask("INFO", section).splitlines() if ":" in line)

    def size(self):
        """The number of its keys; raises an error while it still reads its file."""
        return self.ask("DBSIZE")

    def stop(self):
        self.server.send(signal.SIGTERM)
        return self.server.wait().status


def redis_load(traced, requests):
    """redis-benchmark while redis saves by forked processes, and snapshots are taken. Returns its results, the
number of saves, and the number of snapshots."""
    folder, saves = temp_dir(), 0
    redis = Redis(folder, traced=traced, **({"INHERITED": 1} if traced else {}))
    load = subprocess.Popen([require("redis-benchmark"), "-p", str(redis.port), "-n", str(requests), "-c", "40", "-r",
                             "10000", "-t", "set,incr,lpush,mset,get,hset", "-q", "--threads", "2"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with Asking(redis.server.snapshot if traced else lambda: None) as asking:
        while load.poll() is None:
            for word, field in (("BGSAVE", "rdb_bgsave_in_progress"), ("BGREWRITEAOF", "aof_rewrite_in_progress")):
                check.matches(redis.ask(word), r"^\+Background", f"the answer to {word}")
                wait_until(lambda: redis.info("persistence")[field] == "0", 60, f"the end of {word}")
                saves += 1
    out = load.stdout.read()
    check.equal(load.returncode, 0, f"redis-benchmark's exit status\n{out}")
    check.lacks(out, "rror")
    persistence = redis.info("persistence")
    result = {name: persistence[name] for name in ("rdb_last_bgsave_status", "aof_last_bgrewrite_status",
                                                   "aof_last_write_status")}
    result["errors"] = redis.info("stats").get("total_error_replies", "not known before redis 6.2")
    result["pushed"] = redis.ask("LLEN", "mylist")
    if traced:
        wait_until(lambda: redis.info("clients")["connected_clients"] == "1", what="the end of the clients")
        # redis closes the connection of INFO a moment later.
        snapshot = held_against_proc(redis.server.snapshot, redis.server.pid)
        check.contains(snapshot.text, "LISTEN")
        check.true(snapshot.group_of("listenToPort"), "a group opened in listenToPort")
    size = redis.size()
    result["status"], result["stderr"] = redis.stop(), redis.server.err
    again = Redis(folder, traced=False)
    wait_until(lambda: not again.size().startswith("-"), 60, "the end of loading")
    check.equal(again.size(), size, "keys after a restart, and before")
    check.equal(again.stop(), 0)
    return result, saves, asking.times


def redis_under_load(requests):
    """The load on a bare and on a traced redis."""
    bare, _, _ = redis_load(False, requests)
    traced, saves, snapshots = redis_load(True, requests)
    check.equal(traced, bare)
    ran("real loads", f"redis: {requests} requests of 6 kinds, {saves} forks that saved, {snapshots} snapshots meanwhile")


# nginx

def wrk(port, seconds):
    """wrk as a process; its sums are read by wrk_sums."""
    return subprocess.Popen([require("wrk"), "-t", "2", "-c", "16", "-d", f"{seconds}s", f"http://127.0.0.1:{port}/"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wrk_sums(process):
    """The number of answered requests, after the end of wrk. A failed request fails the test."""
    out = process.communicate(timeout=600)[0]
    check.equal(process.returncode, 0, f"wrk's exit status\n{out}")
    check.lacks(out, "Non-2xx")
    check.lacks(out, "Socket errors")
    return int(check.matches(out, r"^ *(\d+) requests in")[1])


# A binary upgrade clears the environment, except the variables that the configuration keeps. ngx_core_module,
# "env".
KEPT = " ".join(f"env {name};" for name in ("LD_PRELOAD", "FDTRAIL_OUTPUT", "FDTRAIL_INHERITED", "FDTRAIL_SIGNAL"))


def ended(pid):
    """Checks that a master that is told to end ends well once its last request is answered."""
    os.kill(pid, signal.SIGQUIT)
    check.equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, f"the exit status of nginx, {pid}")


def upgraded(server):
    """USR2 starts a new master, QUIT ends the old one: nginx.org/en/docs/control.html. Only a daemon does it."""
    pid = server.folder / "pid"
    os.kill(server.pid, signal.SIGUSR2)
    wait_until(lambda: (server.folder / "pid.oldbin").exists() and pid.exists() and pid.read_text().strip(),
               20, "a new master")
    new = int(pid.read_text())
    wait_until(lambda: children(new), 20, "the new master's worker")
    ended(server.pid)
    server.pid = new


def nginx_load(traced, seconds, rounds):
    """wrk with a connection for each request, while nginx reopens its logs, reloads its configuration, and is
replaced by a new process, this many rounds. Returns the number of answered requests and of snapshots. No
request may fail."""
    arguments = {"INHERITED": 1, "SIGNAL": "RTMIN"} if traced else {}
    server = Server(traced, workers=2, keepalive=0, daemon="on", main=KEPT, **arguments)
    snapshots = 0
    load = wrk(server.port, seconds)
    for number in range(rounds):
        log, old = server.folder / "access.log", server.folder / f"access.log.{number}"
        log.rename(old)
        os.kill(server.pid, signal.SIGUSR1)
        wait_until(lambda: log.exists() and log.stat().st_size, 20, "a line in the new log")
        workers = set(children(server.pid))
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: children(server.pid) and not workers & set(children(server.pid)), 60, "new workers")
        upgraded(server)
        for pid in [server.pid, *children(server.pid)] if traced else []:
            server.snapshot(pid, signal.SIGRTMIN)
            snapshots += 1
    check.equal(load.poll(), None, "wrk's exit status: it still runs")
    requests = wrk_sums(load)
    if traced:
        for pid in [server.pid, *children(server.pid)]:
            held_against_proc(lambda pid=pid: server.snapshot(pid, signal.SIGRTMIN), pid)
            snapshots += 1
        worker = server.snapshot(children(server.pid)[0], signal.SIGRTMIN)
        check.contains([found.kind for found in worker.descriptors.values()], "epoll")
    logged = sum(len(path.read_text().splitlines()) for path in server.folder.glob("access.log*"))
    check.at_least(logged, requests, "lines in the logs")
    ended(server.pid)
    errors = [line for line in (server.folder / "error.log").read_text().splitlines() if "[notice]" not in line]
    return requests, snapshots, (server.master.status, server.master.out, server.master.err, errors)


def nginx_under_load(seconds, rounds):
    """The load on a bare and on a traced nginx."""
    _, _, bare = nginx_load(False, seconds, rounds)
    requests, snapshots, traced = nginx_load(True, seconds, rounds)
    check.equal(traced, bare)
    ran("real loads", f"nginx: {requests} requests, none dropped, by {rounds} reopens, reloads and binary upgrades, "
        f"{snapshots} snapshots meanwhile")

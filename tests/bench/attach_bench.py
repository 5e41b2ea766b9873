#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of scripts/bench --attach: what an attached server costs, and what a server costs after it was
detached from, compared with one that was never attached to. Each number is CPU time a request, of the whole server. Two
servers run side by side, one of which is attached to; both are new in each round, because the place of a program in
memory makes a difference."""

import argparse
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from loopback import free_port, listens  # noqa: E402
from nginx_conf import write_configuration  # noqa: E402

POSTGRES_USER = 65534
TICK = os.sysconf("SC_CLK_TCK")
TIMES = 3  # each server's requests are measured so often in a round


def give_up(*words):
    sys.exit("scripts/bench: " + " ".join(map(str, words)))


def find(name):
    folders = [os.environ["PATH"], "/usr/local/sbin", "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    return shutil.which(name, path=":".join(folders))


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True, **options)
    if done.returncode != 0:
        give_up(*words, "failed:", done.stdout, done.stderr)
    return done.stdout + done.stderr


class Server:
    """A server on a port of its own. Subclasses start self.process, and have load()."""

    children = False  # --children attaches to them, too

    def __init__(self, folder):
        self.folder, self.port = Path(tempfile.mkdtemp(dir=folder)), free_port()
        self.folder.chmod(0o777)
        self.process = self.start()
        until = time.monotonic() + 30
        while not listens(self.port):
            if time.monotonic() > until or self.process.poll() is not None:
                give_up(type(self).__name__, "does not start")
            time.sleep(0.02)

    def launch(self, *words, **options):
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                    **options)

    def pids(self):
        found = [self.process.pid]
        for pid in found:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split())
        return found

    def cpu_once(self):
        total = 0
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").iterdir():
                total += int((task / "schedstat").read_text("ascii").split()[0]) / 1e9
            fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
            total += (int(fields[13]) + int(fields[14])) / TICK  # cutime, cstime
        return total

    def cpu(self):
        """Seconds of CPU time so far: of the live threads, exact, and of the processes that have ended, in ticks."""
        while True:
            try:
                return self.cpu_once()
            except (FileNotFoundError, ProcessLookupError):
                pass  # one has ended meanwhile, and counts among the others on the next look

    def microseconds(self):
        """CPU time a request."""
        before = self.cpu()
        count = self.load()
        return (self.cpu() - before) * 1e6 / count

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nginx(Server):
    name, needs, children = "nginx, a new connection a request", ("nginx", "wrk"), True
    words = ("-H", "Connection: close")

    def start(self):
        write_configuration(self.folder, self.port, connections=1024, access_log="off")
        return self.launch(find("nginx"), "-p", self.folder, "-e", self.folder / "error.log",
                           "-c", self.folder / "conf")

    def load(self):
        out = run(find("wrk"), "-t1", "-c16", "-d1s", *self.words, f"http://127.0.0.1:{self.port}/")
        return int(re.search(r"(\d+) requests in", out)[1])


class NginxKept(Nginx):
    name, words = "nginx, kept connections", ()


class Redis(Server):
    name, needs = "redis, GET and SET", ("redis-server", "redis-benchmark")

    def start(self):
        return self.launch(find("redis-server"), "--port", self.port, "--save", "", "--dir", self.folder)

    def load(self, count=40000):
        run(find("redis-benchmark"), "-p", self.port, "-n", count // 2, "-c", "16", "-t", "get,set", "-q")
        return count


class Postgres(Server):
    """Its processes run as another user: it refuses root."""

    name, needs, children = "PostgreSQL, pgbench -S", ("postgres", "pgbench"), True

    def as_user(self):
        if os.geteuid() == 0:
            return {"user": POSTGRES_USER, "group": POSTGRES_USER, "extra_groups": []}
        return {}

    def start(self):
        data = self.folder / "data"
        run(find("initdb"), "-D", data, "-U", "bench", "-A", "trust", "-N", cwd=self.folder, **self.as_user())
        return self.launch(find("postgres"), "-D", data, "-p", self.port, "-k", self.folder, "-c", "fsync=off",
                           cwd=self.folder, **self.as_user())

    def pgbench(self, *words):
        return run(find("pgbench"), "-h", "127.0.0.1", "-p", self.port, "-U", "bench", *words, "postgres",
                   cwd=self.folder)

    def load(self):
        if not (self.folder / "filled").exists():
            until = time.monotonic() + 30
            ready = [find("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            while subprocess.run(ready, check=False).returncode:
                if time.monotonic() > until:
                    give_up("PostgreSQL does not answer")
            self.pgbench("-i", "-q")
            (self.folder / "filled").touch()
        out = self.pgbench("-n", "-S", "-c", "4", "-T", "2")
        return int(re.search(r"transactions actually processed: (\d+)", out)[1])


class Bench:
    def __init__(self, arguments, folder):
        self.fdtrail, self.pairs, self.folder = arguments.fdtrail, arguments.pairs, folder

    def order(self, verb, server):
        words = ["--background", *(["--children"] if server.children else [])] if verb == "attach" else []
        run(self.fdtrail, verb, *words, server.process.pid)

    def round(self, kind):
        """Triples: never attached to, attached, detached from."""
        never, other = kind(self.folder), kind(self.folder)
        try:
            for server in never, other:
                server.load()  # warm
            for number in range(TIMES):
                self.order("attach", other)
                pair = [server.microseconds() for server in ((never, other) if number % 2 else (other, never))]
                bare, attached = pair if number % 2 else pair[::-1]
                self.order("detach", other)
                pair = [server.microseconds() for server in ((other, never) if number % 2 else (never, other))]
                detached, again = pair if number % 2 else pair[::-1]
                yield bare, attached / bare, detached / again
        finally:
            never.stop()
            other.stop()

    def row(self, kind, attached_most, detached_most):
        missing = [name for name in kind.needs if not find(name)]
        if missing:
            print(f"| {kind.name} | {', '.join(missing)}: not installed |  |  |  |  |", flush=True)
            return
        found = [numbers for _ in range(self.pairs) for numbers in self.round(kind)]
        bare, attached, detached = (statistics.median(column) for column in zip(*found))
        cells = [kind.name, f"{bare:.1f} us"]
        for ratio, most in ((attached, attached_most), (detached, detached_most)):
            cells += [f"**{ratio:.3f}**{' (missed)' if ratio > most else ''}", f"{most:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fdtrail", required=True)
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fdtrail-bench-") as folder:
        os.chmod(folder, 0o755)
        bench = Bench(arguments, Path(folder))
        print("| CPU time a request | bare | attached, ratio | at most | detached, ratio | at most |")
        print("|---|---:|---:|---:|---:|---:|")
        bench.row(Nginx, 1.03, 1.01)
        bench.row(NginxKept, 1.03, 1.01)
        bench.row(Redis, 1.03, 1.01)
        bench.row(Postgres, 1.03, 1.01)
    print(f"\nMedians of {TIMES * bench.pairs} measurements in {bench.pairs} rounds. {os.cpu_count()} CPUs, Linux "
          f"{platform.release()}; load {os.getloadavg()[0]:.1f}.")


main()

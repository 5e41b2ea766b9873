#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of scripts/bench: the same work bare and traced, in turn, and the ratios as a table. Every
number is the median of pairs: a bare run, then a traced one, then the next pair the other way round. So a
machine that becomes slower or faster changes both sides of a pair alike.
"""

import argparse
import os
import platform
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from loopback import free_port, listens
from nginx_conf import write_configuration

LOOPS = {  # row: work, operations per run, the highest ratio allowed
    "socket + close": (["socket"], 10000, 1.04),
    "open + close": (["open"], 20000, 1.10),
    "dup + close": (["dup"], 80000, 1.35),
    "connect + accept + 2 closes": (["connect"], 2000, 1.03),
    # If a thread may be cancelled in open(2), libc's function has to be called.
    "open + close beside a second thread": (["open", "beside"], 20000, 1.10),
    "connect + accept + 2 closes beside one": (["connect", "beside"], 2000, 1.03),
}
# The place of a process in memory changes a loop's time by some per cent, so there are many short runs.
LOOP_PAIRS = 10
# How many fewer rounds of a loop a peer gets: strace makes an operation hundreds of times slower.
PEERS = {"valgrind": 10, "strace": 200, "heaptrack": 1}
STACKS = 1000


class Bench:
    """Common parameters of all measurements: the programs, a folder, the number of pairs."""

    def __init__(self, arguments, folder):
        self.work, self.library, self.fakes = arguments.work, arguments.library, arguments.fakes
        self.pairs, self.folder = arguments.pairs, folder
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu, self.client_cpu = cpus[-1], cpus[0]
        self.rows = []

    def environment(self, traced=True, preload=None, made_up=False):
        """The environment: the tracer's when traced; preload is a peer's library. made_up: dup opens nothing and
returns new numbers."""
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("FDTRAIL_", "LD_"))}
        if preload or traced:
            clean["LD_PRELOAD"] = preload or str(self.library)
        if preload:
            clean["DUMP_HEAPTRACK_OUTPUT"] = "/dev/null"
        elif traced:
            clean["FDTRAIL_OUTPUT"] = str(self.folder / "report")
        if made_up:
            clean["FAKE_SLOTS"] = "1"
            clean["LD_PRELOAD"] = ":".join(filter(None, (clean.get("LD_PRELOAD"), str(self.fakes))))
        return clean

    def run(self, *words, traced, command=(), preload=None, cpu=True, made_up=False):
        """Runs the work program to its end and returns the numbers that it printed."""
        done = subprocess.run(
            [*command, str(self.work), *map(str, words)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            env=self.environment(traced, preload, made_up),
            preexec_fn=(lambda: os.sched_setaffinity(0, {self.cpu})) if cpu else None)
        (self.folder / "report").unlink(missing_ok=True)
        if done.returncode != 0:
            sys.exit(f"scripts/bench: {' '.join(map(str, words))} ended with {done.returncode}\n{done.stderr}")
        return [float(word) for word in done.stdout.split()]

    def pair(self, measure, pairs=None):
        """[(bare, traced)]: calls measure(traced) in turns, after one of each that does not count."""
        measure(False), measure(True)
        found = []
        for number in range(pairs or self.pairs):
            order = (False, True) if number % 2 == 0 else (True, False)
            taken = {traced: measure(traced) for traced in order}
            found.append((taken[False], taken[True]))
        return found

    def row(self, name, bare, traced, figure, target, peers=None):
        """Adds a line to the table, and prints that it is measured."""
        self.rows.append((name, bare, traced, figure, target, peers or {}))
        print(f"scripts/bench: {name}: {figure} (at most {target})", file=sys.stderr, flush=True)


def nanoseconds(value):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g} ns"


def middle(pairs, figure):
    return statistics.median(figure(bare, traced) for bare, traced in pairs)


def ratio(pairs):
    return middle(pairs, lambda bare, traced: traced / bare)


def measure_loops(bench, peers):
    for name, (words, count, target) in LOOPS.items():
        work = [words[0], count, *words[1:]]
        pairs = bench.pair(lambda traced: bench.run(*work, traced=traced)[0], bench.pairs * LOOP_PAIRS)
        found = {peer: measure_peer(bench, peer, *work) for peer in peers}
        bench.row(name, nanoseconds(middle(pairs, lambda bare, traced: bare)),
                  nanoseconds(middle(pairs, lambda bare, traced: traced)),
                  f"{ratio(pairs):.3f}", f"{target:.2f}", found)


def measure_peer(bench, peer, work, count, *words):
    """A peer's ratio on a loop; strace's is of wall time, because strace is another process."""
    command, preload = peer_command(bench, peer)
    count = max(count // PEERS[peer], 20)
    which = 1 if peer == "strace" else 0

    def measure(traced):
        if not traced:
            return bench.run(work, max(count, 2000), *words, traced=False)[which]
        return bench.run(work, count, *words, traced=False, command=command, preload=preload)[which]

    return f"{ratio(bench.pair(measure, 7)):.3g}"


def peer_command(bench, peer):
    if peer == "valgrind":
        return ["valgrind", "--quiet", "--tool=none", "--track-fds=yes",
                f"--log-file={bench.folder / 'valgrind'}"], None
    if peer == "strace":
        return ["strace", "-f", "-k", "--seccomp-bpf", "-e", "trace=desc,network",
                "-o", str(bench.folder / "strace")], None
    return [], heaptrack()


def heaptrack():
    for folder in ("/usr/lib/heaptrack", f"/usr/lib/{platform.machine()}-linux-gnu/heaptrack",
                   "/usr/lib64/heaptrack"):
        library = Path(folder) / "libheaptrack_preload.so"
        if library.exists():
            return str(library)
    return None


# nginx

class Nginx:
    """An nginx on the loopback, with one worker."""

    def __init__(self, bench, traced, command=(), preload=None):
        self.bench = bench
        self.folder = Path(tempfile.mkdtemp(dir=bench.folder))
        self.port = free_port()
        write_configuration(self.folder, self.port, connections=1024, access_log="off")
        path = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin")
        with open(self.folder / "error.log", "ab") as log:
            self.process = subprocess.Popen(
                [*command, path, "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c", str(self.folder / "conf")],
                env=bench.environment(traced, preload), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, {bench.cpu}))
        until = time.monotonic() + 30
        while not listens(self.port):
            if time.monotonic() > until or self.process.poll() is not None:
                self.stop()
                sys.exit("scripts/bench: nginx does not start\n" + (self.folder / "error.log").read_text())
            time.sleep(0.02)

        if traced and not all(str(bench.library) in Path(f"/proc/{pid}/maps").read_text() for pid in self.pids()):
            self.stop()
            sys.exit("scripts/bench: nginx runs without the tracer")

    def pids(self):
        """Master, workers, and the peer, if it is a process of its own that runs them."""
        found = [self.process.pid]
        for pid in found:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found += map(int, children.read_text("ascii").split())
        return found

    def cpu(self):
        """Nanoseconds of CPU time so far: schedstat is exact, stat counts ticks."""
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) for pid in self.pids())

    def request(self, count):
        """CPU nanoseconds per request."""
        before = self.cpu()
        done = subprocess.run([str(self.bench.work), "request", str(self.port), str(count)], check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, {self.bench.client_cpu}))
        if done.returncode != 0:
            sys.exit("scripts/bench: the requests to nginx failed")
        return (self.cpu() - before) / count

    def stop(self):
        pid = self.folder / "pid"
        if self.process.poll() is None and pid.exists():
            os.kill(int(pid.read_text("ascii")), signal.SIGTERM)  # to nginx, not to a peer that runs it
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def measure_nginx(bench, peers, count=1500):
    pairs = []
    for start in range(4):  # the place of a program in memory makes a difference, too
        servers = {traced: Nginx(bench, traced) for traced in ((False, True) if start % 2 == 0 else (True, False))}
        try:
            pairs += bench.pair(lambda traced: servers[traced].request(count))
        finally:
            for server in servers.values():
                server.stop()
    bench.row("nginx, CPU a request on a new connection", nanoseconds(middle(pairs, lambda bare, traced: bare)),
              nanoseconds(middle(pairs, lambda bare, traced: traced)), f"{ratio(pairs):.3f}", "1.03",
              {peer: nginx_peer(bench, peer, count) for peer in peers})


def nginx_peer(bench, peer, count):
    """A peer's ratio; its own processes count, too."""
    command, preload = peer_command(bench, peer)
    servers = {False: Nginx(bench, False), True: Nginx(bench, False, command, preload)}
    counts = {False: count, True: max(count // PEERS[peer], 20)}
    try:
        return f"{ratio(bench.pair(lambda traced: servers[traced].request(counts[traced]), 7)):.3g}"
    finally:
        for server in servers.values():
            server.stop()


# Memory, threads, start, snapshot

def measure_live(bench):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = 100000

    def taken(name, target, made_up=False):
        pairs = bench.pair(lambda traced: bench.run("live", most, traced=traced, made_up=made_up), 7)
        opened = pairs[0][0][0]
        bare = middle(pairs, lambda bare, traced: bare[1])
        traced = middle(pairs, lambda bare, traced: traced[1])
        bench.row(name.format(f"{opened:,.0f}"), f"{bare:.0f} KiB", f"{traced:.0f} KiB",
                  f"{1024 * (traced - bare) / opened:.1f} B", target if opened < most - 10 else "32 B")
        return opened

    if taken(f"memory a live descriptor, {{}} live of {STACKS:,} stacks", "(32 B of 100,000)") < most - 10:
        # A stack takes its memory only once, which is a larger part of the memory of few descriptors.
        taken(f"the same with numbers that dup only makes up (the limit here is {limit:,}), {{}} live", "32 B", True)


def measure_threads(bench):
    pairs = bench.pair(lambda traced: bench.run("threads", 3000, traced=traced)[0], bench.pairs * 2)
    bench.row("time more for a new thread", nanoseconds(middle(pairs, lambda bare, traced: bare)),
              nanoseconds(middle(pairs, lambda bare, traced: traced)),
              f"{middle(pairs, lambda bare, traced: traced - bare) / 1e3:.2f} us", "5 us")
    pairs = bench.pair(lambda traced: bench.run("crowd", 500, traced=traced, cpu=False))
    count = pairs[0][0][0]
    bench.row("memory more for a new thread", f"{middle(pairs, lambda bare, traced: bare[1]) / count:.2f} KiB",
              f"{middle(pairs, lambda bare, traced: traced[1]) / count:.2f} KiB",
              f"{middle(pairs, lambda bare, traced: traced[1] - bare[1]) / count:.2f} KiB", "8 KiB")


def measure_start(bench):
    pairs = bench.pair(lambda traced: bench.run("start", 50, *([bench.library] if traced else []), traced=False)[1])
    bench.row("time more to start and end a program", nanoseconds(middle(pairs, lambda bare, traced: bare)),
              nanoseconds(middle(pairs, lambda bare, traced: traced)),
              f"{middle(pairs, lambda bare, traced: traced - bare) / 1e6:.2f} ms", "1 ms")


def measure_snapshot(bench):
    found = [bench.run("snapshot", 10000, traced=True, cpu=False) for _ in range(bench.pairs)]
    longest = statistics.median(time for _, time in found)
    bench.row(f"longest stop by a snapshot of {found[0][0]:,.0f} sockets", "", nanoseconds(longest),
              f"{longest / 1e6:.0f} ms", "25 ms")


PARTS = {"loops": measure_loops, "nginx": measure_nginx, "live": measure_live, "threads": measure_threads,
         "start": measure_start, "snapshot": measure_snapshot}


def table(bench, peers):
    titles = ["", "bare", "traced", "ratio or more", "at most", *peers]
    print(f"| {' | '.join(titles)} |")
    print("|---" + "|---:" * (len(titles) - 1) + "|")
    for name, bare, traced, figure, target, found in bench.rows:
        missed = "" if not target[0].isdigit() or number(figure) <= number(target) else " (missed)"
        cells = [name, bare, traced, f"**{figure}**{missed}", target, *(found.get(peer, "") for peer in peers)]
        print(f"| {' | '.join(cells)} |")
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(errors="replace"))
    print()
    print(f"Medians of at least {bench.pairs} pairs, a bare run and a traced one in turn; loops: CPU time. "
          f"{model[1] if model else platform.machine()}, {os.cpu_count()} CPUs, Linux {platform.release()}, "
          f"{' '.join(platform.libc_ver())}.")
    if "strace" in peers:
        print("Peers are ratios to bare, on the same work: `valgrind --tool=none --track-fds=yes`, "
              "`strace -f -k --seccomp-bpf -e trace=desc,network` (loops: wall time), heaptrack's preload, "
              "which follows memory and not descriptors.")


def number(text):
    return float(re.match(r"-?[\d.]+", text)[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--fakes", type=Path, required=True)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("parts", nargs="*")
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in PARTS:
            sys.exit(f"scripts/bench: no such part: {part}; there are {', '.join(PARTS)}")
    peers = []
    if arguments.peers:
        peers = [peer for peer in PEERS if (heaptrack() if peer == "heaptrack" else shutil.which(peer))]
        for peer in set(PEERS) - set(peers):
            print(f"scripts/bench: {peer} is not installed: scripts/setup bench", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="fdtrail-bench-") as folder:
        # A copy, so that a build during the measurement changes nothing.
        arguments.library = Path(shutil.copy(arguments.library, folder))
        bench = Bench(arguments, Path(folder))
        for part in arguments.parts or PARTS:
            measure = PARTS[part]
            measure(bench, peers) if measure in (measure_loops, measure_nginx) else measure(bench)
        table(bench, peers)


main()

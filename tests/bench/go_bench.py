#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of scripts/bench --go: the costs of the ptrace engine for a Go program, without and with
planted code, compared with the bare program and with strace on the same system calls, which takes no stacks.
Each number is a throughput divided by the bare one of the same round. All run in turn, and the median of the
rounds is shown."""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

# A server gets requests for two seconds or more, because the tracer learns about a program during its first
# requests.
REQUESTS = {"bare": 24000, "ptrace": 20000, "planted": 24000, "strace": 4000}
# strace stops each call. The other runs make calls for about two seconds, so that their start does not count.
READS = {"bare": 8000000, "ptrace": 8000000, "planted": 8000000, "strace": 50000}
WORKERS = 8


class Bench:
    def __init__(self, arguments, folder):
        self.churn, self.folder, self.rounds = arguments.churn, folder, arguments.pairs
        self.ways = {"bare": []}
        for engine in "ptrace", "planted":
            self.ways[engine] = [arguments.fdtrail, "run", f"--engine={engine}", "--"]
        if shutil.which("strace"):
            self.ways["strace"] = ["strace", "-f", "--seccomp-bpf", "-e", "trace=%desc,%network", "-o", "/dev/null"]
        cpus = sorted(os.sched_getaffinity(0))
        self.server_cpu, self.client_cpu = cpus[-1], cpus[0]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("FDTRAIL_")}
        self.environment["FDTRAIL_OUTPUT"] = str(folder / "snapshots")

    def start(self, way, *words, pinned):
        command = [*self.ways[way], self.churn, *words]
        if pinned:
            command = ["taskset", "-c", str(self.server_cpu), *command]
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)

    def server(self, way, pinned):
        """Requests per second of a server that gets a new connection for each."""
        server = self.start(way, "serve", pinned=pinned)
        command = [self.churn, "ask", server.stdout.readline().strip(), str(REQUESTS[way]), str(WORKERS)]
        if pinned:
            command = ["taskset", "-c", str(self.client_cpu), *command]
        result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        server.stdin.close()
        server.wait()
        server.stdout.close()
        return float(result.stdout)

    def alone(self, way, *words):
        """The output of a program that measures itself."""
        process = self.start(way, *words, pinned=False)
        text = process.communicate()[0]
        return float(text.splitlines()[0])

    def life(self, way):
        """The lifetime of a program that does nothing, in ms."""
        begin = time.perf_counter()
        self.start(way, "nothing", pinned=False).communicate()
        return (time.perf_counter() - begin) * 1000

    def lives(self):
        """A row for that: the start of the tracer, followed by the end at once."""
        found = {way: [] for way in self.ways}
        for _ in range(4 * self.rounds):
            for way in self.ways:
                found[way].append(self.life(way))
        return ", ".join(f"{statistics.median(values):.1f} ms {'by itself' if way == 'bare' else 'under ' + way}"
                         for way, values in found.items())

    def row(self, name, measure, **least):
        """Measures all ways in turn and prints a row. least: the smallest ratio by engine."""
        found = {way: [] for way in self.ways}
        for number in range(self.rounds):
            ways = list(self.ways) if number % 2 == 0 else list(self.ways)[::-1]
            for way in ways:
                found[way].append(measure(way))
        ratios = {way: statistics.median(value / bare for value, bare in zip(found[way], found["bare"]))
                  for way in found}
        cells = [name, f"{statistics.median(found['bare']):.0f}/s"]
        for engine in "ptrace", "planted":
            missed = engine in least and ratios[engine] < least[engine]
            cells += [f"**{ratios[engine]:.2f}**{' (missed)' if missed else ''}",
                      f"{least[engine]:.2f}" if engine in least else "-"]
        cells.append(f"{ratios['strace']:.2f}" if "strace" in ratios else "not installed")
        print(f"| {' | '.join(cells)} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--churn", type=Path, required=True)
    parser.add_argument("--fdtrail", required=True)
    parser.add_argument("--pairs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fdtrail-bench-") as folder:
        bench = Bench(arguments, Path(folder))
        print("| throughput of a Go program | bare | ptrace, ratio | at least | planted, ratio | at least | strace, ratio |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        bench.row("HTTP server, a new connection a request", lambda way: bench.server(way, False), ptrace=0.6, planted=0.95)
        bench.row("the same, pinned to one CPU", lambda way: bench.server(way, True), ptrace=0.6, planted=0.95)
        bench.row("HTTP client and server, kept connections", lambda way: bench.alone(way, "reuse", "5000"), planted=0.95)
        bench.row("system calls that open nothing", lambda way: bench.alone(way, "read", str(READS[way])), ptrace=0.95,
                  planted=0.98)
        lives = bench.lives()
    print(f"\nA Go program that does nothing, from start to end: {lives}.")
    print(f"\nMedians of {bench.rounds} rounds. {os.cpu_count()} CPUs, Linux {platform.release()}; load "
          f"{os.getloadavg()[0]:.1f}. strace -f --seccomp-bpf -e trace=%desc,%network, which takes no stacks.")


main()

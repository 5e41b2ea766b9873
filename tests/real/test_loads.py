#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Servers under load that fork, save, reload and replace their own binary: they answer as bare, and their
snapshots agree with /proc."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import snapshot_text
from support import check, free_port, main, ran, require, start_traced, temp_dir, test, wait_for_port, wait_until

REQUESTS = 20_000


def ended(pid):
    """Also where it is only left to be waited for: orphans come to the test."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def numbers(pid):
    return {int(name) for name in os.listdir(f"/proc/{pid}/fd")}


@test("redis-server under redis-benchmark, with BGSAVE again and again: no error, and each save is whole",
      timeout=200)
def _():
    port, folder = free_port(), temp_dir()
    server = start_traced([require("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
                           "--save", "", "--appendonly", "yes"], SIGNAL="USR1", INHERITED=1)
    wait_for_port(port)

    def ask(*words):
        return subprocess.run([require("redis-cli"), "-p", str(port), *words], stdout=subprocess.PIPE, text=True,
                              timeout=60, check=True).stdout

    load = subprocess.Popen([require("redis-benchmark"), "-p", str(port), "-q", "--csv", "-n", str(REQUESTS), "-c",
                             "20", "-r", "1000", "-t", "set,get,lpush"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    saves = snapshots = 0
    while load.poll() is None or saves < 3:
        check.contains(ask("BGSAVE"), "saving started")
        server.snapshot()
        snapshots += 1
        wait_until(lambda: "rdb_bgsave_in_progress:0" in ask("INFO", "persistence"), 60, what="the save's end")
        check.contains(ask("INFO", "persistence"), "rdb_last_bgsave_status:ok")
        saves += 1
    said = load.stdout.read()
    check.equal((load.returncode, len(re.findall(r'^"(?:SET|GET|LPUSH)', said, re.MULTILINE))), (0, 3), said)
    check.lacks(said.lower(), "error")
    # Nobody is connected any more but by chance of timing: what is listed is what is open.
    wait_until(lambda: "connected_clients:1" in ask("INFO", "clients"), what="the clients' end")
    last = wait_until(lambda: (found := server.snapshot()) and set(found.descriptors) == numbers(server.pid)
                      and found, what="a snapshot that agrees with /proc")
    check.lacks(last.text, "behind fdtrail's back")
    server.send(signal.SIGTERM)
    check.equal(server.wait().status, 0)
    ran("loads", f"redis-server: {3 * REQUESTS} requests, {saves} saves, {snapshots} snapshots")


# nginx gives a new binary none of its environment but what it is told to.
CONF = """\
daemon on;
env LD_PRELOAD; env FDTRAIL_OUTPUT; env FDTRAIL_SIGNAL; env FDTRAIL_INHERITED;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello\\n"; }} }}
}}
"""


@test("nginx under wrk is reloaded, reopens its logs and replaces its binary, and no request fails", timeout=200)
def _():
    port, folder, reports = free_port(), temp_dir(), temp_dir()
    folder.chmod(0o755)
    reports.chmod(0o777)  # the workers are another user where the master is root
    (folder / "conf").write_text(CONF.format(folder=folder, port=port), "ascii")
    words = [require("nginx"), "-p", folder, "-e", folder / "error.log", "-c", folder / "conf"]
    check.equal(start_traced(words, OUTPUT=reports / "report.%p", SIGNAL="RTMIN+3", INHERITED=1).wait().status, 0)
    wait_for_port(port)
    pid_file = folder / "pid"
    old = int(wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), what="a pid file"))

    def workers(pid):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()

    stop, outcomes = threading.Event(), []

    def load():
        while not stop.is_set():
            done = subprocess.run([require("wrk"), "-t1", "-c8", "-d2s", f"http://127.0.0.1:{port}/"],
                                  stdout=subprocess.PIPE, text=True, check=True)
            outcomes.append(done.stdout)

    client = threading.Thread(target=load)
    client.start()
    try:
        before = wait_until(lambda: workers(old), what="a worker")
        os.kill(old, signal.SIGHUP)
        wait_until(lambda: workers(old) and not set(workers(old)) & set(before), 30, what="new workers")
        (folder / "access.log").rename(folder / "access.log.1")
        os.kill(old, signal.SIGUSR1)
        wait_until((folder / "access.log").exists, what="a new log")
        os.kill(old, signal.SIGUSR2)
        new = wait_until(lambda: (Path(str(pid_file) + ".oldbin").exists() and pid_file.exists() and
                                  (found := pid_file.read_text().strip()) and int(found) != old and int(found)),
                         30, what="the new master")
        wait_until(lambda: workers(new), what="its workers")
        os.kill(old, signal.SIGQUIT)
        wait_until(lambda: ended(old), 60, what="the old master's end")
        os.kill(new, signal.SIGRTMIN + 3)
        report = reports / f"report.{new}"
        found = wait_until(lambda: report.exists() and snapshot_text.parse_all(report.read_text()), what="a snapshot")
        check.equal(set(found[-1].descriptors), numbers(new))
    finally:
        stop.set()
        client.join()
    os.kill(new, signal.SIGQUIT)
    wait_until(lambda: ended(new), 60, what="the new master's end")
    requests = sum(int(re.search(r"(\d+) requests in", said)[1]) for said in outcomes)
    for said in outcomes:
        check.lacks(said, "Non-2xx")
    check.at_least(requests, 100)
    ran("loads", f"nginx: {requests} requests through reload, reopening and a new binary")


main()

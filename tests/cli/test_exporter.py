#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail export: what running processes have open, as metrics for Prometheus; served by HTTP, and written to
a file."""

import http.client
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import prometheus_text
from leaker import LEAKS, Leaker
from prometheus_text import chosen, labelled
from run_verb import FDTRAIL
from support import PYTHON, check, main, run_bare, skip, start_traced, temp_dir, test, wait_until

# Opens a device in each of 30 functions, function N of them N times.
MANY_STACKS = """
import os, time
kept = []
for number in range(1, 31):
    exec(f"def opens_{number}():\\n    kept.append(open('/dev/null'))")
    for _ in range(number):
        globals()[f"opens_{number}"]()
print("ready", flush=True)
time.sleep(100)
"""


class Exporter:
    """A server of metrics, on a port that the kernel has chosen."""

    def __init__(self, *words, listen="127.0.0.1:0", interval=0, **arguments):
        self.process = start_traced([FDTRAIL, "export", "--prometheus", f"--listen={listen}",
                                     f"--interval={interval}", *words], traced=False, **arguments)
        wait_until(lambda: "http://" in self.process.out or self.process.status is not None)
        line = check.matches(self.process.out, r"\Afdtrail export: the metrics are at http://(\S+):(\d+)/metrics\n\Z",
                             self.process.err)
        self.host, self.port = line[1].strip("[]"), int(line[2])

    def ask(self, path="/metrics", method="GET"):
        """Status, headers and text of the answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    @property
    def metrics(self):
        status, headers, text = self.ask()
        check.equal((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        return prometheus_text.parse(text)


def export(*words, **arguments):
    return run_bare([FDTRAIL, "export", *words], **arguments)


@test("a traced process has series by kind, state and function, with its growth since the first look")
def _():
    leaker = Leaker()
    exporter = Exporter(leaker.pid)
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_open_descriptors", program="python3", kind="tcp", state="CLOSED", function="leak"), 1)
    check.equal(labelled(found, "fdtrail_open_descriptors", kind="device"), 5)
    check.equal(chosen(found, "fdtrail_process_up"), {f'fdtrail_process_up{{program="python3",pid="{leaker.pid}"}}': 1})
    check.equal(labelled(found, "fdtrail_process_traced", pid=leaker.pid), 1)
    check.equal(labelled(found, "fdtrail_process_ended", pid=leaker.pid), 0)
    check.equal(labelled(found, "fdtrail_process_unclosed_descriptors", pid=leaker.pid), 6)
    check.equal(labelled(found, "fdtrail_process_open_descriptors", pid=leaker.pid),
                6 + labelled(found, "fdtrail_process_inherited_descriptors"))
    check.equal(chosen(found, "fdtrail_growth_descriptors", kind="tcp"),
                {'fdtrail_growth_descriptors{program="python3",kind="tcp"}': 0})
    check.equal(labelled(found, "fdtrail_look_complete"), 1)
    leaker.leak(7)
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_open_descriptors", kind="tcp", function="leak"), 8)
    check.equal(labelled(found, "fdtrail_growth_descriptors", kind="tcp"), 7)
    check.equal(labelled(found, "fdtrail_growth_descriptors", kind="device"), 0)
    check.equal(labelled(found, "fdtrail_grown_groups", program="python3"), 1)
    check.equal(labelled(found, "fdtrail_stack_opened_total", function="leak"), 8)
    check.equal(exporter.process.err, "")


@test("an untraced process has all but stacks, and says so")
def _():
    leaker = Leaker(traced=False)
    exporter = Exporter(leaker.pid)
    leaker.leak(3)
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_process_traced", pid=leaker.pid), 0)
    check.equal(labelled(found, "fdtrail_open_descriptors", kind="tcp", function="[not traced]"), 4)
    check.equal(labelled(found, "fdtrail_growth_descriptors", kind="tcp"), 3)


@test("the stacks with the most descriptors have series, the others are added up: --stacks={}", each=[0, 3, 20])
def _(stacks):
    process = start_traced([PYTHON, "-c", MANY_STACKS])
    wait_until(lambda: "ready" in process.out)
    # The interpreter's own code has several stacks for some functions.
    all_of_them = chosen(prometheus_text.parse(export("--stacks=1000", process.pid).out), "fdtrail_open_descriptors")
    counts = sorted(all_of_them.values(), reverse=True)
    check.at_least(len(counts), 30)
    check.equal(sum(counts), 465)
    run = export(f"--stacks={stacks}", process.pid)
    check.equal((run.status, run.err), (0, ""))
    found = prometheus_text.parse(run.out)
    others = chosen(found, "fdtrail_open_descriptors", function="[other]", stack="")
    kept = {key: value for key, value in chosen(found, "fdtrail_open_descriptors").items() if key not in others}
    check.equal(sorted(kept.values(), reverse=True), counts[:stacks])
    check.equal({key: all_of_them.get(key) for key in kept}, kept)
    check.equal(list(others.values()), [sum(counts[stacks:])])
    check.equal(len(chosen(found, "fdtrail_stack_opened_total")), stacks)


@test("a process that ends has no descriptors any more, and is counted")
def _():
    leaker, other = Leaker(), Leaker()
    exporter = Exporter(leaker.pid, other.pid)
    check.equal(labelled(exporter.metrics, "fdtrail_process_ends_total", program="python3"), 0)
    leaker.tell("end")
    leaker.process.wait()
    found = exporter.metrics
    check.equal(chosen(found, "fdtrail_process_up", pid=leaker.pid), {})
    check.equal(labelled(found, "fdtrail_process_ended", pid=leaker.pid), 1)
    check.equal(chosen(found, "fdtrail_process_open_descriptors", pid=leaker.pid), {})
    check.equal(labelled(found, "fdtrail_open_descriptors", kind="tcp"), 1, "the other one's")
    check.equal(labelled(found, "fdtrail_process_ends_total", program="python3"), 1)
    check.equal(labelled(found, "fdtrail_look_complete"), 1, "nothing was missed")
    check.equal(exporter.process.err, "")


@test("a process that is started again, or executes, is followed and counted")
def _():
    folder = temp_dir()
    script, pipe = folder / "leaks.py", folder / "commands"
    script.write_text(LEAKS)
    subprocess.run(["mkfifo", pipe], check=True)
    loop = start_traced(["sh", "-c", f"while :; do {PYTHON} {script} <> {pipe}; done"])
    wait_until(lambda: "ready" in loop.out)
    exporter = Exporter(int(re.findall(r"ready (\d+)", loop.out)[0]))
    pipe.write_text("end\n")
    wait_until(lambda: loop.out.count("ready") == 2)
    second = re.findall(r"ready (\d+)", loop.out)[1]
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_process_up", pid=second), 1)
    check.equal(chosen(found, "fdtrail_process_ended"), {f'fdtrail_process_ended{{program="python3",pid="{second}"}}': 0})
    check.equal((labelled(found, "fdtrail_process_ends_total"), labelled(found, "fdtrail_process_starts_total")), (1, 1))
    pipe.write_text("exec\n")
    wait_until(lambda: loop.out.count("ready") == 3)
    found = exporter.metrics
    check.equal((labelled(found, "fdtrail_process_ends_total"), labelled(found, "fdtrail_process_starts_total")), (1, 2))


@test("--name finds processes each time; none is 0, and no trouble")
def _():
    copy = temp_dir() / f"fleet{os.getpid() % 100000}"
    shutil.copy("/bin/sleep", copy)
    exporter = Exporter(f"--name={copy.name}", "--name=nobody-has-this")
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_named_processes", name=copy.name), 0)
    check.equal(chosen(found, "fdtrail_process_up"), {})
    started = [start_traced([copy, 100], traced=False) for _ in range(2)]

    def seen():
        found = exporter.metrics
        return labelled(found, "fdtrail_process_up", program=copy.name) == 2 and found

    found = wait_until(seen)
    check.equal(len(chosen(found, "fdtrail_named_processes", name="nobody-has-this")), 1)
    check.equal(labelled(found, "fdtrail_named_processes"), 2)
    check.equal(labelled(found, "fdtrail_process_starts_total", program=copy.name), 2)
    started[0].send(signal.SIGKILL)
    started[0].wait()
    found = exporter.metrics
    check.equal(labelled(found, "fdtrail_named_processes", name=copy.name), 1)
    check.equal(list(chosen(found, "fdtrail_process_up")), [f'fdtrail_process_up{{program="{copy.name}",pid="{started[1].pid}"}}'])
    check.equal(labelled(found, "fdtrail_process_ends_total", program=copy.name), 1)
    check.equal(chosen(found, "fdtrail_process_ended"), {}, "it is forgotten")
    check.equal(labelled(found, "fdtrail_look_complete"), 1)
    check.equal(exporter.process.err, "")


def nobody():
    """A process id that no process has."""
    return int(open("/proc/sys/kernel/pid_max", encoding="ascii").read())


@test("a process that can't be read is 0 and not nothing; its message comes once")
def _():
    leaker = Leaker()
    exporter = Exporter(leaker.pid, nobody())
    for looks in (2, 3):
        found = exporter.metrics
        check.equal(labelled(found, "fdtrail_process_up", pid=leaker.pid), 1)
        check.equal(chosen(found, "fdtrail_process_up", pid=nobody()), {f'fdtrail_process_up{{program="",pid="{nobody()}"}}': 0})
        check.equal(labelled(found, "fdtrail_look_complete"), 0)
        check.equal(labelled(found, "fdtrail_look_failures_total", program=""), looks)
        check.equal(labelled(found, "fdtrail_look_failures_total", program="python3"), 0)
    check.equal(exporter.process.err, f"fdtrail export: there is no process {nobody()}\n")


@test("a process that belongs to another user is 0, not without descriptors")
def _():
    if os.geteuid() != 0:
        skip("only root can run as another user")
    def drop():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    target = start_traced(["sleep", 100], traced=False)
    mine = start_traced(["sleep", 100], traced=False, preexec=drop)
    folder = temp_dir()
    folder.chmod(0o755)
    command = folder / "fdtrail"
    shutil.copy(FDTRAIL, command)
    run = run_bare([command, "export", target.pid, mine.pid], preexec=drop)
    check.equal(run.status, 2)
    check.equal(run.err.count("\n"), 1, run.err)
    found = prometheus_text.parse(run.out)
    check.equal(labelled(found, "fdtrail_process_up", program="sleep", pid=target.pid), 0)
    check.equal(len(chosen(found, "fdtrail_process_up", pid=target.pid)), 1)
    check.equal(labelled(found, "fdtrail_process_up", program="sleep", pid=mine.pid), 1)
    check.equal(chosen(found, "fdtrail_process_open_descriptors", pid=target.pid), {})
    check.equal(labelled(found, "fdtrail_look_complete"), 0)


@test("nothing to serve is one line and status 2")
def _():
    run = export("--listen=0", nobody())
    check.equal((run.status, run.out, run.err), (2, "", f"fdtrail export: there is no process {nobody()}\n"))


@test("SIG{} ends it with status 0, and its port is closed", each=["TERM", "INT", "HUP", "QUIT"])
def _(name):
    exporter = Exporter(Leaker().pid)
    idle = socket.create_connection((exporter.host, exporter.port))
    exporter.ask()
    exporter.process.send(getattr(signal, f"SIG{name}"))
    check.equal((exporter.process.wait(10).status, exporter.process.err), (0, ""))
    check.equal(idle.recv(1), b"", "the connection's end")
    with socket.socket() as again:
        check.true(again.connect_ex((exporter.host, exporter.port)) != 0, "nobody listens any more")


@test("it listens on 127.0.0.1 unless it is told otherwise: --listen={}", each=["0", "127.0.0.1:0", "localhost:0", "[::1]:0"])
def _(listen):
    if ":" in listen.strip("0") and "[" in listen and not os.path.exists("/proc/net/if_inet6"):
        skip("there is no IPv6")
    exporter = Exporter(Leaker().pid, listen=listen)
    check.equal(exporter.host, "::1" if "[" in listen else "127.0.0.1")
    port = f":{exporter.port:04X} "
    tables = "".join(open(f"/proc/net/{name}", encoding="ascii").read() for name in ("tcp", "tcp6")
                     if os.path.exists(f"/proc/net/{name}"))
    listening = [line.split()[1] for line in tables.splitlines() if port in line and line.split()[3] == "0A"]
    check.equal([address.split(":")[0] for address in listening],
                ["00000000000000000000000001000000" if "[" in listen else "0100007F"])
    check.equal(exporter.ask()[0], 200)


@test("a bad address is one line: {}", each=["", "x", ":9836", "65536", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                             "127.0.0.1:-1", "300.0.0.1:80", "::1:80", "[::1]", "[::1:80", "example.org:80",
                                             "[" + "1" * 500 + "]:80"])
def _(listen):
    run = export(f"--listen={listen}", "1")
    check.equal((run.status, run.out), (2, ""))
    check.equal(run.err, f"fdtrail export: --listen={listen} is not accepted: PORT, 127.0.0.1:PORT or [::1]:PORT, with a "
                         "port from 0 to 65535\n")


@test("a port in use, and one that needs root, are one line")
def _():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = export(f"--listen={port}", os.getpid())
        check.equal((run.status, run.out, run.err),
                    (2, "", f"fdtrail export: can't listen on 127.0.0.1:{port}: Address already in use\n"))
    run = export("--listen=192.0.2.1:1", os.getpid())
    check.equal((run.status, run.out, run.err),
                (2, "", "fdtrail export: can't listen on 192.0.2.1:1: Cannot assign requested address\n"))


@test("without libmicrohttpd one line says what to install, and a file is written even so")
def _():
    folder = temp_dir()
    (folder / "libmicrohttpd.so.12").write_text("no library")
    run = export("--listen=0", os.getpid(), env={"LD_LIBRARY_PATH": str(folder)})
    check.equal((run.status, run.out), (2, ""))
    check.matches(run.err, r"\Afdtrail export: --listen needs libmicrohttpd\.so\.12: install libmicrohttpd \(Debian's package "
                           r"is libmicrohttpd12\): .*\n\Z")
    run = export("-o", folder / "out", os.getpid(), env={"LD_LIBRARY_PATH": str(folder)})
    check.equal((run.status, run.err), (0, ""))


@test("options that don't fit are one line: {}", each=[
    ("--listen=0 -o x 1", "--listen writes no file: don't combine it with --output"),
    ("--listen=0", "no process is given: fdtrail export [OPTION...] PID..."),
    ("--stacks=-1 1", "--stacks=-1 is not accepted: a number from 0 to 1000"),
    ("--interval=2h 1", "--interval=2h is not accepted: a time of at most 1h"),
    ("x", "not a process id: 'x'")])
def _(words, line):
    run = export(*words.split())
    check.equal((run.status, run.out, run.err), (2, "", f"fdtrail export: {line}\n"))


@test("other paths, methods and garbage are answered or refused, and the server goes on")
def _():
    exporter = Exporter(Leaker().pid)
    check.equal((exporter.ask("/")[0], exporter.ask("/")[2]), (200, "The metrics are at /metrics\n"))
    check.equal(exporter.ask("/other")[0], 404)
    check.equal(exporter.ask("/metrics/../../etc/passwd")[0], 404)
    status, headers, _ = exporter.ask(method="POST")
    check.equal((status, headers["Allow"]), (405, "GET, HEAD"))
    status, headers, text = exporter.ask(method="HEAD")
    check.equal((status, text), (200, ""))
    for garbage in (b"\0" * 1000, b"GET\r\n\r\n", b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 100000, b"\x16\x03\x01" * 99):
        with socket.create_connection((exporter.host, exporter.port)) as client:
            try:
                client.sendall(garbage)
                client.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it has been refused already
    # A client that says nothing, and one that doesn't wait for its answer.
    idle = socket.create_connection((exporter.host, exporter.port))
    gone = socket.create_connection((exporter.host, exporter.port))
    gone.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    gone.close()
    check.equal(labelled(exporter.metrics, "fdtrail_look_complete"), 1)
    check.equal(exporter.process.err, "")
    idle.close()


@test("many clients at once are all answered, and it leaves no descriptor open itself")
def _():
    exporter = Exporter(Leaker().pid, interval=3600)
    exporter.ask()

    def own():
        return len(os.listdir(f"/proc/{exporter.process.pid}/fd"))

    before = own()
    for _ in range(5):
        clients = [socket.create_connection((exporter.host, exporter.port)) for _ in range(20)]
        for client in clients:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        for client in clients:
            text = b""
            while piece := client.recv(65536):
                text += piece
            check.contains(text.decode(), "fdtrail_process_up{")
            client.close()
    wait_until(lambda: own() <= before, what=f"at most {before} descriptors again")


@test("new snapshots are taken at most every --interval")
def _():
    leaker = Leaker()
    exporter = Exporter(leaker.pid, interval=3600)
    leaker.leak(5)
    check.equal(labelled(exporter.metrics, "fdtrail_open_descriptors", kind="tcp"), 1)
    exporter = Exporter(leaker.pid, interval="0.2")
    leaker.leak(5)
    wait_until(lambda: labelled(exporter.metrics, "fdtrail_open_descriptors", kind="tcp") == 11)


@test("nothing is asked of the process while nobody asks for metrics")
def _():
    leaker = Leaker()
    exporter = Exporter(leaker.pid)
    number = labelled(exporter.metrics, "fdtrail_snapshot_timestamp_seconds")
    time.sleep(1)
    stamp = run_bare([FDTRAIL, "snapshot", "--raw", leaker.pid]).out
    # The first look, the one above, and this one.
    check.contains(stamp, "number: 3\n")
    check.at_least(number, 1)


@test("-o writes a file for node_exporter, whole or not at all")
def _():
    leaker, folder = Leaker(), temp_dir()
    run = export("-o", folder / "fdtrail.prom", leaker.pid, preexec=lambda: os.umask(0o022))
    check.equal((run.status, run.out, run.err), (0, "", ""))
    check.equal(os.listdir(folder), ["fdtrail.prom"])
    check.equal(stat.S_IMODE((folder / "fdtrail.prom").stat().st_mode), 0o644)
    found = prometheus_text.parse((folder / "fdtrail.prom").read_text())
    check.equal(labelled(found, "fdtrail_open_descriptors", kind="tcp", function="leak"), 1)
    for name in ("fdtrail_growth_descriptors", "fdtrail_process_ends_total"):
        check.equal(chosen(found, name), {}, "one look has nothing to compare with")
    # What could not be read is in the file, and the status says that something was missed.
    run = export("-o", folder / "fdtrail.prom", leaker.pid, nobody())
    check.equal((run.status, run.err), (2, f"fdtrail export: there is no process {nobody()}\n"))
    found = prometheus_text.parse((folder / "fdtrail.prom").read_text())
    check.equal(labelled(found, "fdtrail_look_complete"), 0)
    check.equal(labelled(found, "fdtrail_process_up", pid=leaker.pid), 1)
    run = export("-o", folder / "nowhere" / "x", leaker.pid)
    check.equal(run.status, 2)
    check.matches(run.err, r"\Afdtrail export: can't write .*x: No such file or directory\n\Z")


@test("--children, --kinds and --outside do as for other verbs")
def _():
    shell = start_traced(["sh", "-c", "sleep 100; :"])
    wait_until(lambda: subprocess.run(["pgrep", "-P", str(shell.pid)], stdout=subprocess.DEVNULL, check=False).returncode == 0)
    found = prometheus_text.parse(export("--children", shell.pid).out)
    check.equal(len(chosen(found, "fdtrail_process_up")), 2)
    check.equal(len(chosen(found, "fdtrail_process_up", program="sleep")), 1)
    leaker = Leaker()
    found = prometheus_text.parse(export("--kinds=tcp", leaker.pid).out)
    check.equal((labelled(found, "fdtrail_open_descriptors", kind="tcp"),
                 chosen(found, "fdtrail_open_descriptors", kind="device")), (1, {}))
    found = prometheus_text.parse(export("--outside", leaker.pid).out)
    check.equal(labelled(found, "fdtrail_process_traced"), 0)


@test("a scrape has every metric of the table, and no other")
def _():
    leaker = Leaker()
    exporter = Exporter(leaker.pid, "--name=nobody-has-this")
    leaker.leak(2)
    check.equal(sorted({key.split("{")[0] for key in exporter.metrics}), sorted(prometheus_text.names()))


main()

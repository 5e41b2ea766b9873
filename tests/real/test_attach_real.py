#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail attach to real programs in the middle of their work: new leaks are named, and no work is lost."""

import os
import re
import socket
import subprocess
import threading
import time

import snapshot_text
from nginx import Server
from support import (BUILD, PYTHON, check, free_port, main, require, require_attach, run_bare, start_traced,
                     temp_dir, test, wait_for_port, wait_until)

FDTRAIL = BUILD / "tools" / "fdtrail"


def fdtrail(verb, *arguments, **options):
    return run_bare([FDTRAIL, verb, *map(str, arguments)], **options)


def attach(*arguments):
    require_attach()
    asked = fdtrail("attach", "--background", *arguments)
    check.equal(asked.status, 0, asked.err)
    return asked


def detach(pid):
    asked = fdtrail("detach", pid)
    check.equal(asked.status, 0, asked.err)


def taken(pid, *arguments):
    asked = fdtrail("snapshot", "--raw", *arguments, pid)
    check.equal((asked.status, asked.err), (0, ""))
    return {found.pid: found for found in snapshot_text.parse_all(asked.out)}


class Load(threading.Thread):
    """Calls request() until it is stopped; counts answers and failures."""

    def __init__(self, request):
        super().__init__(daemon=True)
        self.request, self.answers, self.failures, self.stopped = request, 0, [], False
        self.start()

    def run(self):
        while not self.stopped:
            try:
                self.request()
                self.answers += 1
            except Exception as error:  # any: the check shows it
                self.failures.append(repr(error))
                return

    def stop(self):
        self.stopped = True
        self.join()
        check.equal(self.failures, [])
        return self.answers


def during(request, work, clients=4):
    """Runs work under load; every request must be answered."""
    loads = [Load(request) for _ in range(clients)]
    try:
        wait_until(lambda: sum(load.answers for load in loads) > 50 or any(load.failures for load in loads))
        work()
        before = sum(load.answers for load in loads)
        wait_until(lambda: sum(load.answers for load in loads) > before + 50 or any(load.failures for load in loads))
    finally:
        answers = sum(load.stop() for load in loads)
    return answers


@test("nginx: master and workers are attached to under load, no request is lost, workers of a reload are traced", timeout=120)
def _():
    server = Server(traced=False)

    def work():
        for _ in range(5):
            asked = attach("--children", server.master.pid)
            check.equal(len(re.findall("^fdtrail: attached to", asked.err, re.MULTILINE)), 2, asked.err)
            found = taken(server.master.pid, "--children")
            check.equal(set(found), {server.master.pid, server.worker})
            asked = fdtrail("detach", server.master.pid)
            check.equal(len(re.findall("^fdtrail: detached from", asked.err, re.MULTILINE)), 2, asked.err)

    during(server.get, work)
    attach("--children", server.master.pid)
    during(server.get, lambda: None)
    os.kill(server.master.pid, 1)  # SIGHUP: new workers
    children = f"/proc/{server.master.pid}/task/{server.master.pid}/children"
    wait_until(lambda: str(server.worker) not in open(children).read().split() and open(children).read())
    new = int(open(children).read().split()[0])
    during(server.get, lambda: check.lacks(taken(new)[new].text, "taken from outside"))
    fdtrail("detach", server.master.pid)
    check.equal(server.stop(), 0)


PYTHON_SERVER = """
import concurrent.futures, socketserver, socket, sys, threading
kept = []
def leak():
    kept.append(socket.socket())
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        word = self.rfile.readline()
        if word == b"leak\\n":
            leak()
        self.wfile.write(str(pool.submit(sum, range(1000)).result()).encode() + b"\\n")
pool = concurrent.futures.ThreadPoolExecutor(8)
server = socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.daemon_threads = True
server.serve_forever()
"""


def ask_line(port, word, expected):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(word)
        answer = client.makefile("rb").readline()
        if answer != expected:
            raise AssertionError(f"{answer!r} instead of {expected!r}")


def leaks_ten(pid, port, word, expected, kind, attaches=5):
    """Attaches to a server under load, lets it leak ten descriptors of this kind, and checks that they have stacks."""

    def work():
        for _ in range(attaches - 1):
            attach(pid)
            detach(pid)
        attach(pid)
        for _ in range(10):
            ask_line(port, word, expected)
        # A compiler at run time gives one place several stacks.
        wait_until(lambda: sum(group.count for group in taken(pid)[pid].groups
                               if kind in group.sentence and ", opened " in group.sentence) >= 10, 15,
                   "ten with a stack")
        detach(pid)

    return during(lambda: ask_line(port, b"hello\n", expected), work)


@test("python3: a server with threads is attached to under load, and ten leaked sockets have stacks", timeout=120)
def _():
    port = free_port()
    server = start_traced([PYTHON, "-c", PYTHON_SERVER, str(port)], traced=False)
    wait_for_port(port)
    leaks_ten(server.pid, port, b"leak\n", b"499500\n", "tcp socket")
    check.equal((server.status, server.err), (None, ""))


NODE_SERVER = """
const net = require("net"), fs = require("fs");
const kept = [];
net.createServer(client => client.on("data", data => {
    if (String(data) === "leak\\n") kept.push(fs.openSync("/dev/zero"));
    fs.readFile("/proc/self/comm", () => client.end("done\\n"));
})).listen(Number(process.argv[1]), "127.0.0.1");
"""


@test("node is attached to under load, and ten leaked files have stacks", timeout=120)
def _():
    port = free_port()
    server = start_traced([require("node"), "-e", NODE_SERVER, str(port)], traced=False)
    wait_for_port(port)
    leaks_ten(server.pid, port, b"leak\n", b"done\n", "device")
    check.equal((server.status, server.err), (None, ""))


JAVA_SERVER = """
import java.io.*;
import java.net.*;
import java.util.*;
import java.util.concurrent.*;

public class Served {
    static final List<FileInputStream> kept = Collections.synchronizedList(new ArrayList<>());

    static void serve(Socket client) {
        try (client) {
            String word = new BufferedReader(new InputStreamReader(client.getInputStream())).readLine();
            if ("leak".equals(word))
                kept.add(new FileInputStream("/dev/zero"));
            byte[] memory = new byte[100000];
            client.getOutputStream().write(("done " + memory.length + "\\n").getBytes());
        } catch (IOException error) {
            error.printStackTrace();
        }
    }

    public static void main(String[] arguments) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]), 50, InetAddress.getLoopbackAddress());
        while (true) {
            Socket client = server.accept();
            pool.execute(() -> serve(client));
        }
    }
}
"""


@test("java is attached to under load, while it collects garbage and compiles", timeout=180)
def _():
    java = require("java")
    source = temp_dir() / "Served.java"
    source.write_text(JAVA_SERVER)
    port = free_port()
    server = start_traced([java, "-Xmx64m", source, str(port)], traced=False)
    wait_for_port(port, 60)
    leaks_ten(server.pid, port, b"leak\n", b"done 100000\n", "device")
    check.equal((server.status, server.err), (None, ""))


@test("redis is attached to while redis-benchmark runs and it saves by forking", timeout=120)
def _():
    port = free_port()
    server = start_traced([require("redis-server"), "--port", str(port), "--save", "", "--dir", str(temp_dir())],
                          traced=False)
    wait_for_port(port)
    bench = subprocess.Popen([require("redis-benchmark"), "-p", str(port), "-n", "200000", "-t", "set,get", "-q"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    count = 0
    while bench.poll() is None and count < 10:
        attach(server.pid)
        subprocess.run(["redis-cli", "-p", str(port), "bgsave"], check=False, stdout=subprocess.DEVNULL)
        check.equal(fdtrail("snapshot", "--raw", server.pid).status, 0)
        fdtrail("detach", server.pid)  # and from a child that saves
        count += 1
    out = bench.communicate(timeout=100)[0]
    check.equal(bench.returncode, 0, out)
    check.lacks(out, "Error")
    check.at_least(count, 3)
    check.equal(server.status, None)


@test("ruby and php are attached to, and their leak is counted", timeout=60)
def _():
    for argv in ([require("ruby"), "-e", "$k = []; puts 'ready'; $stdout.flush; loop { sleep 0.05; "
                                         "$k << File.open('/dev/zero') if $k.size < 10 }"],
                 [require("php"), "-r", "$k = []; echo \"ready\\n\"; while (true) { usleep(50000); "
                                        "if (count($k) < 10) $k[] = fopen('/dev/zero', 'r'); }"]):
        started = start_traced(argv, traced=False)
        wait_until(lambda: "ready\n" in started.out)
        attach(started.pid)
        time.sleep(0.2)
        wait_until(lambda: any(group.count >= 5 and ", opened " in group.sentence
                               for group in taken(started.pid)[started.pid].groups))
        detach(started.pid)
        check.equal((started.status, started.err), (None, ""))


main()

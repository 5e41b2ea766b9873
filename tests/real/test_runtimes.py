#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""node and java, unchanged: runtimes that make their own machine code and use many threads. OCaml: its inlined
functions."""

import signal
from pathlib import Path

from loads import held_against_proc
from support import (BUILD, check, main, require, run_bare, run_traced, start_traced, temp_dir, test,
                     wait_until)


def same(name, file, text, **arguments):
    """The traced run of a script, once its result was the same as that of a bare run."""
    path = temp_dir() / file
    path.write_text(text, "ascii")
    bare, traced = (run([require(name), path], timeout=60, **arguments) for run in (run_bare, run_traced))
    check.equal((traced.status, traced.out, traced.err), (bare.status, bare.out, bare.err))
    return traced


def states(run):
    """The states of TCP sockets in the last snapshot, sorted."""
    return sorted(state for state in ("ESTABLISHED", "LISTEN") for found in run.last.descriptors.values()
                  if found.kind == "tcp" and state in found.text)


@test("node: sockets left open are in the snapshot, with libuv's functions", timeout=120)
def _():
    run = same("node", "leak.js", """\
const net = require("net");
const server = net.createServer(() => {
    console.log("connected");
    process.exit(5);
}).listen(0, "127.0.0.1", () => net.connect(server.address().port, "127.0.0.1"));
""")
    check.equal(run.status, 5)
    check.equal(states(run), ["ESTABLISHED", "ESTABLISHED", "LISTEN"])
    check.matches(run.last.text, r"\buv_|\buv__|node")


@test("node: with --perf-basic-prof a report names the script's functions, files and lines", timeout=120)
def _():
    script = temp_dir() / "leaks.js"
    script.write_text("""\
const fs = require("fs");
function leak_file() { return fs.openSync("/dev/null", "r"); }
function leak_files(count) { let sum = 0; for (let i = 0; i < count; i++) sum += leak_file(); return sum; }
leak_files(3);
process.exit(0);
""", "ascii")
    run = run_traced([require("node"), "--perf-basic-prof", "--interpreted-frames-native-stack", script], timeout=60,
                     cwd=temp_dir())  # node writes a log into its folder
    try:
        check.equal(run.status, 0)
        path = next(run.dir.glob(f"report.{run.pid}"))
        report = run_bare([BUILD / "tools" / "fdtrail", "report", path], timeout=60).out
    finally:
        Path(f"/tmp/perf-{run.pid}.map").unlink(missing_ok=True)
    check.matches(report, rf"(?m)^\d+\. 3 devices, opened in leak_file at {script}:2$")
    check.matches(report, rf"(?m)^   => #\d+ +leak_file +{script}:2(:\d+)?$")
    check.matches(report, rf"(?m)^      #\d+ +leak_files +{script}:3(:\d+)?$")


@test("node: child processes work, and the parent's records stay complete", timeout=120)
def _():
    run = same("node", "child.js", """\
const {execFileSync, spawnSync} = require("child_process");
const net = require("net");
const server = net.createServer().listen(0, "127.0.0.1", () => {
    for (let i = 0; i < 3; i++) console.log(execFileSync("echo", ["hello"]).toString());
    console.log(spawnSync("sh", ["-c", "exit 3"]).status, spawnSync("/no/such").error.code);
    process.exit(0);
});
""")
    check.equal(states(run), ["LISTEN"])


@test("java: a socket left open by a single source file is in the snapshot", timeout=180)
def _():
    run = same("java", "Leak.java", """\
import java.net.*;

public class Leak {
    public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
        Socket client = new Socket("127.0.0.1", server.getLocalPort());
        Socket accepted = server.accept();
        client.getOutputStream().write(7);
        System.out.println(accepted.getInputStream().read());
        Runtime.getRuntime().halt(6);
    }
}
""")
    check.equal(run.status, 6)
    check.contains(run.last.text, "ESTABLISHED")
    check.contains(run.last.text, "LISTEN")
    check.matches(run.last.text, r"Java_sun_nio_ch_Net|NET_Socket|libnio|libnet")


@test("java: a child process works", timeout=180)
def _():
    same("java", "Child.java", """\
public class Child {
    public static void main(String[] arguments) throws Exception {
        Process child = new ProcessBuilder("sh", "-c", "echo hello; exit 3").inheritIO().start();
        System.out.println(child.waitFor());
    }
}
""")


@test("ocaml: a leak through inlined functions is at the program's own line")
def _():
    folder = temp_dir()
    source = folder / "leaks.ml"
    source.write_text("""\
let first_line path = let channel = open_in path in
  input_line channel
let poll () =
  for _ = 1 to 5 do ignore (first_line "/etc/passwd") done
let () = poll ()
""", "ascii")
    done = run_bare([require("ocamlopt"), "-g", "-o", "leaks", source.name], cwd=folder, timeout=60)
    check.equal((done.status, done.out, done.err), (0, "", ""), "ocamlopt")
    run = run_traced([folder / "leaks"])
    check.equal(run.status, 0)
    report = run_bare([BUILD / "tools" / "fdtrail", "report", next(run.dir.glob(f"report.{run.pid}"))]).out
    check.matches(report, rf"(?m)^  look first at: 5 files, opened in Leaks\.first_line at {source}:1$")
    check.matches(report, rf"(?m)^1\. 5 files, opened in Leaks\.first_line at {source}:1$")
    check.matches(report, r"(?m)^      #\d Stdlib\.open_in_gen +\S*stdlib\.ml:\d+:\d+\n"
                          r"      #\d Stdlib\.open_in +stdlib\.ml:\d+:\d+ \(inlined\)\n"
                          rf"   =>    Leaks\.first_line +{source}:1:37 \(inlined\)\n"
                          rf"         Leaks\.poll +{source}:4:28\n"
                          rf"      #\d Leaks +{source}:5:10$")
    # The tables stay; the folder is only in DWARF.
    check.equal(run_bare(["strip", folder / "leaks"]).status, 0)
    run = run_traced([folder / "leaks"])
    report = run_bare([BUILD / "tools" / "fdtrail", "report", next(run.dir.glob(f"report.{run.pid}"))]).out
    check.matches(report, r"(?m)^1\. 5 files, opened in Leaks\.first_line at leaks\.ml:1$")


def same_at_rest(name, file, text, signal_name):
    """Runs a script that prints "at rest" and waits, bare and traced. Its output and status must be the same,
and the traced one's snapshot must match /proc. Returns the snapshot. The signal is one that the runtime
leaves alone, because node handles SIGUSR1 and the JVM suspends threads by SIGUSR2."""
    path = temp_dir() / file
    path.write_text(text, "ascii")
    said, snapshot = [], None
    for traced in (False, True):
        options = {"SIGNAL": signal_name, "INHERITED": 1} if traced else {}
        run = start_traced([require(name), path], traced=traced, **options)
        wait_until(lambda run=run: "at rest" in run.out or run.status is not None, 100, "the end of its work")
        check.equal(run.status, None, f"its exit status; {run.out}{run.err}")
        if traced:
            snapshot = held_against_proc(run.snapshot, run.pid)
        run.send(signal.SIGTERM)
        said.append((run.wait().status, run.out, run.err))
    check.equal(said[1], said[0])
    return snapshot


@test("node: net, http, child_process and worker_threads in use; the snapshot matches /proc", timeout=200)
def _():
    snapshot = same_at_rest("node", "work.js", """\
const net = require("net"), http = require("http"), fs = require("fs"), path = require("path");
const {execFile, spawn, fork} = require("child_process");
const {Worker, isMainThread, parentPort} = require("worker_threads");

if (process.argv[2] === "forked") {
    process.on("message", text => { process.send(text + " back"); process.disconnect(); });
} else if (!isMainThread) {
    for (let i = 0; i < 50; i++) fs.closeSync(fs.openSync(__filename));
    const server = net.createServer(socket => socket.pipe(socket)).listen(0, "127.0.0.1", () => {
        const client = net.connect(server.address().port, "127.0.0.1");
        client.end("from a worker");
        client.on("data", data => { server.close(() => parentPort.postMessage(String(data))); });
    });
} else {
    const call = start => new Promise((resolve, reject) => start(resolve, reject));
    const get = (port, agent) => call((resolve, reject) =>
        http.get({port, host: "127.0.0.1", agent}, answer => {
            let text = "";
            answer.on("data", data => text += data);
            answer.on("end", () => resolve(text));
        }).on("error", reject));
    const web = http.createServer((request, answer) => answer.end("hello"));
    (async () => {
        await call(resolve => web.listen(0, "127.0.0.1", resolve));
        const port = web.address().port, agent = new http.Agent({keepAlive: true, maxSockets: 4});
        const texts = await Promise.all(Array.from({length: 40}, () => get(port, agent)));
        console.log("http", texts.length, new Set(texts).size);
        await Promise.all(Array.from({length: 40}, () => get(port, false)));
        for (let i = 0; i < 10; i++)
            await call((resolve, reject) => execFile("echo", [String(i)], (error, out) =>
                error ? reject(error) : resolve(out)));
        const cat = spawn("cat"); cat.stdin.end("through cat");
        console.log(String(await call(resolve => cat.stdout.on("data", resolve))));
        await call(resolve => cat.on("close", resolve));
        const child = fork(__filename, ["forked"]);
        child.send("there and");
        console.log(await call(resolve => child.on("message", resolve)));
        await call(resolve => child.on("exit", resolve));
        const workers = Array.from({length: 3}, () => new Worker(__filename));
        console.log(await Promise.all(workers.map(worker => call((resolve, reject) => {
            worker.on("message", resolve); worker.on("error", reject);
        }))));
        await Promise.all(workers.map(worker => worker.terminate()));
        const kept = fs.openSync(__filename);
        console.log("at rest");
    })().catch(error => { console.log(error); process.exit(1); });
}
""", "USR2")
    check.matches(snapshot.text, r"127\.0\.0\.1:\d+, LISTEN")
    check.contains(snapshot.text, "work.js, read")


@test("java: sockets, channels and Files in use; the snapshot matches /proc", timeout=200)
def _():
    snapshot = same_at_rest("java", "Work.java", """\
import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.channels.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class Work {
    static int echo(ServerSocket server, String text) throws Exception {
        try (Socket client = new Socket("127.0.0.1", server.getLocalPort()); Socket accepted = server.accept()) {
            client.getOutputStream().write(text.getBytes());
            return accepted.getInputStream().readNBytes(text.length()).length;
        }
    }

    public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        int sum = 0;
        for (int i = 0; i < 40; i++) sum += echo(server, "hello");
        System.out.println("echoed " + sum);
        Path folder = Files.createTempDirectory("work");
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> sizes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Path file = folder.resolve("file" + i);
            sizes.add(pool.submit(() -> {
                Files.writeString(file, "some text");
                try (InputStream in = Files.newInputStream(file)) { in.readAllBytes(); }
                Files.copy(file, folder.resolve(file.getFileName() + ".copy"));
                return Files.size(file);
            }));
        }
        long bytes = 0;
        for (Future<Long> size : sizes) bytes += size.get();
        pool.shutdown();
        pool.awaitTermination(60, TimeUnit.SECONDS);
        try (DirectoryStream<Path> list = Files.newDirectoryStream(folder)) {
            for (Path file : list) Files.delete(file);
        }
        Files.delete(folder);
        System.out.println("bytes " + bytes);
        Selector selector = Selector.open();
        ServerSocketChannel listening = ServerSocketChannel.open();
        listening.bind(new InetSocketAddress("127.0.0.1", 0)).configureBlocking(false);
        listening.register(selector, SelectionKey.OP_ACCEPT);
        SocketChannel client = SocketChannel.open(listening.getLocalAddress());
        System.out.println("selected " + selector.select());
        SocketChannel accepted = listening.accept();
        System.out.println("at rest");
        Thread.sleep(600000);
    }
}
""", "USR1")
    check.equal(len([found for found in snapshot.descriptors.values() if "ESTABLISHED" in found.text]), 2,
                "a channel's two ends")
    check.contains([found.kind for found in snapshot.descriptors.values()], "epoll")


main()

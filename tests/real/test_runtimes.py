#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""node and java, unchanged: runtimes that make their own machine code and use many threads."""

from support import check, main, require, run_bare, run_traced, temp_dir, test


def same(name, file, text, **arguments):
    """The traced run of a script, once its result has been found to be that of a bare run."""
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


@test("node: child processes work, and the parent's records stay whole", timeout=120)
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


main()

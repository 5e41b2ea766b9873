# SPDX-License-Identifier: MIT
"""The programs of programs/java/, compiled; and a Java server under load."""

import http.client
import re
import subprocess
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

from loads import held_against_proc
from support import SOURCE, check, ran, require, start_traced, wait_until

PROGRAMS = SOURCE / "tests" / "programs" / "java"
OLD = ("ErrorPath", "Compiled", "Shapes")  # those that Java 8 can run
NEEDS = {"AcceptsAndForgets": 16, "Virtual": 21}  # newer versions of Java than others
KEPT = tempfile.TemporaryDirectory(prefix="fdtrail-java-")


@cache
def version_of(tool):
    """The number of the release that this java or javac belongs to: 8, 17, 25."""
    said = subprocess.run([tool, "-version"], capture_output=True, text=True, check=True, timeout=60)
    return int(re.search(r'(?:version "|javac )(?:1\.)?(\d+)', said.stdout + said.stderr)[1])


def is_too_new(kind):
    """Whether javac can't compile the program."""
    return NEEDS.get(kind, 0) > version_of(require("javac"))


@cache
def classes(release=""):
    """The folder of the compiled programs. With a release, only those that old machines can run."""
    folder = Path(KEPT.name) / f"release{release}"  # temp_dir() is a test's own
    sources = [path for path in sorted(PROGRAMS.glob("*.java")) if path.stem in OLD or not release]
    options = ["--release", release, "-Xlint:-options"] if release else []
    subprocess.run([require("javac"), "-g", *options, "-d", folder,
                    *(path for path in sources if not is_too_new(path.stem))], check=True, timeout=120)
    return folder


def line_of(kind, mark):
    """"ErrorPath.java:7": the line with this mark."""
    lines = (PROGRAMS / f"{kind}.java").read_text("utf-8").splitlines()
    return f"{kind}.java:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'// {mark}'))}"


def server_under_load(seconds, connections=64):
    """Many clients ask the server; it must answer each, and a snapshot must equal /proc and name the leak."""
    server = start_traced([require("java"), "-Xmx256m", "-cp", classes(), "Server"], timeout=seconds + 120,
                          INHERITED="1")
    port = int(wait_until(lambda: server.out.strip(), 60, "the server's port"))
    until, answers, wrong = time.monotonic() + seconds, [0] * connections, []

    def ask(client):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while time.monotonic() < until:
                connection.request("GET", f"/?{answers[client]}")
                reply = connection.getresponse()
                if (reply.status, reply.read()) != (200, expected):
                    wrong.append(reply.status)
                answers[client] += 1
        except (OSError, http.client.HTTPException) as error:
            wrong.append(repr(error))
        finally:
            connection.close()

    expected = Path("/etc/passwd").read_bytes()
    threads = [threading.Thread(target=ask, args=[client]) for client in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check.equal(wrong, [])
    check.true(min(answers) > 0, f"each client was answered: {answers}")
    snapshot = held_against_proc(server.snapshot, server.pid)
    leaks = [count for count, place in re.findall(r"^group \d+: (\d+) files?, opened in Server\.answer at (\S+)$",
                                                  snapshot.text, re.MULTILINE) if place == line_of("Server", "LEAKS")]
    check.equal([int(count) for count in leaks], [sum((count + 99) // 100 for count in answers)], snapshot.text)
    check.lacks(snapshot.text, " in ? ")
    ran("java", f"{sum(answers)} requests by {connections} clients in {seconds} s")
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=60).request("GET", "/end")
    except OSError:
        pass
    server.wait(60)
    check.equal(server.status, 0)
    told = [line for line in server.err.splitlines() if re.match(r"#|OpenJDK|WARNING|Exception", line)]
    check.equal(told, [])

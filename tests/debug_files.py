# SPDX-License-Identifier: MIT
"""Programs whose debug information lies elsewhere, and snapshots made by the test, whose frames need names."""

import http.server
import os
import re
import subprocess
import threading
from pathlib import Path

from support import TESTS, compile_program, require, skip, temp_dir

INLINES = TESTS / "programs" / "inlines.cpp"
HOST = os.uname().nodename
NOW = "2090-01-01T00:00:00.000Z"


def build_id(path):
    """The build-id of an ELF file, or None."""
    notes = subprocess.run(["readelf", "-n", path], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Build ID: (\w+)", notes)
    return found[1] if found else None


def snapshot_of(module, addresses, build="", host=HOST, when=NOW, names=None, pid=4711):
    """A snapshot's text. build: the build-id in it; "": the file's; None: none."""
    identity = build_id(module) if build == "" else build
    identity = f" (BuildId: {identity})" if identity else ""
    frames = []
    for index, address in enumerate(addresses):
        name = f" in {names[index]}" if names and names[index] else ""
        frames.append(f"    #{index} {0x7f0000000000 + address:#x}{name} ({module}+{address:#x}){identity}\n")
    return (f"fdtrail snapshot, format 1\nwhy: a test\nnumber: 1\nwhen: {when}\nprocess: {pid} tested, user 0\nuptime: 1.0s\n"
            f"descriptors: 4 open, limit 1024 (0 %)\nhost: {host}\nunclosed: 1 in 1 group; 3 inherited\n\n"
            f"group 1: 1 file, opened in somewhere\n  stack: 1 opened, 0 closed, 1 live\n  opened at:\n"
            f"{''.join(frames)}  descriptors:\n    3 file /tmp/x, read, age 0.1s\n\nend of fdtrail snapshot, format 1\n")


def split_copy(how):
    """A stripped copy of the C++ program, its debug file, and the folder of both. how: where the debug file
lies."""
    whole = compile_program(INLINES, "gcc")
    folder = temp_dir()
    stripped, debug = folder / "inlines", folder / "inlines.debug"
    subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
    subprocess.run(["strip", "-o", stripped, whole], check=True)
    if how == "build-id":
        identity = build_id(whole)
        kept = folder / "debug" / ".build-id" / identity[:2] / f"{identity[2:]}.debug"
        kept.parent.mkdir(parents=True)
        debug.rename(kept)
        debug = kept
    elif how == "link":
        subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", stripped], check=True)
    elif how == "link into .debug":
        subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", stripped], check=True)
        (folder / ".debug").mkdir()
        debug = debug.rename(folder / ".debug" / debug.name)
    return whole, stripped, debug, folder


class Server(http.server.ThreadingHTTPServer):
    """A debuginfod, which answers /buildid/BUILDID/debuginfo. With stall it sends a part, and the rest after
this many seconds, or when go_on is set."""

    def __init__(self, files, stall=0):
        self.files, self.stall, self.asked, self.go_on = files, stall, [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.stall:
            self.wfile.write(content[:1000])
            self.wfile.flush()
            self.server.go_on.wait(self.server.stall)
            content = content[1000:]
        self.wfile.write(content)


def elfutils():
    """The version of elfutils that the command is built with: (0, 188)."""
    version = subprocess.run([require("pkg-config"), "--modversion", "libdw"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in version.stdout.split("."))


def debuginfod(stall=0):
    """A program without debug information, one with it, a server that has it, and the environment to use that
server."""
    if not any(Path(folder).glob("libdebuginfod.so.1") for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib",
                                                                     "/usr/lib/aarch64-linux-gnu")):
        skip("libdebuginfod is not installed")
    whole, stripped, debug, folder = split_copy("nowhere")
    server = Server({f"/buildid/{build_id(whole)}/debuginfo": debug.read_bytes()}, stall)
    debug.unlink()
    env = {"DEBUGINFOD_URLS": server.url, "DEBUGINFOD_CACHE_PATH": str(folder / "cache"), "DEBUGINFOD_TIMEOUT": "20"}
    return whole, stripped, server, env

# SPDX-License-Identifier: MIT
"""An nginx for a test, for the tests of its answers and for those under load."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import snapshot_text
from nginx_conf import write_configuration
from support import free_port, require, start_traced, temp_dir, wait_for_port, wait_until

def nginx_command(folder):
    """An nginx that works in the folder. Since 1.19.5 it must also be told so for its first messages."""
    nginx = require("nginx")
    known = subprocess.run([nginx, "-h"], capture_output=True, text=True, check=False).stderr
    return [nginx, "-p", folder, *(["-e", folder / "error.log"] if "-e filename" in known else []), "-c", folder / "conf"]


def children(pid):
    """The pids of a process' children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


class Server:
    """An nginx on a port and in a folder of the test's."""

    def __init__(self, traced=True, workers=1, keepalive=60, daemon="off", main="", **arguments):
        self.port, self.folder = free_port(), temp_dir()
        self.folder.chmod(0o755)
        write_configuration(self.folder, self.port, workers, keepalive, daemon, main)
        self.reports = temp_dir()
        self.reports.chmod(0o777)  # the worker is another user if the master is root
        if traced:
            arguments.setdefault("OUTPUT", self.reports / "report.%p")
        self.master = start_traced(nginx_command(self.folder), traced=traced, **arguments)
        wait_for_port(self.port)
        # A daemon's master is a process of its own; orphans come to the test process, which is their subreaper.
        self.pid = self.master.pid if daemon == "off" else int(wait_until(self._pid, what="the master's pid"))
        self.worker = wait_until(self._worker, what="a worker")

    def _pid(self):
        path = self.folder / "pid"
        return path.read_text().strip() if path.exists() else None

    def _worker(self):
        found = children(self.pid)
        return found[0] if found else None

    def get(self, path="/"):
        """The answer to a request on a connection of its own."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(4096), b"")).decode()

    def snapshots(self, pid):
        """The snapshots that this process has written."""
        path = self.reports / f"report.{pid}"
        return snapshot_text.parse_all(path.read_text(errors="replace")) if path.exists() else []

    def snapshot(self, pid, number=signal.SIGUSR1):
        """A new snapshot, requested by the signal."""
        before = len(self.snapshots(pid))
        os.kill(pid, number)
        return wait_until(lambda: self.snapshots(pid)[before:], what="a snapshot")[0]

    def stop(self, number=signal.SIGQUIT):
        """The exit status."""
        self.master.send(number)
        return self.master.wait().status

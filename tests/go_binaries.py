# SPDX-License-Identifier: MIT
"""Real Go programs from npm, built by many versions of Go, for the short tests and the long ones: servers that
get requests, and clients whose server never answers."""

import fcntl
import json
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import threading

import json_documents
import snapshot_text
from loads import table
from support import BUILD, ENGINE, Failed, check, require, skip, start_traced, temp_dir, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"
# By itself it plants code in Go programs. TEST_ENGINE=ptrace: all of them stop at their calls.
RUN = [FDTRAIL, "run", *(["--engine=ptrace"] if ENGINE == "ptrace" else [])]

_unreachable = []  # why the registry can't be reached, so that only the first test waits for it


def from_npm(package, version, path):
    """The path of a file of an npm package, fetched once and kept in the build folder."""
    folder = BUILD / "tests" / "npm" / f"{package.replace('/', '+')}@{version}"
    require("npm")
    folder.mkdir(parents=True, exist_ok=True)
    # Tests run in parallel. A folder that exists is complete, because a rename puts it there.
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "package").exists():
            _fetch(package, version, folder)
    return str(folder / "package" / path)


def _fetch(package, version, folder):
    if not _unreachable:
        try:
            done = subprocess.run(["npm", "pack", "--silent", "--fetch-retries=1", f"{package}@{version}"],
                                  cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  check=False, timeout=120)
            if done.returncode != 0:
                _unreachable.append(done.stderr.strip().split("\n")[0][:100])
        except subprocess.TimeoutExpired:
            _unreachable.append("no answer within 2 minutes")
    if _unreachable:
        skip(f"npm can't fetch {package} {version}: {_unreachable[0]}")
    packed, part = folder / done.stdout.strip().split("\n")[-1], folder / "part"
    subprocess.run(["rm", "-rf", part], check=True)
    part.mkdir()
    subprocess.run(["tar", "xzf", packed, "-C", part], check=True)
    packed.unlink()
    # npm ignores the folder's name in the archive, and so does this.
    (unpacked,) = part.iterdir()
    unpacked.rename(folder / "package")


def sections(group):
    """The stacks of a group: (heading, functions), in their order."""
    found = []
    for line in group.text.split("\n"):
        heading = re.match(r"  (opened at|created by|connected at|last HTTP request by)\b.*:$", line)
        frame = snapshot_text.FRAME.match(line)
        if heading:
            found.append((heading[1], []))
        elif frame and found:
            found[-1][1].append(frame[3])
    return found


def users(group):
    """The functions of the last HTTP request; [] when the group has none."""
    return next((functions for heading, functions in sections(group)
                 if heading == "last HTTP request by"), [])


class Traced:
    """A program that runs under fdtrail run: pid, run (its Process) and ask()."""

    def __init__(self, program, arguments, **settings):
        self.output = temp_dir() / "snapshot"
        env = {"FDTRAIL_OUTPUT": str(self.output), "FDTRAIL_INHERITED": "1", "FDTRAIL_SHOW": "all",
               "NO_COLOR": "1", **settings.pop("env", {})}
        self.program = program
        self.run = start_traced([*RUN, "--", program, *arguments], traced=False, env=env, **settings)
        self.pid = None

    def find(self):
        """The pid of the process that executes the program."""
        for path in os.listdir("/proc"):
            try:
                if path.isdigit() and os.readlink(f"/proc/{path}/exe") == self.program:
                    self.pid = int(path)
                    return self.pid
            except OSError:
                pass  # another user's, or gone
        raise Failed(f"{self.program} does not run\n{self.run.err}")

    def ask(self):
        """Takes a new snapshot, and checks that it lists the descriptors of /proc/PID/fd."""
        self.find()
        before, had = sorted(table(self.pid)), len(self.snapshots())
        os.kill(self.pid, signal.SIGUSR1)
        snapshot = wait_until(lambda: self.snapshots()[had:], 20, "a whole snapshot")[-1]
        if sorted(table(self.pid)) == before:
            check.equal(sorted(snapshot.descriptors), before, "the descriptors that are listed")
        for group in snapshot.groups:
            check.lacks(group.text, "incomplete")
            for frame in group.frames:
                check.true(frame.function, f"a name for {frame.text}")
        return snapshot

    def snapshots(self):
        return snapshot_text.parse_all(self.output.read_text()) if self.output.exists() else []

    def report(self):
        """fdtrail report's text for the snapshots."""
        done = subprocess.run([FDTRAIL, "report", self.output], stdout=subprocess.PIPE, text=True, check=True)
        check.lacks(done.stdout, "Missing:")
        return done.stdout

    def stop(self):
        # Some programs wait for open requests when they are told to end, so this kills them.
        os.kill(self.pid, signal.SIGKILL)
        check.equal(self.run.wait().status, 128 + signal.SIGKILL, "exit status")


def frames_have_lines(traced):
    """Checks that each frame of Go code has its file and line."""
    done = subprocess.run([FDTRAIL, "report", "-f", "json", traced.output], stdout=subprocess.PIPE, check=True)
    compared = 0
    for group in json_documents.every(done.stdout)[0]["groups"]:
        for frame in group.get("stack", []):
            check.true(frame.get("file") and frame.get("line"), f"a line for {frame}")
            compared += 1
    check.at_least(compared, 10, "frames")


def serve_esbuild(version):
    """esbuild's server, with connections that stay open; Go 1.16 (0.8.57) and later."""
    package = "@esbuild/linux-x64" if tuple(map(int, version.split("."))) >= (0, 16) else "esbuild-linux-64"
    program = from_npm(package, version, "bin/esbuild")
    site = temp_dir()
    (site / "index.html").write_text("hello\n")
    # The server ends when its stdin does, so that is a pipe that this process leaves open.
    reader, writer = os.pipe()
    traced = Traced(program, [f"--servedir={site}", "--serve=127.0.0.1:0"], preexec=lambda: os.dup2(reader, 0))
    os.close(reader)
    try:
        found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", traced.run.err + traced.run.out), 20,
                           "an address")
        connection = socket.create_connection(("127.0.0.1", int(found[1])), 20)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check.contains(connection.recv(65536), b"200 OK")
        snapshot = traced.ask()
        accepted = snapshot.group_of("net.(*TCPListener).Accept")
        check.true(accepted, f"the accepted connection by Go's names\n{snapshot.text}")
        check.contains(accepted.sentence, "opened in github.com/evanw/esbuild/pkg/api.")
        check.equal(sections(accepted)[0][0], "opened at")
        check.equal(sections(accepted)[1][0], "created by")
        check.equal(sections(accepted)[-1][1][-2:], ["main.main", "runtime.main"])
        # Descriptors that the runtime opens for itself are not reported.
        for group in snapshot.groups:
            if "inherited" not in group.sentence:
                check.contains(group.sentence, "opened in github.com/evanw/esbuild/")
        check.matches(traced.report(), r"=> #\d+ +github\.com/evanw/esbuild/pkg/api\.\S+ +\S+\.go:\d+\n")
        frames_have_lines(traced)
        connection.close()
    finally:
        os.close(writer)


# Clients

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, SETTINGS_ACK = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"
HEADERS = 1


class SilentServer:
    """Accepts requests on the loopback, by HTTP/1.1 or HTTP/2 (RFC 9113), and answers none. With proxy it is a
proxy to all hosts, and claims to be `host`: certificate is a file that vouches for that."""

    def __init__(self, tls=False, http2=False, proxy=False, host="localhost"):
        self.asked = threading.Event()
        self._context, self.certificate = _context(http2, host) if tls else (None, None)
        self._http2, self._proxy = http2, proxy
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection):
        received = b""
        try:
            if self._proxy:
                connection.recv(65536)  # CONNECT, which fits in one packet
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            if self._http2:
                connection.sendall(SETTINGS + SETTINGS_ACK)
            while not self.asked.is_set():
                some = connection.recv(65536)
                if not some:
                    return
                received += some
                if _has_request(received):
                    self.asked.set()
        except OSError:
            pass  # the client is gone

    def close(self):
        self._socket.close()
        for connection in self._open:
            connection.close()


def _has_request(received):
    if not received.startswith(PREFACE):
        return b"\r\n\r\n" in received and not PREFACE.startswith(received)
    at = len(PREFACE)
    while at + 9 <= len(received):
        if received[at + 3] == HEADERS:
            return True
        at += 9 + struct.unpack(">I", b"\0" + received[at:at + 3])[0]
    return False


def _context(http2, host):
    folder = temp_dir()
    subprocess.run([require("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                    f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-keyout", folder / "key", "-out",
                    folder / "certificate"], stderr=subprocess.DEVNULL, check=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    context.set_alpn_protocols(["h2"] if http2 else ["http/1.1"])
    return context, folder / "certificate"


def ask_silent_server(program, call, function, *, server=None, tls=False, http2=False):
    """Runs a client until it has sent its request, and checks that the report names this function of its own
code as the connection's last user. call(port) returns how to run it: arguments, and settings of a
Process."""
    server = server or SilentServer(tls, http2)
    try:
        arguments, settings = call(server.port)
        traced = Traced(program, arguments, **settings)
        wait_until(lambda: server.asked.is_set() or traced.run.status is not None, 60, "a request")
        snapshot = traced.ask()
        traced.stop()
    finally:
        server.close()
    groups = [group for group in snapshot.groups if group.kind == "tcp" and f":{server.port}," in group.text]
    check.equal(len(groups), 1, f"groups of connections\n{snapshot.text}")
    check.contains(users(groups[0]), function, "who used it last")
    check.contains([name for _, names in sections(groups[0])[1:] for name in names], "runtime.main")
    shared = "HTTP/2: many requests at a time share such a connection"
    (check.contains if http2 else check.lacks)(groups[0].text, shared)
    check.matches(traced.report(), rf"(=>|#\d+) +{re.escape(function)} +\S+\.go:\d+\n")


def ask_bazelisk(version):
    def call(port):
        return ["version"], {"env": {"HOME": str(temp_dir()), "USE_BAZEL_VERSION": "4.0.0",
                                     "BAZELISK_BASE_URL": f"http://127.0.0.1:{port}"}}

    ask_silent_server(from_npm("@bazel/bazelisk", version, "bazelisk-linux_amd64"), call,
                      "github.com/bazelbuild/bazelisk/httputil.get")


def ask_sst(version):
    """sst downloads a program that it needs, and can reach it only through the proxy."""
    server = SilentServer(tls=True, proxy=True, host="github.com")

    def call(port):
        home = temp_dir()
        return ["version"], {"cwd": home, "env": {"HOME": str(home), "HTTPS_PROXY": f"http://127.0.0.1:{port}",
                                                  "SSL_CERT_FILE": str(server.certificate)}}

    ask_silent_server(from_npm("sst-linux-x64", version, "bin/sst"), call,
                      "github.com/sst/sst/v3/pkg/global.InstallPulumi.func1", server=server)


def ask_turbo(version):
    def call(port):
        home, site = temp_dir(), temp_dir()
        files = {
            home / ".config" / "turborepo" / "config.json": {"token": "none"},
            site / ".turbo" / "config.json": {"teamId": "team", "apiUrl": f"http://127.0.0.1:{port}"},
            site / "turbo.json": {"pipeline": {"build": {}}},
            site / "package.json": {"name": "all", "version": "1.0.0", "workspaces": ["packages/*"],
                                    "packageManager": "yarn@1.22.0"},
            site / "packages" / "one" / "package.json": {"name": "one", "version": "1.0.0",
                                                         "scripts": {"build": "true"}},
        }
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        (site / "yarn.lock").write_text("")
        subprocess.run([require("git"), "init", "-q", site], check=True)
        return ["run", "build"], {"cwd": site, "env": {"HOME": str(home)}}

    ask_silent_server(from_npm("turbo-linux-64", version, "bin/turbo"), call,
                      "github.com/vercel/turborepo/cli/internal/cache.(*httpCache).retrieve")


def ask_buf(version, way):
    """way: "http", "https", "HTTP/2 by TLS" or "HTTP/2"."""
    tls, http2 = "http" != way != "HTTP/2", "HTTP/2" in way

    def call(port):
        schema = temp_dir()
        (schema / "asked.proto").write_text('syntax = "proto3";\npackage asked;\nmessage Empty {}\n'
                                            "service Service { rpc Call(Empty) returns (Empty); }\n")
        options = ["--insecure"] if tls else ["--http2-prior-knowledge"] if http2 else []
        url = f"http{'s' * tls}://127.0.0.1:{port}/asked.Service/Call"
        return ["curl", *options, "--schema", schema, "-d", "{}", url], {"env": {"HOME": str(temp_dir())}}

    ask_silent_server(from_npm("@bufbuild/buf-linux-x64", version, "bin/buf"), call,
                      "github.com/bufbuild/buf/private/buf/bufcurl.(*verboseClient).Do", tls=tls, http2=http2)

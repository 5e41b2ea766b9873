#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""curl, bash and git, unchanged: programs that end, with many children and pipes."""

import http.server
import threading

from support import check, main, require, run_bare, run_traced, temp_dir, test


def same(argv, each_way=lambda: {}, **arguments):
    """The traced run, once its result was the same as that of a bare run. each_way() gives each of the two runs
the things that it needs for itself alone."""
    bare, traced = (run(argv, **arguments, **each_way()) for run in (run_bare, run_traced))
    check.equal((traced.status, traced.out, traced.err), (bare.status, bare.out, bare.err))
    return traced


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers every GET."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *_):
        pass


def serve():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@test("curl gets a page and leaves nothing open")
def _():
    server = serve()
    try:
        run = same([require("curl"), "-sS", f"http://127.0.0.1:{server.server_port}/"])
        check.equal(run.out, "hello\n")
        check.equal([found.text for one in run.all_snapshots for found in one.descriptors.values()
                     if found.kind == "tcp"], [])
    finally:
        server.shutdown()
        server.server_close()


@test("curl gets many pages at once")
def _():
    server = serve()
    try:
        run = same([require("curl"), "--no-progress-meter", "-Z", f"http://127.0.0.1:{server.server_port}/[1-40]"])
        # With a range of addresses curl before 7.76 prints a line before each page.
        check.equal([line for line in run.out.splitlines() if not line.startswith("--_curl_--")], ["hello"] * 40)
    finally:
        server.shutdown()
        server.server_close()


@test("curl that can't connect fails as it does bare")
def _():
    server = serve()
    port = server.server_port
    server.shutdown()
    server.server_close()
    check.equal(same([require("curl"), "-s", f"http://127.0.0.1:{port}/"]).status, 7)


SCRIPTS = {
    "pipes": "for i in 1 2 3; do seq 100 | grep 7 | sort -r | wc -l; done",
    "here-documents": "cat <<A; cat <<< two\none $(echo inner)\nA\nread -r x < <(echo three); echo $x",
    "jobs": "sleep 0.1 & (exit 4) & wait $!; echo $?; wait; echo done; set -m; true & wait",
    "redirections": "exec 3>&1 4</etc/passwd; echo three >&3; exec 3>&- 4<&-; { echo a; echo b >&2; } 2>&1 | sort",
    "a trap of SIGUSR1": "trap 'echo got' USR1; kill -USR1 $$; echo on",
    "an exit status": "exit 41",
    "an error": "cat /no/such/file; nosuchcommand",
    "a coprocess": "coproc cat; echo x >&${COPROC[1]}; read -r y <&${COPROC[0]}; echo $y",
}


@test("bash: {} as without the tracer", each=list(SCRIPTS))
def _(name):
    same([require("bash"), "-c", SCRIPTS[name]], env={"LC_ALL": "C"})


@test("descriptors that bash keeps open are in its snapshot, and its children's output is unchanged")
def _():
    run = same([require("bash"), "-c", "exec 5</etc/passwd; true | cat; echo end"])
    check.contains([found.text.split(",")[0] for found in run.last.descriptors.values()], "/etc/passwd")


GIT = """\
git init -q -b main .
git config user.name T; git config user.email t@example.org
for i in 1 2 3 4 5; do
    seq $i 1000 > file$i; git add .; git commit -q -m "commit $i"
done
git log --oneline; git gc -q; git fsck --strict; git status --short; git branch -a
git clone -q . copy; git -C copy log --oneline | wc -l
git diff HEAD~2 --stat; git archive HEAD | tar t
"""


@test("git: init, add, commit, log, gc, fsck, clone and archive as without the tracer", timeout=120)
def _():
    require("git")
    when = "2020-01-01T00:00:00Z"
    run = same([require("bash"), "-ec", GIT], lambda: {"cwd": temp_dir()}, timeout=60,
               env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "HOME": "/nonexistent",
                    "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"})
    check.equal(run.status, 0)
    check.contains(run.out, "commit 5")
    for found in run.all_snapshots:
        check.equal([one.text for one in found.descriptors.values() if one.kind in ("tcp", "udp")], [])


main()

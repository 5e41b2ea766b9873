#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A connection that an event loop of C has accepted belongs to the callback that took it over."""

import re

from run_verb import Run
from support import SOURCE, check, compile_program, main, test

PROGRAMS = SOURCE / "tests" / "programs" / "event_loops"


def server(name, library):
    return compile_program(PROGRAMS / f"{name}.c", flags=("-Wl,--no-as-needed", f"-l{library}"))


def line_of(name, mark):
    """"uv_server.c:18": the line with this mark."""
    lines = (PROGRAMS / f"{name}.c").read_text("utf-8").splitlines()
    return f"{name}.c:{next(i for i, line in enumerate(lines, 1) if line.endswith(f'// {mark}'))}"


def headings(report):
    report = re.sub(r"accepted at port \d+", "accepted", report)
    return re.findall(r"(?m)^\d+\. (.*?) at \S*?([^/\s]+:\d+)", report)


@test("a connection of libuv belongs to the callback that calls uv_accept")
def _():
    run = Run(server("uv_server", "uv"))
    check.equal(run.status, 0)
    check.equal(headings(run.err)[:1],
                [("6 tcp sockets in CLOSE_WAIT, accepted in forgets", line_of("uv_server", "LEAK"))], run.err)
    check.contains(run.err, "opened 6 and closed 0")
    # The rest of the stack is the loop's, as it was.
    check.matches(run.err, r"forgets .*\n(.*\n)*?.* uv_run .*\n.* serve .*\n.* main ")


@test("a connection of libevent belongs to the callback that makes a bufferevent of it; an own socket doesn't move")
def _():
    run = Run(server("event_server", "event_core"))
    check.equal(run.status, 0)
    found = headings(run.err)
    check.contains(found, ("6 tcp sockets in CLOSE_WAIT, accepted in forgets", line_of("event_server", "LEAK")))
    check.contains(found, ("6 tcp sockets in CLOSED, opened in makes_own", line_of("event_server", "OWN")))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGUSR1 and language runtimes that handle it themselves: node opens its debugger, ruby and erlang end. Under
the tracer it triggers a snapshot, and besides that only a handler of the script's runs."""

import signal

from support import BUILD, check, main, require, run_bare, start_traced, temp_dir, test, wait_until

FDTRAIL = BUILD / "tools" / "fdtrail"

# A script that waits, and one that handles SIGUSR1 first. Both print "ready"; the handler prints "handled".
SCRIPTS = {
    "node": ("work.js", 'setInterval(() => {}, 1000); console.log("ready");',
             'process.on("SIGUSR1", () => console.log("handled"));'),
    "ruby": ("work.rb", '$stdout.sync = true; puts "ready"; loop { sleep 60 }',
             '$stdout.sync = true; trap("USR1") { puts "handled" };'),
}

# Erlang's handler is an event handler in place of the one that halts.
ERLANG_HANDLER = """\
-module(handled).
-behaviour(gen_event).
-export([init/1, handle_event/2, handle_call/2]).
init(_) -> {ok, none}.
handle_event(sigusr1, State) -> io:format("handled~n"), {ok, State};
handle_event(_, State) -> {ok, State}.
handle_call(_, State) -> {ok, ok, State}.
"""


def started(name, handles):
    """The runtime's process, whose script waits."""
    folder = temp_dir()
    if name == "erlang":
        erl = require("erl")
        begin = ""
        if handles:
            (folder / "handled.erl").write_text(ERLANG_HANDLER, "ascii")
            check.equal(run_bare([require("erlc"), "handled.erl"], cwd=folder).status, 0)
            begin = ("ok = gen_event:swap_handler(erl_signal_server, {erl_signal_handler, []}, {handled, []}),"
                     "ok = os:set_signal(sigusr1, handle),")
        run = start_traced([erl, "-noshell", "-noinput", "-pa", folder, "-eval",
                            begin + 'io:format("ready~n"), timer:sleep(600000).'], cwd=folder, INHERITED=1)
    else:
        file, waits, sets = SCRIPTS[name]
        (folder / file).write_text((sets if handles else "") + waits, "ascii")
        run = start_traced([require(name), folder / file], cwd=folder, INHERITED=1)
    wait_until(lambda: "ready" in run.out or run.status is not None, 60, "its script")
    check.equal(run.status, None, f"exit status; {run.err}")
    return run


def open_numbers(snapshot):
    return sorted(snapshot.descriptors)


@test("{}: SIGUSR1 triggers a snapshot, and does nothing else", each=["node", "ruby", "erlang"], timeout=180)
def _(name):
    run = started(name, False)
    first = run.snapshot()
    second = run.snapshot()
    check.equal(open_numbers(second), open_numbers(first), "what is open after the first SIGUSR1")
    check.equal((run.status, run.err), (None, ""))


@test("node: SIGUSR1 does not open its debugger's port", timeout=180)
def _():
    run = started("node", False)
    run.snapshot()
    run.snapshot()
    text = run.snapshot().text
    check.lacks(text, ":9229")


@test("{}: a handler of the script's own runs after the snapshot", each=["node", "ruby", "erlang"], timeout=180)
def _(name):
    run = started(name, True)
    run.snapshot()
    wait_until(lambda: "handled" in run.out or run.status is not None, 60, "the handler")
    check.equal((run.status, run.out, run.err), (None, "ready\nhandled\n", ""))


@test("{}: fdtrail snapshot gets its answer, and no handler runs; the script has one: {}",
      each=[(name, handles) for name in ("node", "ruby", "erlang") for handles in (False, True)], timeout=180)
def _(name, handles):
    run = started(name, handles)
    for _ in range(2):
        asked = run_bare([FDTRAIL, "snapshot", "--raw", run.pid])
        check.equal(asked.status, 0, asked.err)
        check.contains(asked.out, "end of fdtrail snapshot, format 1")
    run.snapshot()  # one signal that is handled, to show that the others were not
    if handles:
        wait_until(lambda: "handled" in run.out, 60, "the handler")
    check.equal((run.status, run.out.count("handled"), run.err), (None, int(handles), ""))


@test("{}: SIGUSR1 that the script sends itself ends it as without the tracer", each=["ruby"], timeout=180)
def _(name):
    folder = temp_dir()
    (folder / "ends.rb").write_text('Process.kill(:USR1, $$); sleep 5; puts "lived"', "ascii")
    words = [require(name), folder / "ends.rb"]
    bare = run_bare(words)
    run = start_traced(words)
    check.equal((run.wait().status, run.out), (bare.status, bare.out))
    check.equal(bare.status, -signal.SIGUSR1)


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail report --redact: what may be private is in no format of the output, and what is needed to find the leak
stays."""

import gzip
import json
import os
import re
import resource
import socket
import stat
import subprocess

from support import BUILD, PYTHON, check, main, run_traced, temp_dir, test

FDTRAIL = BUILD / "tools" / "fdtrail"
FORMATS = ["text", "full text", "folded", "html", "json", "pprof", "prometheus"]

SNAPSHOT = r"""fdtrail snapshot, format 1
why: SIGUSR1 from process 1
number: {number}
when: 2026-11-23T11:0{number}:59.689Z
process: 4711 server, parent 1 (init), user 61234
command: /home/alice/acme/server --token=hunter2secret 10.20.30.40:8080 "two words" -v
uptime: 2h04m02s
descriptors: 12 open, limit 20000 (9 %)
versions: fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.1, x86_64
host: db7.acme.example
unclosed: 12 in 4 groups; 3 inherited

group 1: 5 tcp sockets in CLOSE_WAIT, opened in libacmedb.so+0x100
  ages: 1.0s to 3.0s
  stack: 5 opened, 0 closed, 5 live
  opened at:
    #0 0x7f0000000100 (/home/alice/acme/libacmedb.so+0x100) (BuildId: aa11)
    #1 0x5500000000a9 in serve (/home/alice/acme/server+0xa9) (BuildId: bb22)
    #2 0x550000000019 in main (/home/alice/acme/server+0x19) (BuildId: bb22)
  descriptors:
    3 tcp 192.168.7.9:80 -> 10.20.30.40:8080, CLOSE_WAIT, idle 0.0s, age 1.0s, thread 4711 (server)
    4 tcp 192.168.7.9:81 -> 10.20.30.40:8080, CLOSE_WAIT, idle 0.0s, age 1.0s, thread 4711 (alice-worker)
    5 tcp [2001:db8:fe::7]:81 -> [2001:db8:fe::9]:8080, CLOSE_WAIT, idle 0.0s, age 1.0s, thread 4711 (server)
    6 tcp [fe80::77%eth0]:81 -> [::ffff:10.20.30.41]:8080, CLOSE_WAIT, idle 0.0s, age 1.0s, thread 4711 (server)
    7 tcp 127.0.0.1:81 -> 127.0.0.1:8080, CLOSE_WAIT, idle 0.0s, unread 1000 B, age 1.0s, thread 4711 (server)

group 2: 4 files, opened in alice
  ages: 1.0s to 3.0s
  stack: 4 opened, 0 closed, 4 live
  opened at:
    #0 0x550000000119 in alice (/home/alice/acme/server+0x119) (BuildId: bb22)
    #1 in fetch /home/alice/acme/fetch.py:12 (python)
    #2 0x550000000019 in main (/home/alice/acme/server+0x19) (BuildId: bb22)
  descriptors:
    8 file /home/alice/private/plan.txt, read-only, age 1.0s, thread 4711 (server)
    9 file "/home/alice/my taxes 2025/a, \"b.txt", read-only, age 1.0s, thread 4711 (server)
    10 file /var/lib/db7/alice/hunter2secret.db, read-only, age 1.0s, thread 4711 (server)
    11 file /home/alice/server/wills\n.pdf, read-only, age 1.0s, thread 4711 (server)

group 3: 3 unix sockets, opened in open_bus
  ages: 1.0s to 3.0s
  stack: 3 opened, 0 closed, 3 live
  opened at:
    #0 0x550000000219 in open_bus (/home/alice/acme/server+0x219) (BuildId: bb22)
    #1 0x550000000019 in main (/home/alice/acme/server+0x19) (BuildId: bb22)
  descriptors:
    12 unix stream unnamed -> @zebrabus, age 1.0s, thread 4711 (server)
    13 unix stream unnamed -> /run/user/61234/ibex, age 1.0s, thread 4711 (server)
    14 unix stream "/home/alice/my taxes 2025/okapi" -> unnamed, age 1.0s, thread 4711 (server)

not seen:
  2 in /root/gnu of host db7

modules:
  0x550000000000-0x560000000000 /home/alice/acme/server, BuildId bb22
  0x7f0000000000-0x7f0000001000 /home/alice/acme/libacmedb.so, BuildId aa11

end of fdtrail snapshot, format 1
"""
PLANTED = ["hunter2", "10.20.30.40", "10.20.30.41", "two words", "acme", "192.168.7.9", "2001:db8", "fe80", "plan.txt",
           "private", "taxes", "b.txt", "wills", "zebrabus", "61234", "ibex", "okapi", "fetch.py", "/gnu", "db7.",
           "/db7", "host db7", "/alice", "alice-worker"]


def snapshots(count=1):
    path = temp_dir() / "snapshots.txt"
    path.write_text("".join(SNAPSHOT.replace("{number}", str(number + 1)) for number in range(count)))
    return path


def output(path, name, *options):
    """The output in a format, as text: decompressed, and with the bytes of members in hexadecimal digits."""
    form = {"text": ["--show=all"], "full text": ["--full", "--show=all"]}.get(name, [f"--format={name}"])
    done = subprocess.run([FDTRAIL, "report", *form, *options, path], capture_output=True, check=False, timeout=60)
    check.equal((done.returncode, done.stderr), (0, b""), "fdtrail report")
    data = gzip.decompress(done.stdout) if name == "pprof" else done.stdout
    text = data.decode(errors="replace")
    for digits in re.findall(r'_hex":"([0-9a-f]+)"', text):
        text += bytes.fromhex(digits).decode(errors="replace")
    return text


@test("nothing that was planted survives in {}", each=FORMATS)
def _(name):
    path = snapshots(2)
    kept = output(path, name)
    if name in ("full text", "html", "json"):
        for secret in PLANTED:
            if (secret, name) != ("hunter2", "html"):
                check.true(secret in kept or name != "json", f"without --redact {name} has {secret}")
    redacted = output(path, name, "--redact")
    for secret in PLANTED:
        check.lacks(redacted, secret, name)
    check.true(len(redacted) > len(kept) / 2, "the rest stays")


@test("functions, build-ids, offsets, states, counts and the program's name stay")
def _():
    document = json.loads(output(snapshots(), "json", "--redact"))
    before = json.loads(output(snapshots(), "json"))
    check.equal(document["snapshot"]["redacted"], True)
    check.lacks(before["snapshot"], "redacted")
    for member in ("program", "pid", "uptime_seconds"):
        check.equal(document["process"][member], before["process"][member], member)
    check.equal(document["versions"], before["versions"])
    check.equal(len(document["groups"]), 3)
    for group, whole in zip(document["groups"], before["groups"]):
        for member in ("count", "kind", "figures", "ages", "states"):
            check.equal(group[member], whole[member], member)
        for member in ("function", "offset", "build_id", "line", "language"):
            check.equal([frame.get(member) for frame in group["stack"]],
                        [frame.get(member) for frame in whole["stack"]], member)
    check.equal(document["groups"][1]["sentence"], "4 files, opened in alice", "a function named as a user")
    check.contains(document["groups"][0]["descriptors"][4]["text"], "127.0.0.1:81 -> 127.0.0.1:8080")
    check.contains(document["groups"][0]["descriptors"][4]["text"], "unread 1000 B")


@test("the same name is the same word everywhere, and another name is another word")
def _():
    lines = output(snapshots(2), "json", "--redact").splitlines()
    check.equal(json.loads(lines[0])["groups"], json.loads(lines[1])["groups"], "two snapshots")
    groups = json.loads(lines[0])["groups"]
    peers = [one["peer"].rsplit(":", 1)[0] for one in groups[0]["descriptors"]]
    check.equal(peers[0], peers[1])
    check.equal(len(set(peers)), 4)
    check.matches(peers[0], r"^address\d+$")
    for one in groups[0]["descriptors"]:
        check.contains(one["text"], f"{one['local']} -> {one['peer']}")
    paths = [one["path"] for one in groups[1]["descriptors"]]
    check.matches(paths[0], r"^/home/(user\d+)/name\d+/name\d+$")
    user = paths[0].split("/")[2]
    check.contains(paths[2], f"/{user}/")
    check.equal(groups[0]["descriptors"][1]["thread"]["name"], f"{user}-worker")
    folder = paths[1].rsplit("/", 1)[0]
    check.contains(groups[2]["descriptors"][2]["text"], f'"{folder}/', "quoted in a line, bare in a member")


@test("--redact-list writes what was replaced to a file that only its owner reads; the output has none of it")
def _():
    path, names = snapshots(), temp_dir() / "names"
    redacted = output(path, "json", f"--redact-list={names}")
    check.equal(stat.S_IMODE(names.stat().st_mode), 0o600)
    pairs = dict(line.rsplit(" -> ", 1) for line in names.read_text().splitlines())
    check.equal(pairs["alice"][:4], "user")
    check.contains(redacted, f"\"{pairs['10.20.30.40']}:8080\"")
    check.equal(len(set(pairs.values())), len(pairs))
    done = subprocess.run([FDTRAIL, "report", "--redact-list=/nowhere/names", path], capture_output=True, text=True,
                          check=False)
    check.equal(done.returncode, 2)
    check.contains(done.stderr, "can't write /nowhere/names")


@test("the report says that names were replaced")
def _():
    said = "arguments, host, user, addresses and names in home folders are replaced"
    check.contains(re.sub(r"\s+", " ", output(snapshots(), "text", "--redact")), said)
    check.lacks(re.sub(r"\s+", " ", output(snapshots(), "text")), said)


@test("10,000 descriptors with as many addresses take less than a second of a processor", timeout=120)
def _():
    group = "group 1: 10000 tcp sockets in ESTABLISHED, opened in dial\n  descriptors:\n" + "".join(
        f"    {fd} tcp 10.1.{fd % 250}.{fd // 250}:80 -> 10.2.{fd // 250}.{fd % 250}:8080, ESTABLISHED, age 1.0s, "
        f"thread 4711 (server)\n" for fd in range(10000))
    path = temp_dir() / "snapshots.txt"
    path.write_text(SNAPSHOT[:SNAPSHOT.index("group 1")].replace("{number}", "1") + group +
                    "\nend of fdtrail snapshot, format 1\n")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    check.lacks(output(path, "json", "--redact"), "10.2.")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    check.at_most(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1, "seconds")


SCRIPT = """
import os, socket, sys
def open_all():
    folder = os.path.dirname(sys.argv[0])
    kept = [os.open(folder + '/diary' + str(number), os.O_CREAT | os.O_RDWR) for number in range(3)]
    bound = socket.socket(socket.AF_UNIX)
    bound.bind('\\0heronbus')
    return kept, bound
kept = open_all()
os._exit(0)
"""


@test("a real program's names are replaced in {}", each=FORMATS)
def _(name):
    home = temp_dir() / "home" / "ludmilla" / "manuscript"
    home.mkdir(parents=True)
    (home / "novel.py").write_text(SCRIPT)
    run = run_traced([PYTHON, str(home / "novel.py"), "--chapter=walrus9"])
    path = temp_dir() / "snapshots.txt"
    path.write_text("".join(run.reports.values()))
    secrets = ["ludmilla", "manuscript", "novel.py", "diary", "walrus9", "heronbus", f'"{socket.gethostname()}"']
    for secret in secrets:
        check.true(secret in output(path, "json"), f"without --redact it has {secret}")
    redacted = output(path, name, "--redact")
    for secret in secrets:
        check.lacks(redacted, secret, name)
    if name != "pprof":
        check.contains(redacted, "open_all")


main()

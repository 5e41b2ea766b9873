#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fdtrail report --redact, and FDTRAIL_REDACT: what may be private is in no format of the output, or not even in the
snapshot, and what is needed to find the leak stays."""

import gzip
import os
import re
import resource
import shutil
import socket
import stat
import subprocess

import json_documents
from support import (BUILD, PYTHON, check, go_program, helper, main, program, run_bare, run_traced, start_traced, temp_dir,
                     test, wait_until)

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
    if name == "json":
        json_documents.every(done.stdout)
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
    document = json_documents.one(output(snapshots(), "json", "--redact"))
    before = json_documents.one(output(snapshots(), "json"))
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
    first, second = json_documents.every(output(snapshots(2), "json", "--redact"))
    groups = first["groups"]
    check.equal(groups, second["groups"], "two snapshots")
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



# At capture

def captured(text):
    """A snapshot's text as the tracer would have written it with FDTRAIL_REDACT."""
    done = subprocess.run([helper("redact"), "server"], input=text, capture_output=True, text=True, check=False,
                          errors="surrogateescape")
    check.equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


@test("a text that is redacted before it is written has nothing that was planted, and the same rest")
def _():
    whole = SNAPSHOT.replace("{number}", "1")
    redacted = captured(whole)
    for secret in PLANTED:
        check.lacks(redacted, secret)
    check.contains(redacted, "\nredacted: arguments, host, user, addresses and names in home folders\n")
    path = temp_dir() / "snapshots.txt"
    path.write_text(redacted)
    document = json_documents.one(output(path, "json"))
    before = json_documents.one(output(snapshots(), "json", "--redact"))
    check.equal(document["snapshot"]["redacted"], True)
    check.equal(document["snapshot"].get("unknown_lines", 0), 0, "lines that can't be parsed")
    check.equal(document["process"]["arguments"][1:], before["process"]["arguments"][1:])
    for member in ("program", "pid", "uptime_seconds", "host"):
        check.equal(document["process"].get(member), before["process"].get(member), member)
    check.lacks(document["process"], "user")
    check.equal(len(document["groups"]), 3)
    for group, like in zip(document["groups"], before["groups"]):
        for member in ("count", "kind", "figures", "ages", "states"):
            check.equal(group[member], like[member], member)
        for member in ("function", "offset", "build_id", "line", "language"):
            check.equal([frame.get(member) for frame in group["stack"]], [frame.get(member) for frame in like["stack"]],
                        member)
    for one in document["groups"][0]["descriptors"]:
        check.contains(one["text"], f"{one['local']} -> {one['peer']}")
    check.matches(document["groups"][1]["descriptors"][0]["path"], r"^/home/user\d+/name\d+/name\d+$")


@test("fdtrail report says of a snapshot that its names were replaced when it was taken")
def _():
    path = temp_dir() / "snapshots.txt"
    path.write_text(captured(SNAPSHOT.replace("{number}", "1")))
    check.contains(re.sub(r"\s+", " ", output(path, "text")), "names in home folders are replaced")


@test("hostile words in a snapshot lose no secret when it is redacted: {}", each=[
    ("command", "command: \"/home/alice/a b/server\" \"--to=\\\"quoted secret\\\"\" -v (cut)", ["a b", "quoted secret"]),
    ("limit", "limit reached: fs.inotify.max_user_instances (128) of user 61234: 3 in x", ["61234"]),
    ("ids", "process: 4711 server, parent 1 (init), user 61234, effective user 61235", ["61234", "61235"])])
def _(_name, line, secrets):
    whole = SNAPSHOT.replace("{number}", "1")
    header = line.split(":")[0]
    whole = re.sub(rf"(?m)^{header}: .*$", lambda _: line, whole) if f"\n{header}:" in whole else \
        whole.replace("\nnumber:", f"\n{line}\nnumber:")
    redacted = captured(whole)
    for secret in secrets:
        check.contains(whole, secret)
        check.lacks(redacted, secret)


@test("an argument, a user and a host that are called like words of the format leave the text readable")
def _():
    whole = SNAPSHOT.replace("{number}", "1").replace("--token=hunter2secret", "opened thread descriptors modules").replace(
        "/home/alice/", "/home/file/").replace("host: db7.acme.example", "host: tcp")
    path = temp_dir() / "snapshots.txt"
    path.write_text(captured(whole))
    document = json_documents.one(output(path, "json"))
    check.equal(document["snapshot"].get("unknown_lines", 0), 0, path.read_text())
    check.equal([group["kind"] for group in document["groups"]], ["tcp", "file", "unix"])
    for group in document["groups"]:
        for one in group["descriptors"]:
            check.equal(one["thread"]["id"], 4711)
    check.lacks(path.read_text(), "/file/")
    check.lacks(path.read_text(), "command: opened")


PLANTS = """
import os, socket, sys, time
def open_all():
    folder = os.path.dirname(sys.argv[0])
    kept = [os.open(folder + '/diary' + str(number), os.O_CREAT | os.O_RDWR) for number in range(3)]
    bound = socket.socket(socket.AF_UNIX)
    bound.bind('\\0heronbus')
    four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    four.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
    four.bind(('10.20.30.40', 8080))
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    six.setsockopt(socket.IPPROTO_IPV6, 78, 1)  # IPV6_FREEBIND
    six.bind(('2001:db8:fe::9', 8080))
    return kept, bound, four, six
kept = open_all()
os._exit(0)
"""


def planted_home():
    home = temp_dir() / "home" / "ludmilla" / "manuscript"
    home.mkdir(parents=True)
    (home / "novel.py").write_text(PLANTS)
    return [PYTHON, str(home / "novel.py"), "--chapter=walrus9", "two tapirs"]


REAL = ["ludmilla", "manuscript", "novel.py", "diary", "walrus9", "two tapirs", "heronbus", "10.20.30.40", "2001:db8",
        f"host: {socket.gethostname()}\n", ", user 0"]


@test("FDTRAIL_REDACT=1: the snapshot has no secret of the program ({})", each=["preload", "ptrace"])
def _(engine):
    command = planted_home()
    text = "".join(run_traced(command, engine=engine, SHOW="all").reports.values())
    for secret in REAL:
        if engine == "preload" or secret != "novel.py":
            check.contains(text, secret, "without FDTRAIL_REDACT")
    run = run_traced(command, engine=engine, SHOW="all", REDACT="1")
    redacted = "".join(run.reports.values())
    for secret in REAL:
        check.lacks(redacted, secret)
    check.equal((run.status, run.err), (0, ""))
    check.matches(redacted, r"(?m)^    \d+ file /\S*/home/user\d+/name\d+/name\d+, read-write")
    check.matches(redacted, r"(?m)^    \d+ udp address\d+:8080")
    check.matches(redacted, r"(?m)^    \d+ unix stream @name\d+")
    check.matches(redacted, r"(?m)^host: host\d+$")
    if engine == "preload":
        check.contains(redacted, " in open_all ")
    check.contains(redacted, "\nend of fdtrail snapshot")


@test("fdtrail run --redact: neither the files nor the report have a secret, and the function stays")
def _():
    folder = temp_dir()
    run = run_bare([FDTRAIL, "run", "--redact", "--full", "--show=all", f"--output={folder}/snapshot.%p", "--", *planted_home()])
    text = "".join(path.read_text() for path in folder.iterdir())
    check.contains(text, "end of fdtrail snapshot")
    for secret in REAL:
        check.lacks(text, secret)
        check.lacks(run.err, secret)
    check.contains(run.err, "open_all")


@test("FDTRAIL_REDACT=1 in a Go program: folders of a home are replaced ({})", each=["planted", "ptrace"])
def _(engine):
    home = temp_dir() / "home" / "ludmilla" / "bin"
    home.mkdir(parents=True)
    copy = shutil.copy(go_program("leaks", "nocgo"), home / "leaks")
    text = "".join(run_traced([copy, "Go-file"], engine=engine, REDACT="1").reports.values())
    check.contains(text, "main.readConfig")
    check.lacks(text, "ludmilla")
    check.matches(text, r"(?m)^command: /\S*/home/user\d+/name\d+/leaks arg\d+$")


@test("a module in a home keeps its build-id, by which fdtrail names its lines elsewhere")
def _():
    home = temp_dir() / "home" / "ludmilla" / "bin"
    home.mkdir(parents=True)
    copy = shutil.copy(program("three_sockets"), home / "three_sockets")
    run = run_traced([copy], REDACT="1")
    text = run.last.text
    check.matches(text, r"(?m)^  0x\S+ /\S*/home/user\d+/name\d+/three_sockets, BuildId [0-9a-f]{40}$")
    path = temp_dir() / "snapshots.txt"
    path.write_text(text)
    check.lacks(output(path, "text"), "three_sockets.c:")
    check.contains(output(path, "text", f"--debug-dir={copy}"), "three_sockets.c:")


COUNTED = """
import os, socket, sys, time
def bind(address):
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.setsockopt(socket.IPPROTO_IP, 15, 1)  # IP_FREEBIND
    bound.bind((address, 0))
    return bound
for number, step in enumerate(("10.1.1.1 10.1.1.2", "10.1.1.3 10.1.1.2", "10.1.1.1 10.1.1.3")):
    kept = [bind(address) for address in step.split()]
    print(step, flush=True)
    while not os.path.exists(f"{sys.argv[1]}/{number}"):
        time.sleep(0.02)
"""


@test("an address is the same word in all snapshots of a process, and another address is another word")
def _():
    words, folder = {}, temp_dir()
    process = start_traced([PYTHON, "-c", COUNTED, folder], REDACT="1", SHOW="all")
    for number in range(3):
        step = wait_until(lambda: process.out.splitlines()[number:], 30, "a step")[0]
        text = process.snapshot().text
        found = re.findall(r"(?m)^    \d+ udp (\S+):\d+", text)
        check.equal(len(found), 2, text)
        for address, word in zip(step.split(), found):
            check.equal(words.setdefault(address, word), word, address)
        (folder / str(number)).touch()
    process.wait()
    check.equal(len(set(words.values())), 3)


@test("a note of the tracer in the snapshots' file has no name of a home either")
def _():
    home = temp_dir() / "home" / "ludmilla"
    home.mkdir(parents=True)
    copy = shutil.copy(program("three_sockets", "gcc-static"), home / "plainstatic")
    run = run_traced([PYTHON, "-c", f"import os; os.execv({str(copy)!r}, ['x'])"], REDACT="1")
    text = "".join(path.read_text() for path in run.dir.iterdir() if path.is_file())
    check.contains(text, "a static program")
    check.lacks(text, "ludmilla")


main()

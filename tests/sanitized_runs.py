# SPDX-License-Identifier: MIT
"""The whole command, built with AddressSanitizer and UBSan, on hostile snapshots, for the short tests and the
long ones. The inputs are those of the fuzz targets, and mutants of them, cut and changed; every path in them
leads into a folder in which nothing may change."""

import os
import random
import re
import resource
import signal
import subprocess

import json_documents
from support import BUILD, TESTS, Failed, check, program, ran, run_traced, seed, temp_dir

SANITIZED = BUILD / "tests" / "fdtrail-sanitized"
SECONDS = 60  # far more than any run needs; it catches endless loops
MEMORY_MB = 1024
LINE_MOST = 100_000  # of a mutant, because each change may make it longer
OPTIONS = f"detect_leaks=0:exitcode=86:hard_rss_limit_mb={MEMORY_MB}:allocator_may_return_null=1"
FINDING = re.compile(r"Sanitizer|runtime error:|hard rss limit")

# Each with the exit statuses that it may have: tools/verb.h. FILE is the snapshot, OUT a file to be written.
VERBS = [
    (["report", "FILE"], (0, 2)),
    (["report", "--full", "--show=all", "--snapshot=all", "FILE"], (0, 2)),
    (["report", "--kind=sockets", "--function=*o*", "--path=*", "--min-age=1", "--state=CLOSE_WAIT", "FILE"], (0, 2)),
    (["report", "--format=json", "FILE"], (0, 2)),
    (["report", "--format=folded", "FILE"], (0, 2)),
    (["report", "--format=pprof", "--output=OUT", "FILE"], (0, 2)),
    (["report", "--format=prometheus", "--output=OUT", "FILE"], (0, 2)),
    (["report", "--format=html", "--output=OUT", "FILE"], (0, 2)),
    (["report", "--redact", "--full", "--show=all", "FILE"], (0, 2)),
    (["report", "--redact-list=OUT", "--format=json", "FILE", "OLD"], (0, 2)),
    (["diff", "FILE"], (0, 2)),
    (["diff", "OLD", "FILE"], (0, 2)),
    (["diff", "--format=json", "FILE", "OLD"], (0, 2)),
    (["diff", "--format=folded", "OLD", "FILE"], (0, 2)),
    (["check", "--max-open=2", "--max-group=1", "--max-close-wait=0", "--max-age=1s", "--gen-suppressions", "FILE"],
     (0, 1, 2)),
    (["check", "--max-growth=0", "--suppressions=RULES", "--print-suppressions", "OLD", "FILE"], (0, 1, 2)),
    # A file that is no list of suppressions, either.
    (["check", "--max-open=0", "--suppressions=FILE", "OLD"], (0, 1, 2)),
]


def sanitized(*words, statuses=(0,), **arguments):
    """Runs the command; returns its output on stdout and on stderr."""
    environment = {"PATH": os.environ["PATH"], "ASAN_OPTIONS": OPTIONS, "UBSAN_OPTIONS": "print_stacktrace=1",
                   "TZ": "UTC"}
    try:
        done = subprocess.run([SANITIZED, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False, env=environment, **arguments)
    except subprocess.TimeoutExpired:
        raise Failed(f"{words} has not ended within {SECONDS} s") from None
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    check.true(done.returncode in statuses and not FINDING.search(err),
               f"{words} ends with {done.returncode}, which is to be one of {statuses}, and no sanitizer finds "
               f"anything\n{err[-6000:]}")
    if "--format=json" in words:
        json_documents.every(done.stdout)
    return out, err


def _bait():
    """A folder in which nothing may change, and whose paths a hostile snapshot names."""
    bait = temp_dir() / "bait"
    bait.mkdir()
    (bait / "module").write_bytes(b"\x7fELF" + bytes(range(256)))
    (bait / "program").write_bytes((BUILD / "tests" / "programs" / "ends").read_bytes())
    (bait / "link").symlink_to(bait / "made-through-a-link")
    os.mkfifo(bait / "pipe")
    return bait


def _state(folder):
    return sorted((path.name, path.lstat().st_mtime_ns, path.lstat().st_size, path.lstat().st_mode, path.lstat().st_ino)
                  for path in folder.rglob("*"))


def _corpus(bait):
    """Snapshots: those of the fuzz targets, and fresh ones. Their modules and files are the bait's."""
    texts = [path.read_bytes() for target in ("reader", "report", "export")
             for path in sorted((TESTS / "fuzz" / target).iterdir())]
    report = temp_dir() / "demo"
    check.equal(run_traced([program("demo")], OUTPUT=report, timeout=60, INHERITED=1).status, 0)
    texts.append(report.read_bytes())
    names = [b"module", b"program", b"link", b"pipe", b"nothing", b"nowhere/at-all", b"../bait/link"]
    for text in list(texts):
        at = iter(range(1 << 30))
        texts.append(re.sub(rb"(?<=[ (])/[^ +,()\n]+", lambda _: str(bait).encode() + b"/" + names[next(at) % len(names)],
                            text))
    return texts


def _mutant(text, other, dice):
    """The text, cut and changed at some places, as by an enemy who knows the grammar."""
    lines = text.split(b"\n")
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        at, kind = dice.randrange(len(lines)), dice.randrange(9)
        line = lines[at]
        if kind == 0:
            lines[at] = line[:dice.randrange(len(line) + 1)]
        elif kind == 1:
            del lines[at:at + dice.choice((1, 1, 3, 30))]
        elif kind == 2:
            lines[at:at] = other.split(b"\n")[dice.randrange(8):][:dice.choice((1, 3, 30))]
        elif kind == 3:
            lines.insert(at, lines[dice.randrange(len(lines))])
        elif kind == 4:
            lines[at] = re.sub(rb"\d+", lambda _: dice.choice((b"0", b"-1", b"4294967296", b"18446744073709551615",
                                                               b"99999999999999999999999", b"1e9", b"0x")), line)
        elif kind == 5:
            where = dice.randrange(len(line) + 1)
            lines[at] = line[:where] + dice.randbytes(dice.choice((1, 1, 4, 64))) + line[where:]
        elif kind == 6:
            lines[at] = line * dice.choice((2, 50, 2000))
        elif kind == 7:
            lines[at] = re.sub(rb"[A-Za-z_]\w*", lambda found: dice.choice(
                (found[0], b"%s%n", b"_ZN" + b"1a" * 400, b"_R" + b"B_" * 60, b"\x1b[2J", b"\xe2\x80\xae")), line)
        else:
            lines = lines[:at + 1]
        lines = lines or [b""]
        at = min(at, len(lines) - 1)
        lines[at] = lines[at][:LINE_MOST]
    return b"\n".join(lines)


def enemy_snapshots(mutants, forms=len(VERBS)):
    """Runs this many forms of the verbs on each snapshot of the corpus, and then one form on each of this many
mutants."""
    number = seed()
    dice = random.Random(number)
    bait, folder = _bait(), temp_dir()
    before = _state(bait)
    texts = _corpus(bait)
    file, old, rules, out = folder / "file", folder / "old", folder / "rules", folder / "out"
    rules.write_text("leak:open_*\nleak:*\nleak:main\n#\n")
    runs = 0

    def run(verb, statuses):
        nonlocal runs
        words = [word.replace("FILE", str(file)).replace("OLD", str(old)).replace("RULES", str(rules))
                 .replace("OUT", str(out)) for word in verb]
        try:
            _, err = sanitized(*words, statuses=statuses, cwd=folder)
            if err:
                check.matches(err, rf"^fdtrail {verb[0]}: ")
        except Failed as failed:
            kept = BUILD / "tests" / f"enemy-{number}-{runs}"
            kept.write_bytes(file.read_bytes())
            raise Failed(f"seed {number}, {verb}, the snapshot is kept as {kept}\n{failed}") from None
        runs += 1

    old.write_bytes(texts[-1])
    for text in texts:
        file.write_bytes(text)
        for verb in dice.sample(VERBS, forms):
            run(*verb)
    for _ in range(mutants):
        file.write_bytes(_mutant(dice.choice(texts), dice.choice(texts), dice))
        if dice.randrange(4) == 0:
            old.write_bytes(_mutant(dice.choice(texts), dice.choice(texts), dice))
        run(*dice.choice(VERBS))
    check.equal(_state(bait), before, "what lies where the snapshots' paths lead")
    check.true({path.name for path in folder.iterdir()} <= {"file", "old", "rules", "out"}, "nothing else was made")
    ran("sanitizers", f"seed {number}: {runs} runs of {len(VERBS)} forms of report, diff and check on {len(texts)} snapshots "
        f"and {mutants} mutants of them: nothing found, nothing written")

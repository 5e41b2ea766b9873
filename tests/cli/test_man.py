#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual and the completions have the same verbs and options as the command, no more and no fewer."""

import re
import shutil
import subprocess

from support import BUILD, SOURCE, check, main, require, run_bare, skip, test

FDTRAIL = BUILD / "tools" / "fdtrail"
MAN = SOURCE / "tools" / "man"
OPTION = re.compile(r'OPTION\((\w+), \w+, "([^"]*)", "([^"]*)",\s*"([^"]*)"\)')
OPTIONS = OPTION.findall((SOURCE / "preload/core/policy/options.list").read_text())
KINDS = re.findall(r'\[KIND_\w+\] = \{"(\w+)"', (SOURCE / "preload/core/snapshot/kind.c").read_text())


def verbs():
    return re.findall(r"^  ([a-z]+) +\S", run_bare([FDTRAIL, "help"]).out, re.MULTILINE)


def help_options(verb):
    """Long and short options of a verb, from its --help; those that argp adds are left out."""
    shown = run_bare([FDTRAIL, verb, "--help"])
    check.equal(shown.status, 0, verb)
    lines = re.findall(r"^ +(?:(-.), )? *(--[\w-]+)", shown.out, re.MULTILINE)
    found = {word for pair in lines for word in pair if word}
    return found - {"-?", "--help", "--usage", "-V", "--version"}


def section(page, title):
    """The text below a heading, up to the next one of its level or above."""
    text = (MAN / page).read_text()
    found = re.search(rf"^(#+) {re.escape(title)}$", text, re.MULTILINE)
    check.true(found, f"{page} has {title}")
    rest = text[found.end():]
    level = len(found.group(1))
    end = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
    return rest[:end.start()] if end else rest


def documented(text):
    """The options that entries of a section describe."""
    entries = [line for line in text.splitlines() if line.startswith("*-")]
    return {word.split("=")[0] for line in entries for word in re.findall(r"\*(-[-\w]+=?)", line)}


VERBS = verbs()


@test("fdtrail(1) has every verb, in its synopsis and with a section, and no other")
def _():
    sections = re.findall(r"^## (\w+)$", section("fdtrail.1.scd", "VERBS"), re.MULTILINE)
    check.equal(sorted(sections), sorted(VERBS))
    synopsis = re.findall(r"^\*fdtrail (\w+)", section("fdtrail.1.scd", "SYNOPSIS"), re.MULTILINE)
    check.equal(sorted(set(synopsis)), sorted(VERBS))


@test("fdtrail(1) has every option of {}, and no other", each=VERBS)
def _(verb):
    check.equal(sorted(documented(section("fdtrail.1.scd", verb))), sorted(help_options(verb)))


@test("libfdtrail(7) has every option of the tracer with its default, and no other")
def _():
    text = section("libfdtrail.7.scd", "OPTIONS")
    found = dict(re.findall(r"^\*FDTRAIL_(\w+)\*=\S+ \(default: (\S+)\)$", text, re.MULTILINE))
    check.equal({name: value.replace("\\", "") for name, value in found.items()},
                {name: default for name, default, _, _ in OPTIONS})


@test("libfdtrail(7) has every kind of descriptor, and no other")
def _():
    text = section("libfdtrail.7.scd", "KINDS")
    check.at_least(len(KINDS), 20)
    check.equal(sorted(re.findall(r"\*(\w+)\*", text)), sorted([*KINDS, "sockets", "all"]))


def table(path, pattern):
    """The names in a table of the sources, in its order."""
    return re.findall(pattern, (SOURCE / path).read_text(), re.MULTILINE)


FORMATS = ["text", *table("tools/arguments/format_table.c", r'\.name = "(\w+)"')]
CI_FORMATS = table("tools/ci/ci_format.c", r'^\t\{"(\w+)", "')
DIFF_FORMATS = table("tools/diff/diff_format.c", r'^\t\{"(\w+)", ".*diff_write')


def values(verb, option):
    """The words that the completions offer."""
    run = run_bare([FDTRAIL, "help", verb, f"--values={option}"])
    check.equal((run.status, run.err), (0, ""))
    return run.out.split()


@test("the formats of {} are those of the table, in the manual, --help, the completions and the parser", each=[
    ("report", FORMATS), ("snapshot", FORMATS), ("diff", DIFF_FORMATS), ("run", CI_FORMATS), ("check", CI_FORMATS)])
def _(verb, names):
    check.equal(names[0], "text")
    check.at_least(len(names), 3)
    if verb not in ("snapshot", "check"):
        text = section("fdtrail.1.scd", verb)
        entry = text[text.index("*--format*"):].split("\n\n")[0]
        check.equal(sorted(set(re.findall(r"\*(\w+)\*[,:.;]", entry))), sorted(names))
    shown = run_bare([FDTRAIL, verb, "--help"]).out
    entry = re.search(r"--format=FORMAT +((?:.|\n)*?)\n +-", shown)[1]
    check.equal(" ".join(entry.split()), f"text (the default), {', '.join(names[1:-1])} or {names[-1]}")
    check.equal(values(verb, "--format"), names)
    for name in names:
        check.lacks(run_bare([FDTRAIL, verb, f"--format={name}", "/nowhere"]).err, "there is no format")
    refused = run_bare([FDTRAIL, verb, "--format=xyzzyzzz", "/nowhere"]).err
    check.equal(refused, f"fdtrail {verb}: there is no format 'xyzzyzzz'; there are {', '.join(names)}\n")


@test("{} and the completions accept the kinds of the table", each=["run", "snapshot", "report", "diff", "check"])
def _(verb):
    words = ["all", "sockets", *KINDS]
    check.equal(values(verb, "--kinds"), words)
    refused = run_bare([FDTRAIL, verb, "--kinds=xyzzyzzz", "--", "true"]).err
    check.equal(refused, f"fdtrail {verb}: --kinds=xyzzyzzz is not accepted: not a kind: 'xyzzyzzz'; kinds are {', '.join(words)}\n")


@test("{} is formatted without a complaint", each=sorted(path.stem for path in MAN.glob("*.scd")))
def _(page):
    groff = shutil.which("groff") or skip("groff is not installed")
    done = subprocess.run([groff, "-man", "-Tutf8", "-ww", "-z", BUILD / "tools" / "man" / page],
                          capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if "can't break" not in line and "adjust" not in line]
    check.equal(lines, [])


@test("{} is at most 80 columns wide, its examples, too", each=sorted(path.stem for path in MAN.glob("*.scd")))
def _(page):
    groff = shutil.which("groff") or skip("groff is not installed")
    text = subprocess.run([groff, "-man", "-Tascii", "-P-cbou", "-rLL=78n", BUILD / "tools" / "man" / page],
                          capture_output=True, text=True, check=True).stdout
    check.at_least(len(text.splitlines()), 50)
    check.equal([line for line in text.splitlines() if len(line) > 80], [])


@test("pages and files that the manual refers to exist")
def _():
    pages = {path.stem for path in MAN.glob("*.scd")}
    for path in MAN.glob("*.scd"):
        for name, number in re.findall(r"\*(\w*fdtrail[\w-]*)\*\((\d)\)", path.read_text()):
            check.contains(pages, f"{name}.{number}", path.name)


@test("the verbs and options that the README shows exist")
def _():
    text = (SOURCE / "README.md").read_text()
    # At the beginning of a line of code, after a prompt, or between backticks.
    shown = re.findall(r"(?:^    (?:\$ )?|`)fdtrail ([a-z]+)((?: +-[^\n`|]*)?)", text, re.MULTILINE)
    used = [(verb, options) for verb, options in shown if verb in VERBS]
    check.at_least(len(used), 10)
    known = {verb: help_options(verb) for verb in VERBS}
    for verb, options in used:
        for option in re.findall(r"(?:^| )(-[a-z]|--[a-z][\w-]*)", re.split(r" -- |[&;>#]", options)[0]):
            check.contains(known[verb], option, f"fdtrail {verb}")
    check.equal({verb for verb, _ in shown} - set(VERBS), {"snapshot"} - set(VERBS))


# Completions

BASH = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_fdtrail
printf '%s\n' "${COMPREPLY[@]}"
"""


def complete(*words):
    """The completions that bash offers for the last of these words."""
    run = run_bare([require("bash"), "-c", BASH, "bash", SOURCE / "tools/completions/fdtrail.bash", FDTRAIL,
                    *words])
    check.equal((run.status, run.err), (0, ""))
    return sorted(run.out.split())


@test("bash completes the verbs")
def _():
    check.equal(complete(""), sorted(VERBS))
    check.equal(complete("ver"), ["version"])
    check.equal(complete("help", ""), sorted(VERBS))


@test("bash completes the options of {}", each=VERBS)
def _(verb):
    expected = {option for option in help_options(verb) if option.startswith("--")}
    check.equal({word.rstrip("=") for word in complete(verb, "--")} - {"--help", "--usage"}, expected)


@test("bash completes an option's values, whether it splits at = or not")
def _():
    check.equal(complete("run", "--engine", "=", ""), ["auto", "planted", "preload", "ptrace"])
    check.equal(complete("run", "--engine", "=", "pt"), ["ptrace"])
    check.equal(complete("report", "--format", "js"), ["json"])


@test("bash offers the formats that a verb accepts, the kinds of a list, and no file names for them")
def _():
    for verb, names in [("report", FORMATS), ("snapshot", FORMATS), ("diff", DIFF_FORMATS)]:
        for words in (["--format", "=", ""], ["--format", ""], ["-f", ""]):
            check.equal(complete(verb, *words), sorted(names), verb)
    words = ["all", "sockets", *KINDS]
    for verb in ("run", "snapshot", "report", "diff", "check"):
        check.equal(complete(verb, "--kinds", "=", ""), sorted(words), verb)
    check.equal(complete("check", "--kinds", "=", "tcp,fi"), ["tcp,file"])
    check.equal(complete("report", "--state", "CLOSE_"), ["CLOSE_WAIT"])
    check.equal(complete("report", "--color", "=", ""), ["always", "auto", "never"])
    for words in (["check", "--max-open", "=", ""], ["report", "--function", "=", ""], ["snapshot", "--count", ""],
                  ["snapshot", "-n", ""]):
        check.equal(complete(*words), [], words)


@test("bash offers files where an option takes one, and processes for --pid")
def _():
    folder = f"{SOURCE}/tools/m"
    for words in (["run", "--output", "=", folder], ["run", "--report", folder], ["report", "-o", folder],
                  ["check", "--suppressions", "=", folder], ["diff", "--debug-dir", "=", folder]):
        check.contains(complete(*words), f"{SOURCE}/tools/man", words)
    check.contains(complete("check", "--pid", "=", "1"), "1")
    for verb in ("snapshot", "top", "export", "attach", "detach"):
        check.contains(complete(verb, "1"), "1", verb)


@test("bash completes the command after run's options")
def _():
    for words in [["--", "bas"], ["bas"], ["--depth", "=", "7", "bas"], ["-o", "file", "--", "bas"]]:
        check.contains(complete("run", *words), "bash", words)


@test("zsh's completion offers verbs and options")
def _():
    zsh = require("zsh")
    script = r"""
    _arguments() { print -rl -- "$@"; state=$wanted }
    _describe() { print -rl -- ${(P)2} }
    _normal() { }
    path=($2:h $path) wanted=$3
    words=(${@[4,-1]})
    source $1
    """
    completion = SOURCE / "tools/completions/_fdtrail"
    out = run_bare([zsh, "-f", "-c", script, "zsh", completion, FDTRAIL, "verb", "fdtrail"])
    check.equal(out.err, "")
    check.equal(sorted(re.findall(r"^([a-z]+):", out.out, re.MULTILINE)), sorted(VERBS))
    for verb in VERBS:
        out = run_bare([zsh, "-f", "-c", script, "zsh", completion, FDTRAIL, "rest", verb])
        check.equal(out.err, "")
        offered = set(re.findall(r"^(--[\w-]+)=?\[", out.out, re.MULTILINE)) - {"--help", "--usage"}
        check.equal(offered, {o for o in help_options(verb) if o.startswith("--")}, verb)
        told = dict(re.findall(r"^(--[\w-]+)=\[.*\]:\w+:(.*)$", out.out, re.MULTILINE))
        for option, names in (("--format", {"report": FORMATS, "snapshot": FORMATS, "diff": DIFF_FORMATS, "run": CI_FORMATS,
                                            "check": CI_FORMATS}.get(verb)),
                              ("--color", ["auto", "always", "never"] if "--color" in told else None)):
            check.equal(told.get(option), names and f"({' '.join(names)})", f"{verb} {option}")
        if "--kinds" in told:
            check.equal(told["--kinds"], "_values -s , word all sockets " + " ".join(KINDS))
        for option in ("--max-open", "--function", "--count"):
            check.equal(told.get(option, "()"), "()")
        for option in ("--output", "--suppressions", "--report", "--debug-dir"):
            check.equal(told.get(option, "_files"), "_files")


main()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md and docs/ are right: the options are those of the one table, the commands, flags and links exist, and
the picture shows what fdtrail prints."""

import difflib
import re
from xml.etree import ElementTree

from support import BUILD, SOURCE, check, main, run_bare, test

OPTION = re.compile(r'OPTION\((\w+), \w+, "([^"]*)", "([^"]*)",\s*"([^"]*)"\)')
FDTRAIL = BUILD / "tools" / "fdtrail"
PAGES = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
MANUAL = sorted((SOURCE / "tools" / "man").glob("*.scd"))
README_LINES = 200
FREE_PRONOUN = re.compile(r"(?m)^(?:[-*] |\d+\. )?(?:What|Who|Of) [a-z]")


def options():
    return OPTION.findall((SOURCE / "preload/core/policy/options.list").read_text())


def text_of(name):
    return (SOURCE / name).read_text(encoding="utf-8")


def each_page():
    return [str(path.relative_to(SOURCE)) for path in PAGES]


def without_code(text):
    """A page without its indented lines of code, and without code between backticks."""
    lines = [line for line in text.splitlines() if not line.startswith("    ")]
    return re.sub(r"`[^`\n]*`", "", "\n".join(lines))


def help_options(verb):
    """Long and short options of a verb, from its --help."""
    shown = run_bare([FDTRAIL, verb, "--help"])
    check.equal(shown.status, 0, verb)
    return set(re.findall(r"(?<![\w-])(-\w|--[\w-]+)", shown.out))


def anchors(text):
    """The names by which links find a page's headings."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"(?m)^#+ (.*)$", text)}


@test("the table of options is read whole")
def _():
    rows = (SOURCE / "preload/core/policy/options.list").read_text().count("\nOPTION(")
    check.equal(len(options()), rows)


@test("docs/options.md has every option, with its default, and no other")
def _():
    rows = dict(re.findall(r"^\| `FDTRAIL_(\w+)` \| (\S+) \|", text_of("docs/options.md"), re.MULTILINE))
    check.equal(rows, {name: default for name, default, _, _ in options()})


@test("docs/options.md says of every option what it is for and what is accepted")
def _():
    for _, _, accepted, purpose in options():
        check.contains(text_of("docs/options.md"), f"{purpose} ({accepted})")


@test("the options of the tracer that {} names exist", each=each_page())
def _(page):
    known = {name for name, _, _, _ in options()}
    check.equal(set(re.findall(r"\bFDTRAIL_([A-Z]+)\b", text_of(page))) - known, set())


@test("the README has at most 200 lines, and links every page of docs/")
def _():
    readme = text_of("README.md")
    check.at_most(len(readme.splitlines()), README_LINES)
    for page in each_page()[1:]:
        check.contains(readme, f"({page})")


@test("the scripts that {} names exist", each=each_page())
def _(page):
    for command in set(re.findall(r"scripts/[\w-]+", text_of(page))):
        check.equal((SOURCE / command).is_file(), True, command)


@test("a fresh machine needs two commands, and the README has them")
def _():
    readme = text_of("README.md")
    for command in ["scripts/build", "meson install -C build", "scripts/run", "scripts/test"]:
        check.matches(readme, rf"(?m)^    {re.escape(command)}(?:$| )")


@test("the verbs and options that README.md and docs/ show exist")
def _():
    verbs = set(re.findall(r"^  (\w+) {2,}", run_bare([FDTRAIL, "help"]).out, re.MULTILINE))
    check.at_least(len(verbs), 8)
    known = {verb: help_options(verb) for verb in verbs - {"options", "help", "version"}}
    shown = 0
    for page in each_page():
        # At the start of a line of code, after a prompt, or between backticks.
        for verb, words in re.findall(r"(?:^    (?:\$ )?|`)fdtrail ([a-z]+)((?: +-[^\n`|]*)?)", text_of(page), re.MULTILINE):
            check.contains(verbs, verb, page)
            for option in re.findall(r"(?:^| )(-[a-z]|--[a-z][\w-]*)", re.split(r" -- |[&;>#]", words)[0]):
                check.contains(known[verb], option, f"{page}: fdtrail {verb}")
            shown += 1
    check.at_least(shown, 40)


@test("the links of {} lead to files and headings that exist", each=each_page())
def _(page):
    folder = (SOURCE / page).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        name, _, anchor = target.partition("#")
        path = folder / name if name else SOURCE / page
        check.true(path.exists(), f"{page}: {target}")
        if anchor:
            check.contains(anchors(path.read_text(encoding="utf-8")), anchor, f"{page}: {target}")


@test("nobody is told to send SIGUSR1 with kill: {}", each=[*each_page(), *(str(path.relative_to(SOURCE)) for path in MANUAL)])
def _(page):
    for paragraph in text_of(page).split("\n\n"):
        if re.search(r"\bkill\*? +(-s +)?-?(SIG)?USR1", paragraph):
            check.matches(paragraph, "never|don't", page)


@test("no help tells anybody to send SIGUSR1 with kill")
def _():
    for verb in ["run", "snapshot", "report", "diff", "check"]:
        check.lacks(run_bare([FDTRAIL, verb, "--help"]).out, "kill -", verb)
    check.lacks(run_bare([FDTRAIL, "options"]).out, "kill -")


@test("no sentence of {} starts with a free pronoun, and no path of this machine is in it", each=each_page())
def _(page):
    check.equal(FREE_PRONOUN.findall(without_code(text_of(page))), [])
    check.lacks(text_of(page), str(SOURCE))


@test("docs/report.svg is a picture of what fdtrail prints", timeout=100)
def _():
    run = run_bare([SOURCE / "scripts" / "report-picture"], env={"BUILD_DIR": str(BUILD)}, timeout=90)
    check.equal(run.status, 0, run.err)
    kept = text_of("docs/report.svg").splitlines()
    check.equal("\n".join(difflib.unified_diff(kept, run.out.splitlines(), "the picture", "now", lineterm="", n=0)), "")


@test("docs/report.svg shows the leak's function and line, in letters that every viewer has")
def _():
    picture = ElementTree.fromstring(text_of("docs/report.svg"))
    lines = ["".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    check.at_least(len(lines), 15)
    check.contains(lines[0], "fdtrail run ")
    check.matches("\n".join(lines), r"=> #0 open_connection +tests/programs/demo\.c:\d+")
    check.equal([line for line in lines if not line.isascii() or not line.isprintable()], [])


if __name__ == "__main__":
    main()

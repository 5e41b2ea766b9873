#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools find in the sources that take minutes to read them: clang-tidy, and gcc -fanalyzer. The set of
checks is chosen; what is left out is left out for a reason, below, and what is left finds nothing."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from support import BUILD, SOURCE, check, main, ran, require, test

ROOMS = {room: sorted((SOURCE / room).rglob("*.c")) for room in ("preload", "tools")}

NO_TIDY = (
    "bugprone-easily-swappable-parameters",  # a descriptor and a size are both numbers, and so are all in man 2
    "bugprone-reserved-identifier", "cert-dcl37-c", "cert-dcl51-cpp",  # the C library's names are what is hooked
    "bugprone-sizeof-expression",  # an array of pointers has elements of that size
    "bugprone-implicit-widening-of-multiplication-result",  # constants
    "bugprone-branch-clone",  # conditions that are told apart for the reader
    "bugprone-macro-parentheses",  # names of functions, and of arguments
    "cert-err33-c",  # what fprintf to stderr returns tells nobody anything
    "cert-err34-c",  # sscanf and atoi of what the kernel has printed, or of what was checked to be digits
)


def each(words, paths, timeout, less=None):
    """What a tool has to say of each of the files. With less, more words for the tool by which it looks
    less far, a file that takes longer is read once more with them."""

    def look(path, more=()):
        try:
            done = subprocess.run([*words, *more, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  check=False, timeout=timeout)
        except subprocess.TimeoutExpired:
            if not less or more:
                raise
            return look(path, less)
        # clang-tidy counts what it does not show.
        lines = [line for line in done.stdout.splitlines() if not line.endswith(("warnings generated.",
                                                                                 "warning generated."))]
        return "\n".join(lines) if lines or not done.returncode else f"{path}: exit status {done.returncode}"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return "\n".join(said for said in pool.map(look, paths) if said)


def tidy(checks, paths):
    words = [require("clang-tidy"), "-quiet", "-p", BUILD, f"--checks=-*,{','.join(checks)}"]
    check.equal(each(words, paths, 600), "")


@test("clang-tidy's bugprone and cert checks find nothing in preload/ and tools/", timeout=1800)
def _():
    paths = [*ROOMS["preload"], *ROOMS["tools"]]
    check.at_least(len(paths), 150)
    tidy(["bugprone-*", "cert-*", *(f"-{name}" for name in NO_TIDY)], paths)
    ran("analysis", f"clang-tidy (bugprone, cert) on {len(paths)} files")


# gcc 12 takes a fact and its consequence, held in two variables, for independent of each other; and what argp and
# exit leave behind for lost.
@test("gcc -fanalyzer finds nothing in preload/ and tools/", timeout=3500)
def _():
    paths = [*ROOMS["preload"], *ROOMS["tools"]]
    words = [require("gcc"), "-fanalyzer", "-Wno-analyzer-null-dereference", "-Wno-analyzer-malloc-leak", "-O1",
             "-std=gnu11", "-D_GNU_SOURCE", '-DFDTRAIL_VERSION="0"', '-DFDTRAIL_LIBDIR="."',
             f"-I{SOURCE / 'preload'}", f"-I{SOURCE / 'tools'}", "-Wno-deprecated-declarations", "-c", "-o", "/dev/null"]
    # By default 8 states of each point of a program are kept; of some functions far too many follow.
    check.equal(each(words, paths, 180, ["--param=analyzer-max-enodes-per-program-point=2"]), "")
    ran("analysis", f"gcc -fanalyzer on {len(paths)} files")


main()

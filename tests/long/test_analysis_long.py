#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What gcc -fanalyzer, which takes minutes, finds in all the sources. Findings are not collected, they fail."""

from analysis import C_FILES, findings_in_each
from support import SOURCE, check, main, ran, require, test


# gcc 12 takes a fact and its consequence, held in two variables, for independent of each other; and what argp and
# exit leave behind for lost.
@test("gcc -fanalyzer finds nothing in preload/ and tools/", timeout=3500)
def _():
    check.at_least(len(C_FILES), 150)
    words = [require("gcc"), "-fanalyzer", "-Wno-analyzer-null-dereference", "-Wno-analyzer-malloc-leak", "-O1",
             "-std=gnu11", "-D_GNU_SOURCE", '-DFDTRAIL_VERSION="0"', '-DFDTRAIL_LIBDIR="."',
             f"-I{SOURCE / 'preload'}", f"-I{SOURCE / 'tools'}", "-Wno-deprecated-declarations", "-c", "-o", "/dev/null"]
    # By default 8 states of each point of a program are kept; of some functions far too many follow.
    check.equal(findings_in_each(words, C_FILES, 180, ["--param=analyzer-max-enodes-per-program-point=2"]), "")
    ran("analysis", f"gcc -fanalyzer on {len(C_FILES)} files")


main()

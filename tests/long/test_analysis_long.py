#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gcc -fanalyzer on all sources, which takes minutes. Any finding fails."""

from analysis import C_FILES, findings_in_each
from support import SOURCE, check, main, ran, require, test


# gcc 12 takes two variables that hold a fact and its consequence for independent, and memory that argp and exit
# leave behind for leaked.
@test("gcc -fanalyzer finds nothing in preload/ and tools/", timeout=3500)
def _():
    check.at_least(len(C_FILES), 150)
    words = [require("gcc"), "-fanalyzer", "-Wno-analyzer-null-dereference", "-Wno-analyzer-malloc-leak", "-O1",
             "-std=gnu11", "-D_GNU_SOURCE", '-DFDTRAIL_VERSION="0"', '-DFDTRAIL_LIBDIR="."',
             f"-I{SOURCE}", "-Wno-deprecated-declarations", "-c", "-o", "/dev/null"]
    # By default 8 states are kept for each point of a program; for some functions these are far too many.
    check.equal(findings_in_each(words, C_FILES, 180, ["--param=analyzer-max-enodes-per-program-point=2"]), "")
    ran("analysis", f"gcc -fanalyzer on {len(C_FILES)} files")


main()

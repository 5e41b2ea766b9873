# SPDX-License-Identifier: MIT
"""Tools that read each source file by itself, for the short tests and the long ones."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from support import SOURCE

C_FILES = sorted(path for room in ("preload", "tools") for path in (SOURCE / room).rglob("*.c"))


def findings_in_each(words, paths, timeout, less=None):
    """The findings of a tool in each of the files. less: more arguments that make the tool look less far; a file
that takes longer than timeout is read once more with them."""

    def look(path, more=()):
        try:
            done = subprocess.run([*words, *more, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  check=False, timeout=timeout)
        except subprocess.TimeoutExpired:
            if not less or more:
                raise
            return look(path, less)
        # clang-tidy prints how many warnings it does not show.
        lines = [line for line in done.stdout.splitlines() if not line.endswith(("warnings generated.",
                                                                                 "warning generated."))]
        return "\n".join(lines) if lines or not done.returncode else f"{path}: exit status {done.returncode}"

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return "\n".join(said for said in pool.map(look, paths) if said)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages of docs/ that answer one question by commands have the output that these commands print now."""

import difflib

from support import BUILD, SOURCE, check, main, require, run_bare, test

PAGES = ["close-wait", "emfile", "which-test-leaks", "leak-or-pool"]


@test("docs/{}.md is what scripts/guides prints", each=PAGES, timeout=120)
def _(page):
    require("gcc")
    run = run_bare([SOURCE / "scripts" / "guides", page], env={"BUILD_DIR": str(BUILD)}, timeout=100)
    check.equal((run.status, run.err), (0, ""))
    kept = (SOURCE / "docs" / f"{page}.md").read_text(encoding="utf-8")
    check.equal("\n".join(difflib.unified_diff(kept.splitlines(), run.out.splitlines(), "the page", "now", lineterm="", n=0)),
                "")
    check.lacks(kept, str(SOURCE))
    check.at_least(kept.count("\n    $ "), 3, "commands")


main()

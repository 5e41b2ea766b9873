#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""meson install puts everything in place, and it works there and after it was moved."""

import json
import os
import re
import shutil
import subprocess

from support import BUILD, SOURCE, check, main, program, require, run_bare, temp_dir, test


def installed():
    """A folder into which this build was installed, as the root of a file system, and the prefix in it."""
    root = temp_dir()
    subprocess.run([require("meson"), "install", "-C", BUILD, "--no-rebuild", "--quiet"],
                   env={"DESTDIR": str(root), "PATH": "/usr/local/bin:/usr/bin:/bin"}, check=True,
                   stdout=subprocess.DEVNULL)
    return next(root.rglob("bin/fdtrail")).parent.parent


@test("the command, the library, its header, the manual, the completions and a pkg-config file are installed")
def _():
    prefix = installed()
    files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    library = next(name for name in files if name.endswith("libfdtrail.so"))
    pages = {f"share/man/man{page.stem[-1]}/{page.stem}" for page in (SOURCE / "tools/man").glob("*.scd")}
    check.equal(files, pages | {
        "bin/fdtrail", "include/fdtrail.h", library, f"{library.rpartition('/')[0]}/pkgconfig/fdtrail.pc",
        "share/bash-completion/completions/fdtrail", "share/zsh/site-functions/_fdtrail",
        "share/fdtrail/fdtrail-json.schema.json",
        *(f"share/fdtrail/{path.name}" for path in (SOURCE / "docs/fleet").iterdir())})
    for page in pages:
        check.at_least((prefix / page).stat().st_size, 1000, page)


@test("fdtrail run works where it was installed, and where that is moved to")
def _():
    prefix = installed()
    moved = temp_dir() / "some where:else"
    for place in [prefix, moved]:
        if place == moved:
            shutil.move(prefix, moved)
        run = run_bare([place / "bin/fdtrail", "run", "--", program("ends"), "return"])
        check.equal(run.status, 3)
        check.contains(run.err, "leaks_files")
        run = run_bare([place / "bin/fdtrail", "run", "--exit=0", "--", "sed", "/libfdtrail/!d", "/proc/self/maps"])
        check.equal(run.err, "")
        check.contains(run.out, str(next(place.rglob("libfdtrail.so"))))


@test("-Dtests=disabled builds no test, and needs no C++ compiler and no cmocka")
def _():
    build = temp_dir() / "build"
    subprocess.run([require("meson"), "setup", "-Dtests=disabled", build, SOURCE], check=True, capture_output=True,
                   env={"PATH": "/usr/local/bin:/usr/bin:/bin", "CXX": "false"})
    asked = subprocess.run([require("meson"), "introspect", "--targets", "--tests", build], check=True,
                           capture_output=True, text=True)
    found = json.loads(asked.stdout)
    names = {target["name"] for target in found["targets"] if target["build_by_default"]}
    check.equal(names, {"fdtrail", "tools", "fdtrail.1", "fdtrail.h.3", "fdtrail-json.5", "libfdtrail.7"})
    check.equal([target["name"] for target in found["targets"] if "/tests/" in target["defined_in"]], [])
    check.equal(found["tests"], [])


@test("pkg-config knows where the tracer is, and the version, wherever the prefix was moved to")
def _():
    prefix = installed()
    folder = next(prefix.rglob("fdtrail.pc")).parent

    def ask(*words):
        return subprocess.run([require("pkg-config"), *words, "fdtrail"],
                              env={"PKG_CONFIG_PATH": str(folder)}, capture_output=True, text=True,
                              check=True).stdout.strip()

    check.equal(os.path.realpath(ask("--variable=preload")), str(next(prefix.rglob("libfdtrail.so")).resolve()))
    check.equal(os.path.realpath(ask("--variable=command")), str((prefix / "bin/fdtrail").resolve()))
    check.equal((ask("--cflags"), ask("--libs")), ("", ""), "there is nothing to compile or link with")
    check.lacks((folder / "fdtrail.pc").read_text(), "=/")
    version = re.search(r"^ +version: '([^']+)'", (SOURCE / "meson.build").read_text(), re.MULTILINE).group(1)
    check.equal(ask("--modversion"), version)


main()

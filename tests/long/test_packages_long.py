#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The packages of scripts/package, installed in a fresh root of each release: the README's first examples work
there."""

import os
import re
import shutil
import subprocess
import tarfile

from support import BUILD, SOURCE, check, main, ran, require, skip, temp_dir, test

RELEASES = ["bullseye", "bookworm", "trixie", "sid"]
OLDEST_GLIBC = [2, 31]  # README.md promises it
GLIBC = {"libc.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2"}  # libraries that each glibc has
PACKAGES = BUILD / "packages"

# A program that every root has, which leaks three files, and the README's commands on it.
EXAMPLES = r"""
set -eu
fdtrail run -- perl -MPOSIX -e 'POSIX::open("/etc/passwd") for 1..3; POSIX::_exit(3)' 2>/tmp/report && exit 1
[ $? = 3 ]
sleep 1000 </etc/passwd &
until grep -q sleep /proc/$!/comm; do :; done
fdtrail snapshot $!
echo "== report"
cat /tmp/report
echo "== help"
fdtrail --help >/dev/null
for engine in preload ptrace; do
	fdtrail run --engine=$engine --output=/tmp/raw.$engine.%p --report=/dev/null -- \
		perl -MPOSIX -e 'POSIX::open("/etc/passwd") for 1..3; POSIX::_exit(0)'
	cat /tmp/raw.$engine*
done
"""


def run(*command, seconds=600):
    done = subprocess.run(command, cwd=SOURCE, env={**os.environ, "BUILD_DIR": str(BUILD)}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
    check.equal(done.returncode, 0, f"{' '.join(map(str, command))}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def in_fresh_root(release, commands):
    return run("scripts/in-root", "--fresh", "--mount", PACKAGES, release, "sh", "-ec", commands)


def packages():
    """The files by their endings; made once in this run."""
    if os.geteuid() != 0:
        skip("only root can make roots of other releases")
    if not packages.tried:
        packages.tried = True
        shutil.rmtree(PACKAGES, ignore_errors=True)
        run("scripts/package", seconds=1500)
    files = sorted(PACKAGES.iterdir()) if PACKAGES.exists() else []
    check.equal([re.sub(r"_[^_]*_.*|-[0-9].*", "", file.name) for file in files], ["fdtrail", "fdtrail-dbgsym", "fdtrail"])
    return files[2], files[1], files[0]


packages.tried = False


def show_the_leak(out):
    """Checks what EXAMPLES prints."""
    check.contains(out, "/etc/passwd")
    snapshot, _, report = out.partition("== report\n")
    check.contains(snapshot, "sleep")
    check.contains(report, "3 files")
    check.contains(report, "opened in")
    check.equal(len(re.findall(r"^versions: .*libunwind (?:newer than |older than )?\d", report, re.MULTILINE)), 2, "both engines have libunwind")
    check.matches(report, r"#\d+ 0x\w+ in (\S+ )?.*perl")


@test("scripts/package makes a package, one of debug symbols and an archive", timeout=1600)
def _():
    package, symbols, archive = packages()
    require("dpkg-deb")
    listed = run("dpkg-deb", "--contents", package)
    for path in ("/usr/bin/fdtrail", "/libfdtrail.so", "/man1/fdtrail.1.gz", "/doc/fdtrail/copyright", "/fdtrail.pc"):
        check.contains(listed, path)
    check.lacks(run("dpkg-deb", "--field", package, "Depends"), "libdw")
    check.equal(len(re.findall(r"\.build-id/../.*\.debug$", run("dpkg-deb", "--contents", symbols), re.MULTILINE)), 2)
    with tarfile.open(archive) as tar:
        check.true(all(member.uid == 0 for member in tar), "the archive's files belong to root")


@test("each file of the archive needs glibc alone, and none newer than 2.31", timeout=1600)
def _():
    folder = temp_dir()
    shutil.unpack_archive(packages()[2], folder)
    carried = {path.name for path in folder.rglob("*.so*")}
    seen = 0
    for path in folder.rglob("*"):
        if not path.is_file() or path.read_bytes()[:4] != b"\x7fELF":
            continue
        seen += 1
        told = run(require("readelf"), "-dVW", path)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", told))
        # libunwind's own files need each other.
        check.equal(needed - GLIBC - (carried if path.name != "fdtrail" else set()), set(), path.name)
        versions = re.findall(r"Name: GLIBC_([0-9.]+)", told)
        check.equal([version for version in versions if [int(part) for part in version.split(".")] > OLDEST_GLIBC], [])
    check.equal(seen, 5)


@test("the package installs in a fresh {}, and the README's first examples work", each=RELEASES, timeout=3000)
def _(release):
    packages()
    out = in_fresh_root(release, "{ apt-get update; apt-get install -y --no-install-recommends /mnt/fdtrail_*.deb; } >&2"
                                 f"\n{EXAMPLES}")
    show_the_leak(out)
    ran("packages", f"{release}: the package installs, and traces a program")


@test("the archive works in any folder of a fresh {}, which has no libunwind", each=RELEASES, timeout=3000)
def _(release):
    packages()
    out = in_fresh_root(release, "mkdir '/opt/a folder'; tar -C '/opt/a folder' -xf /mnt/*.tar.gz\n"
                                 "! ls /usr/lib/x86_64-linux-gnu/libunwind* 2>/dev/null\n"
                                 f"PATH=$(echo '/opt/a folder'/*/bin):$PATH\n{EXAMPLES}")
    show_the_leak(out)
    ran("packages", f"{release}: the archive traces a program, from any folder, without an installed libunwind")


main()

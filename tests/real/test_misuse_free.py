#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that close rightly are never reported for wrong closes: shells, git, make, compilers, Python, Perl, Chromium
and what they execute."""

import os

from support import BUILD, check, main, ran, require, run_bare, temp_dir, test

FDTRAIL = str(BUILD / "tools" / "fdtrail")
PYTHON = r"""
import os, socket, subprocess, tempfile, threading
os.close(0)
assert os.open(os.devnull, os.O_RDWR) == 0
saved = os.dup(1)
os.close(1)
os.open("log", os.O_WRONLY | os.O_CREAT)
os.dup2(saved, 1)
with tempfile.TemporaryFile() as file, socket.socket() as listener:
    listener.listen()
    client = socket.create_connection(listener.getsockname())
    listener.accept()[0].close()
    client.close()
for closes in (True, False):
    subprocess.run(["true"], close_fds=closes, check=True, stdout=subprocess.PIPE, preexec_fn=os.getpid)
threads = [threading.Thread(target=lambda: [os.close(os.dup(2)) for _ in range(200)]) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
os.closerange(3, 256)
if os.fork() == 0:
    os.closerange(0, 256)
    os._exit(0)
os.wait()
"""
PERL = r"""
use POSIX ();
open my $file, ">", "log" or die; print $file "x"; close $file;
open my $pipe, "-|", "echo x" or die; <$pipe>; close $pipe;
opendir my $dir, "." or die; readdir $dir; closedir $dir;
open my $saved, ">&", \*STDOUT or die; close STDOUT; open STDOUT, ">", "log" or die;
close STDOUT; open STDOUT, ">&", $saved or die; close $saved;
close STDIN; open STDIN, "<", "/dev/null" or die;
system "true";
POSIX::close($_) for 3 .. 255;
"""
SHELL = """
exec 3>log; echo x >&3; exec 3>&-; exec 3>&-
exec 4<&0 0</dev/null; read line; exec 0<&4 4<&-
(exec 1>&- 2>&-; true); echo x | cat >&- 2>/dev/null
for i in 1 2 3; do echo $i | cat 2>&1 | sort >/dev/null; done
cat <<END >/dev/null
x
END
true <&- >&- 2>&-
"""
MAKEFILE = """
all: a b c
a b c:
\t@echo $@ | cat > $@; $(MAKE) --no-print-directory sub-$@
sub-%:
\t@true
"""
GIT = """
git init -q . && git config user.name a && git config user.email a@b
for i in 1 2 3; do echo $i > f$i; git add . && git commit -qm $i; done
git log --stat >/dev/null; git gc -q; git clone -q . copy; git -C copy fetch -q; git diff HEAD~1 | cat >/dev/null
git stash list; git grep -q 1; git archive HEAD | tar tf - >/dev/null
"""
TOOLS = """
find / -maxdepth 1 -print0 | xargs -0 ls -d | sort | uniq -c | head -3 | tee log >/dev/null
tar czf x.tgz log; tar tzf x.tgz >/dev/null; sed -i s/x/y/ log; awk '{print}' log >/dev/null; diff log log; cp log log2
dd if=/dev/zero of=zero count=1 status=none; od zero >/dev/null; ls -l >&- 2>/dev/null; date | tr a b >/dev/null
mktemp -p . >/dev/null; env true; nohup true >/dev/null 2>&1; timeout 5 true; split -b 100 zero; cat x?? | cmp - zero
"""


def runs_without_report(*command):
    folder = temp_dir()
    os.makedirs(folder, exist_ok=True)
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "a.c").write_text("#include <stdio.h>\nint main(void) { return puts(\"x\") < 0; }\n")
    done = run_bare([FDTRAIL, "run", "--max-misuse=0", "--report=" + str(folder / "report"), "--", *command],
                    cwd=folder)
    report = done.err + (folder / "report").read_text()
    check.lacks(report, "wrong closes")
    # 125: a process that ended early is not known, so its limit can't be checked.
    check.true(done.status in (0, 125), f"status {done.status}: {report}")


@test("no wrong close is reported for a script of {}", each=["bash", "dash"])
def _(shell):
    runs_without_report(require(shell), "-c", SHELL + "true")


@test("no wrong close is reported for {0}", each=[
    ("git", "git", ["sh", "-c", GIT]), ("make", "make", ["make", "-j2", "-s"]), ("Python", "python3", ["python3", "-c", PYTHON]),
    ("Perl", "perl", ["perl", "-e", PERL]), ("a compiler", "gcc", ["gcc", "-O1", "-pipe", "-o", "a.out", "a.c"]),
    ("coreutils and their like", "tar", ["sh", "-c", TOOLS + "true"])])
def _(what, needed, command):
    require(needed)
    runs_without_report(*command)
    ran("no wrong close", f"{what}: none reported")


@test("no wrong close is reported for a browser and its processes", timeout=280)
def _():
    chromium, folder = require("chromium"), temp_dir()
    done = run_bare([FDTRAIL, "run", f"--output={folder}/snapshot.%p", "--verbose", "--report=" + str(folder / "report"),
                     "--", chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/user",
                     "--dump-dom", "data:text/html,<p>loaded</p>"], cwd=folder, timeout=250)
    check.contains(done.out, "<p>loaded</p>")
    check.lacks((folder / "report").read_text(), "wrong closes")
    texts = [path.read_text("utf-8", "replace") for path in folder.glob("snapshot.*")]
    check.at_least(len([text for text in texts if "\nmisuses: 0\n" in text]), 3, "processes that were looked at")
    check.equal([text for text in texts if "\nmisuse 1: " in text], [], "misuses")
    ran("no wrong close", f"Chromium, headless: {len(texts)} processes, none reported")


main()

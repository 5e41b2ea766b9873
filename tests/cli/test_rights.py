#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs with more rights than their user (setuid, setgid, file capabilities): they run untraced with their
rights, and one line says so; if the ptrace engine takes their rights away, a line says that."""

import os
import shutil
import struct

from support import BUILD, check, main, program, run_bare, skip, start_traced, temp_dir, test

USER = 1234
NET_RAW = 13
RIGHTS = ["set-user-ID", "set-group-ID", "file capabilities"]
# The program's output when the user nobody runs it.
GIVEN = {"set-user-ID": f"user {USER}/0 group {USER}/{USER} ", "set-group-ID": f"user {USER}/{USER} group {USER}/65534 ",
         "file capabilities": f"user {USER}/{USER} group {USER}/{USER} capabilities {1 << NET_RAW:016x}\n"}
DENIED = f"user {USER}/{USER} group {USER}/{USER} capabilities {0:016x}\n"


def fdtrail():
    """The command in a place where everybody can execute it: the build folder may lie below one of root's own."""
    folder = temp_dir()
    folder.chmod(0o755)
    for name in ["tools/fdtrail", "preload/libfdtrail.so"]:
        (folder / name).parent.mkdir(mode=0o755)
        shutil.copy(BUILD / name, folder / name)
    return folder / "tools" / "fdtrail"


def become_user():
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)


def privileged(rights):
    """tests/programs/rights.c with these rights, in a place where everybody can execute it."""
    if os.geteuid() != 0:
        skip("only root can make one")
    folder = temp_dir()
    folder.chmod(0o755)
    path = folder / "rights"
    shutil.copy(program("rights"), path)
    os.chown(path, 0, 65534 if rights == "set-group-ID" else 0)
    path.chmod({"set-user-ID": 0o4755, "set-group-ID": 0o2755}.get(rights, 0o755))
    if rights == "file capabilities":
        # struct vfs_cap_data, <linux/capability.h>: revision 2, effective; permitted, inheritable, twice
        os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000001, 1 << NET_RAW, 0, 0, 0))
    # A file system that is mounted nosuid gives these rights to nobody.
    if not run_bare([path], preexec=become_user).out.startswith(GIVEN[rights]):
        skip("this file system gives no rights")
    return path


def fdtrail_run(*command, options=(), user=True, env=None):
    tmp = temp_dir()
    tmp.chmod(0o1777)
    return start_traced([fdtrail(), "run", *options, "--", *command], traced=False,
                        env={"TMPDIR": str(tmp), **(env or {})}, preexec=become_user if user else None).wait()


def as_user(*command):
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]


@test("a program with {} runs untraced, with its rights, and one line says so: --engine={}",
      each=[(rights, engine) for rights in RIGHTS for engine in ("auto", "preload", "ptrace")])
def _(rights, engine):
    path = privileged(rights)
    run = fdtrail_run(path, options=[f"--engine={engine}"])
    check.equal(run.status, 0)
    check.true(run.out.startswith(GIVEN[rights]), run.out)
    check.equal(run.err, f"fdtrail run: {path} has more rights than you ({rights}): it runs untraced, with its rights; "
                "neither it nor what it starts is seen\n")


@test("no limit passes for a program that ran untraced: 125")
def _():
    run = fdtrail_run(privileged("set-user-ID"), options=["--max-open=100"])
    check.equal(run.status, 125)
    check.contains(run.err, "can't check the limits: the program ran untraced\n")


@test("by ptrace, a program with {} that a user's program starts runs without these rights, and one line says "
      "so", each=RIGHTS)
def _(rights):
    path = privileged(rights)
    run = fdtrail_run("sh", "-c", f"{path}; {path}; true", options=["--engine=ptrace"])
    check.equal((run.status, run.out), (0, DENIED * 2))
    check.equal(run.err.count("without its rights"), 1, run.err)
    check.contains(run.err, f"fdtrail run: rights was executed without its rights ({rights}), which the kernel refuses to "
                   "programs that are traced by ptrace; run fdtrail as root\n")
    check.contains(run.err, "opened in opens_with_rights")


@test("by ptrace, if a file can't be read, so that it may be setuid, one line says so")
def _():
    path = privileged("set-user-ID")
    path.chmod(0o4711)
    run = fdtrail_run("sh", "-c", f"{path}; true", options=["--engine=ptrace"])
    check.equal((run.status, run.out), (0, DENIED))
    check.contains(run.err, "fdtrail run: the file of rights can't be read: if it is set-user-ID, it was executed without "
                   "its rights; run fdtrail as root\n")
    run = fdtrail_run(path)
    check.true(run.out.startswith(GIVEN["set-user-ID"]), run.out)
    check.contains(run.err, "it runs untraced")


@test("by ptrace, a program that FDTRAIL_ONLY leaves out does not lose its rights silently either")
def _():
    path = privileged("set-user-ID")
    run = fdtrail_run("sh", "-c", f"{path}; true", options=["--engine=ptrace", "--only=sh"])
    check.equal((run.status, run.out), (0, DENIED))
    check.contains(run.err, "rights was executed without its rights (set-user-ID)")


@test("a program with {1} that a program starts has them, is named as untraced, and passes no limit: {0}",
      each=[(how, rights) for rights in RIGHTS for how in ("ptrace as root", "preload as root", "preload")])
def _(how, rights):
    path, root = privileged(rights), how.endswith("root")
    words = ["sh", "-c", f"{path}; {path}; true"]
    options = [f"--engine={how.split()[0]}"]
    run = fdtrail_run(*(as_user(*words) if root else words), options=options, user=not root)
    check.equal(run.status, 0)
    check.equal([line.startswith(GIVEN[rights]) for line in run.out.splitlines(True)], [True, True], run.out)
    check.equal(run.err, f"not traced:\n  {path} (2 times) was executed without the tracer (it gains rights: setuid, "
                "setgid or capabilities): nothing is known of it\n")
    run = fdtrail_run(*(as_user(*words) if root else words), options=[*options, "--max-open=100"], user=not root)
    check.equal(run.status, 125)


@test("by ptrace, one line names a program that is left untraced, if there is no fdtrail run to do so")
def _():
    path = privileged("set-user-ID")
    run = run_bare([BUILD / "tests" / "trace", shutil.which("setpriv"), *as_user("sh", "-c", f"{path}; {path}; true")[1:]])
    check.equal(run.status, 0)
    check.equal(run.err, "fdtrail: rights has more rights than its user (set-user-ID): it isn't traced\n")


@test("by ptrace as root, a program with more rights that is started is traced")
def _():
    path = privileged("set-user-ID")
    shutil.copy(program("rights"), path.with_name("other"))
    shutil.copy("/usr/bin/env", path)
    path.chmod(0o4755)
    run = fdtrail_run(*as_user("sh", "-c", f"{path} {path.with_name('other')}; true"), options=["--engine=ptrace"],
                      user=False)
    check.equal(run.status, 0)
    check.contains(run.err, "opened in opens_with_rights")
    check.contains(run.err, f"{path}, process ")


@test("a program that may gain no rights is traced, and nothing is printed: --engine={}", each=["preload", "ptrace"])
def _(engine):
    path = privileged("set-user-ID")
    for words in (["setpriv", "--no-new-privs", fdtrail(), "run", f"--engine={engine}", "--", path],
                  [fdtrail(), "run", f"--engine={engine}", "--", "setpriv", "--no-new-privs", path]):
        run = run_bare(words, preexec=become_user if words[0] == "setpriv" or engine == "preload" else None)
        check.equal(run.status, 0)
        check.contains(run.err, "opened in opens_with_rights")
        check.lacks(run.err, "rights (")


@test("a program on a file system mounted nosuid gains none, so it is traced")
def _():
    path = privileged("set-user-ID")
    words = ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o nosuid none {path.parent}/on && "
             f"cp -p {path} {path.parent}/on/ && exec " + " ".join(map(str, as_user(fdtrail(), "run", path.parent / "on" / "rights")))]
    (path.parent / "on").mkdir()
    run = run_bare(words)
    if "mount:" in run.err or "unshare:" in run.err:
        skip("nothing can be mounted here")
    check.equal((run.status, run.out), (0, DENIED))
    check.contains(run.err, "opened in opens_with_rights")


main()

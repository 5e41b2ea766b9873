#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every function that opens or closes a descriptor: a descriptor that it opened is listed with its caller, and
one that it closed is gone from the ledger."""

import errno
import fnmatch
import re
import subprocess
from pathlib import Path

from support import ENGINE, LIBRARY, SOURCE, check, main, program, require, run_traced, skip, temp_dir, test

LISTS = SOURCE / "preload" / "libc"
OPENS_H = (SOURCE / "tests" / "programs" / "opens.h").read_text()
CLOSES_C = (SOURCE / "tests" / "programs" / "closes.c").read_text()
OPENINGS = re.findall(r"^\tOPENS\((\w+),", OPENS_H, re.MULTILINE)
CLOSINGS = re.findall(r"^\tEND\((\w+),", CLOSES_C, re.MULTILINE)
KEEPS_C = (SOURCE / "tests" / "programs" / "keeps.c").read_text()
KEEPERS = re.findall(r"^\tKEEPS\((\w+),", KEEPS_C, re.MULTILINE)
REPLACES = ["dup2", "__dup2", "dup3", "sys_dup2", "sys_dup3", "freopen", "freopen64"]

# Functions of names.h that don't open a descriptor by themselves, and recent ones of glibc, which have a test of
# their own.
NO_OPENING = """
    fdopen pclose fclose fcloseall endmntent fdopendir closedir _IO_fdopen _IO_fclose __endmntent
    ioctl connect __connect close close_range closefrom mq_close login_tty __close
    fts_close fts64_close
    _Fork __clone execl execle execlp execv execve execvp execvpe fexecve execveat
    posix_spawn posix_spawnp pidfd_spawn pidfd_spawnp openat2 _exit _Exit dlclose syscall vfork __vfork
    prctl sigaction signal siginterrupt sigset sigignore bsd_signal ssignal sysv_signal __sysv_signal
    __sigaction sigaltstack system unshare""".split()

# Everything that is neither a file nor in this list is "other".
KINDS = {
    "socketpair": "unix", "socket": "tcp", "accept": "tcp", "accept4": "tcp", "rresvport": "tcp",
    "rresvport_af": "tcp", "rcmd": "tcp", "rcmd_af": "tcp", "rexec": "tcp", "rexec_af": "tcp",
    "getsockopt": "pidfd", "recvmsg_pidfd": "pidfd", "clone": "pidfd", "bpf": "other",
    "fts_open": "directory", "fts64_open": "directory", "fsmount": "directory", "recvmsg": "device", "recvmmsg": "device", "shm_open": "shm",
    "mq_open": "mqueue", "__mq_open_2": "mqueue", "memfd_create": "memfd", "memfd_secret": "memfd",
    "posix_openpt": "terminal", "getpt": "terminal", "openpty": "terminal", "forkpty": "terminal",
    "popen": "pipe", "_IO_popen": "pipe", "pipe": "pipe", "pipe2": "pipe", "__pipe": "pipe",
    "opendir": "directory", "open_tree": "directory", "epoll_create": "epoll", "epoll_create1": "epoll",
    "eventfd": "eventfd", "eventfd2": "eventfd", "timerfd_create": "timerfd", "signalfd": "signalfd",
    "signalfd4": "signalfd", "inotify_init": "inotify", "inotify_init1": "inotify",
    "fanotify_init": "fanotify", "pidfd_open": "pidfd", "userfaultfd": "userfaultfd",
    "perf_event_open": "perf", "io_uring_setup": "io_uring",
    "fsopen": "other", "fspick": "other", "landlock_create_ruleset": "other"}


API = ["libfdtrail_cause_here", "libfdtrail_cause_set", "libfdtrail_mark"]  # of fdtrail.h


def names():
    return re.findall(r"^NAME(?:_LIKE|_LATER)?\((\w+)", (LISTS / "names.h").read_text(), re.MULTILINE)


@test("a descriptor opened by {} is listed with its caller and its kind", each=OPENINGS)
def _(name):
    run = run_traced([program("opens"), name], cwd=temp_dir())
    check.equal(run.status, 0)
    if run.out.startswith("refused"):
        error = int(run.out.split()[1])
        check.true(error in (errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EOPNOTSUPP,
                                errno.ENOPROTOOPT),
                   f"the kernel refuses it for a good reason, not {errno.errorcode[error]}")
        skip(f"the kernel says {errno.errorcode[error]}")
    group = run.last.group_of(f"opens_by_{name}")
    check.true(group, f"opens_by_{name} is in a stack")
    check.equal(group.functions[:2], [f"opens_by_{name}", "main"])
    check.equal(group.fds, [int(word) for word in run.out.split()])
    kind = KINDS.get(name.removeprefix("sys_"), "file")
    check.equal(group.kind, kind)


@test("a descriptor closed by {} is forgotten: its number does not keep the old stack", each=CLOSINGS)
def _(name):
    run = run_traced([program("closes"), name])
    check.equal(run.status, 0)
    fd = int(run.out)
    group = next((found for found in run.last.groups if fd in found.fds), None)
    check.true(group, f"descriptor {fd} is listed")
    check.lacks(group.functions, "opens_before")
    if name in REPLACES:
        check.equal(group.functions[0], f"closes_by_{name}")
    elif ENGINE == "ptrace":
        check.equal(group.functions[0], "main")  # the program opens the number again by a raw system call
    else:
        check.contains(group.sentence, "untraced call")


@test("a descriptor that {} keeps open is listed as opened by an untraced call, as unhooked.list says", each=KEEPERS)
def _(name):
    run = run_traced([program("keeps"), name], cwd=temp_dir())
    check.equal(run.status, 0)
    if run.out.startswith("refused"):
        check.equal(int(run.out.split()[1]), errno.EPERM)
        skip("only root may make a /dev/log of its own")
    fd = int(run.out)
    group = next((found for found in run.last.groups if fd in found.fds), None)
    check.true(group, f"descriptor {fd} is listed")
    if ENGINE == "ptrace":
        # Before glibc 2.34 the files' functions are in a library of their own.
        own = group.functions.index(f"keeps_by_{name}") if f"keeps_by_{name}" in group.functions else 0
        check.equal(group.functions[own:own + 2], [f"keeps_by_{name}", "main"])
        return
    check.equal(verdict(name), "keeps")
    if any(function.startswith("_nss_files_") for function in group.functions):
        # Before glibc 2.34 this is a library of its own, libnss_files, whose calls of fopen pass our hook.
        check.contains(group.functions, f"keeps_by_{name}")
    else:
        check.contains(group.sentence, "untraced call")


@test("the number that {} returns does not count as a descriptor", each=("landlock", "io_uring"))
def _(name):
    run = run_traced([program("versions"), name])
    check.equal(run.status, 0)
    if run.out.startswith("refused"):
        check.true(int(run.out.split()[1]) in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EPERM),
                   f"the kernel refuses it for a good reason: {run.out}")
        skip(run.out)
    number = int(run.out)
    # If nothing is unclosed, no snapshot is written: then the number is that of a standard descriptor.
    openers = [group.functions[:1] for group in (run.last.groups if run.snapshots else [])
               if number in group.fds]
    check.equal(openers, [["opens_before"]] if number > 2 else [])


@test("a descriptor opened by {} is listed with its caller, if the C library has "
      "it", each=("pidfd_spawn", "pidfd_spawnp"))
def _(name):
    if ENGINE != "preload":
        skip("the ptrace engine sees clone(2), which has a test of its own")
    run = run_traced([program("newer_glibc"), name],
                     env={"LD_PRELOAD": f"{LIBRARY}:{program('libfakes')}"})
    check.equal(run.status, 0)
    group = run.last.group_of("opens_by")
    check.equal(group.functions, ["opens_by", "main"] + group.functions[2:])
    check.equal(group.fds, [int(run.out)])
    check.equal(group.kind, "pidfd")


@test("pidfd_spawn of a C library without it returns ENOSYS, as it returns all errors")
def _():
    if ENGINE != "preload":
        skip("the ptrace engine has no function of its own in the program")
    run = run_traced([program("newer_glibc"), "pidfd_spawn"])
    check.equal(run.status, 0)
    if run.out.startswith("error"):
        check.equal(run.out, f"error {errno.ENOSYS}\n-1\n")
    else:
        check.equal(run.last.group_of("opens_by").fds, [int(run.out)])


@test("a descriptor opened by openat2 is listed with its caller, if the C library has it")
def _():
    if ENGINE != "preload":
        skip("the ptrace engine sees the system call, which is tried above")
    run = run_traced([program("newer_glibc"), "openat2"], env={"LD_PRELOAD": f"{LIBRARY}:{program('libfakes')}"})
    check.equal(run.status, 0)
    group = run.last.group_of("opens_by_openat2")
    check.equal(group.functions[:2], ["opens_by_openat2", "main"])
    check.equal((group.kind, group.fds), ("device", [int(run.out)]))


@test("openat2 of a C library without it fails with ENOSYS")
def _():
    if ENGINE != "preload":
        skip("the ptrace engine has no function of its own in the program")
    run = run_traced([program("newer_glibc"), "openat2"])
    check.equal(run.status, 0)
    if run.out.startswith("error"):
        check.equal(run.out, f"error {errno.ENOSYS}\n-1\n")
    else:
        check.equal(run.last.group_of("opens_by_openat2").fds, [int(run.out)])


@test("login_tty: the terminal is the standard descriptors, and its old number is forgotten")
def _():
    path = temp_dir() / "numbers"
    run = run_traced([program("terminals"), path], INHERITED=1)
    check.equal(run.status, 0)
    master, terminal = map(int, path.read_text().split())
    check.equal(run.last.group_of("opens_before").fds, [master])
    if ENGINE == "preload":  # the ptrace engine sees that the program opens it again
        check.contains(next(found for found in run.last.groups if terminal in found.fds).sentence,
                       "untraced call")
    check.equal({run.last.descriptors[fd].kind for fd in (0, 1, 2)}, {"terminal"})


@test("the library exports the names of names.h, and nothing else")
def _():
    lines = subprocess.run([require("nm"), "-D", "--defined-only", LIBRARY], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    exported = {line.split()[2].partition("@")[0] for line in lines}
    # Libraries call it when they are loaded (runtime/deepbind.c); the C library has no such function.
    check.equal(sorted(exported - {name for name in names()}), ["__gmon_start__", *API], "exported and not in names.h")
    check.equal(sorted(set(names()) - exported), [], "in names.h and not exported")


@test("names.h names each function once")
def _():
    check.equal(sorted(set(names())), sorted(names()))


# Patterns in the names of functions that make a descriptor.
MAKES = re.compile(r"open|socket$|accept|pipe|dup\d*$|creat|temp|tmp|log$|lck|ent(_r)?$|pidfd|spawn|memfd|clone"
                   r"|fork$|notify|pt$|pty|rexec|rcmd|rresv|fspick|fsmount|tree|secret|eventfd|timerfd|signalfd"
                   r"|recvm?msg|clnt|svc|res_.*(send|query|search|init)$|getfs|ftw|ruserok|getaddrinfo|port$")


def verdict(name):
    """The verdict of unhooked.list on a function (keeps, closes or none), or None."""
    found = set()
    for line in (LISTS / "unhooked.list").read_text().splitlines():
        if line and not line.startswith("#"):
            word, *patterns = line.partition(":")[0].split()
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                found.add(word)
    check.at_most(len(found), 1, f"verdicts on {name}")
    return found.pop() if found else None


def exported_by_libc():
    library = next(line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()
                   if "/libc.so" in line or "/libc-2" in line)
    lines = subprocess.run([require("nm"), "-D", "--defined-only", library], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {line.split()[2].partition("@")[0] for line in lines
            if line.split()[1] in "TWi" and "GLIBC_PRIVATE" not in line}


@test("each function of the C library whose name suggests that it opens has a hook, or a reason for none")
def _():
    exported = exported_by_libc()
    check.at_least(len(exported), 2000)
    check.equal(sorted(name for name in exported - set(names())
                       if MAKES.search(name) and not verdict(name)), [])


# Functions that glibc 2.38 to 2.43 have added to libc.so for x86_64 (see its libc.abilist; 2.37 and 2.40 have added
# none), with one each of the variants of scanf, strtol and stdc_*. The C library here may be older than the ones
# that programs meet.
NEWER = """
    strlcpy strlcat wcslcpy wcslcat __strlcpy_chk __strlcat_chk __wcslcpy_chk __wcslcat_chk __isoc23_fscanf __isoc23_strtol
    pidfd_getpid pidfd_spawn pidfd_spawnp posix_spawnattr_getcgroup_np posix_spawnattr_setcgroup_np stdc_bit_ceil_ui
    sched_getattr sched_setattr mseal
    cfgetibaud cfgetobaud cfsetbaud cfsetibaud cfsetobaud pthread_gettid_np uabs ulabs ullabs uimaxabs
    __inet_ntop_chk __inet_pton_chk
    openat2 memalignment free_sized free_aligned_sized memset_explicit __memset_explicit_chk
    """.split()


@test("each function that a newer C library has added has a hook, or a reason for none")
def _():
    check.equal(sorted(name for name in set(NEWER) - set(names()) if not verdict(name)), [])
    check.contains(names(), "openat2")


@test("unhooked.list names no function that has a hook")
def _():
    check.equal([name for name in names() if verdict(name)], [])


@test("every function of names.h that opens is tested here")
def _():
    check.equal(sorted(set(names()) - set(OPENINGS) - set(NO_OPENING)), [])


@test("every system call of syscall.list is tested here")
def _():
    calls = re.findall(r"^OPENS\((\w+)", (LISTS / "syscall.list").read_text(), re.MULTILINE)
    check.equal(sorted(set(calls) - {name.removeprefix("sys_") for name in OPENINGS}), [])


main()

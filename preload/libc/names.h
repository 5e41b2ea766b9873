// SPDX-License-Identifier: MIT
/*
 * The list of hooked functions. It feeds the table of real functions (real.c), and a test compares
 * it with the library's exports. NAME(function): the C library's header declares it.
 * NAME_LIKE(function, other): the header doesn't, but it has the type of other.
 * NAME_LATER(function, other): the same for a function that came after glibc 2.31 and may be
 * missing.
 *
 * To add a hook: one line here, one body in its family's file.
 */
#ifndef NAME_LATER
#define NAME_LATER(function, other) NAME_LIKE(function, other)
#endif

/* open.c */
NAME(open)
NAME(open64)
NAME(openat)
NAME(openat64)
NAME(creat)
NAME(creat64)
NAME_LATER(openat2, openat2_type)
NAME(open_by_handle_at)
NAME(mkstemp)
NAME(mkstemp64)
NAME(mkostemp)
NAME(mkostemp64)
NAME(mkstemps)
NAME(mkstemps64)
NAME(mkostemps)
NAME(mkostemps64)
NAME(shm_open)
NAME(mq_open)
NAME(memfd_create)
NAME(posix_openpt)
NAME(getpt)
NAME(openpty)
NAME(forkpty)
NAME_LIKE(__open, open)
NAME_LIKE(__open64, open64)
NAME_LIKE(__open_2, two_arguments)
NAME_LIKE(__open64_2, two_arguments)
NAME_LIKE(__openat_2, three_arguments)
NAME_LIKE(__openat64_2, three_arguments)
NAME_LIKE(__mq_open_2, two_arguments)

/* stdio.c */
NAME(fopen)
NAME(fopen64)
NAME(freopen)
NAME(freopen64)
NAME(fdopen)
NAME(tmpfile)
NAME(tmpfile64)
NAME(popen)
NAME(pclose)
NAME(fclose)
NAME(fcloseall)
NAME(setmntent)
NAME(endmntent)
NAME(opendir)
NAME(fdopendir)
NAME(closedir)
NAME_LIKE(_IO_fopen, fopen)
NAME_LIKE(_IO_fdopen, fdopen)
NAME_LIKE(_IO_popen, popen)
NAME_LIKE(_IO_fclose, fclose)
NAME_LIKE(__setmntent, setmntent)
NAME_LIKE(__endmntent, endmntent)

/* fts.c */
NAME(fts_open)
NAME(fts64_open)
NAME(fts_close)
NAME(fts64_close)

/* socket.c */
NAME(socket)
NAME(socketpair)
NAME(accept)
NAME(accept4)
NAME(connect)
NAME(getsockopt)
NAME(rcmd)
NAME(rcmd_af)
NAME(rexec)
NAME(rexec_af)
NAME(rresvport)
NAME(rresvport_af)
NAME_LIKE(__connect, connect)

/* recvmsg.c */
NAME(recvmsg)
NAME(recvmmsg)

/* pipe.c */
NAME(pipe)
NAME(pipe2)
NAME_LIKE(__pipe, pipe)

/* event.c */
NAME(epoll_create)
NAME(epoll_create1)
NAME(eventfd)
NAME(timerfd_create)
NAME(signalfd)
NAME(inotify_init)
NAME(inotify_init1)
NAME(fanotify_init)
NAME_LATER(pidfd_open, pidfd_open_type)
NAME_LATER(pidfd_getfd, pidfd_getfd_type)
NAME_LATER(fsopen, fsopen_type)
NAME_LATER(fspick, fspick_type)
NAME_LATER(fsmount, fsmount_type)
NAME_LATER(open_tree, fspick_type)

/* ioctl.c */
NAME(ioctl)

/* dup.c */
NAME(dup)
NAME(dup2)
NAME(dup3)
NAME(fcntl)
NAME(fcntl64)
NAME_LIKE(__dup2, dup2)
NAME_LIKE(__fcntl, fcntl)

/* close.c */
NAME(close)
NAME_LATER(close_range, close_range_type)
NAME_LATER(closefrom, closefrom_type)
NAME(mq_close)
NAME(login_tty)
NAME_LIKE(__close, close)

/* child_process.c; vfork in hook_vfork.S, syscall in hook_syscall.S */
NAME_LATER(_Fork, fork)
NAME(clone)
NAME(unshare)
NAME_LIKE(__clone, clone)
NAME(execl)
NAME(execle)
NAME(execlp)
NAME(execv)
NAME(execve)
NAME(execvp)
NAME(execvpe)
NAME(fexecve)
NAME_LATER(execveat, execveat_type)
NAME(posix_spawn)
NAME(posix_spawnp)
NAME_LATER(pidfd_spawn, pidfd_spawn_type)
NAME_LATER(pidfd_spawnp, pidfd_spawn_type)
NAME(system)
NAME(_exit)
NAME(_Exit)
NAME(dlclose)
NAME(syscall)
NAME(vfork)
NAME_LIKE(__vfork, vfork)

/* prctl.c */
NAME(prctl)

/* signal.c */
NAME(sigaction)
NAME(sigaltstack)
NAME(signal)
NAME(siginterrupt)
NAME(sigset)
NAME(sigignore)
NAME_LIKE(bsd_signal, signal)
NAME_LIKE(ssignal, signal)
NAME_LIKE(sysv_signal, signal)
NAME_LIKE(__sysv_signal, signal)
NAME_LIKE(__sigaction, sigaction)

#undef NAME_LATER

// SPDX-License-Identifier: MIT
/*
 * OPENS(name, preparation, the call): the cases of opens.c. `prepared` is the result of the
 * preparation, `pair` has room for two numbers.
 */
#pragma once

#define OPENING_FILES                                                                              \
	OPENS(open, 0, open("file", O_RDWR | O_CREAT, 0600))                                       \
	OPENS(open64, 0, open64("file", O_RDWR | O_CREAT, 0600))                                   \
	OPENS(openat, 0, openat(AT_FDCWD, "file", O_RDWR | O_CREAT, 0600))                         \
	OPENS(openat64, 0, openat64(AT_FDCWD, "file", O_RDWR | O_CREAT, 0600))                     \
	OPENS(creat, 0, creat("file", 0600))                                                       \
	OPENS(creat64, 0, creat64("file", 0600))                                                   \
	OPENS(__open, 0, __open("file", O_RDWR | O_CREAT, 0600))                                   \
	OPENS(__open64, 0, __open64("file", O_RDWR | O_CREAT, 0600))                               \
	OPENS(__open_2, creat("file", 0600), __open_2("file", O_RDONLY))                           \
	OPENS(__open64_2, creat("file", 0600), __open64_2("file", O_RDONLY))                       \
	OPENS(__openat_2, creat("file", 0600), __openat_2(AT_FDCWD, "file", O_RDONLY))             \
	OPENS(__openat64_2, creat("file", 0600), __openat64_2(AT_FDCWD, "file", O_RDONLY))         \
	OPENS(open_by_handle_at, creat("file", 0600),                                              \
	      open_by_handle_at(AT_FDCWD, handle_of("file"), O_RDONLY))                            \
	OPENS(mkstemp, 0, mkstemp(fresh(0)))                                                       \
	OPENS(mkstemp64, 0, mkstemp64(fresh(0)))                                                   \
	OPENS(mkostemp, 0, mkostemp(fresh(0), O_CLOEXEC))                                          \
	OPENS(mkostemp64, 0, mkostemp64(fresh(0), O_CLOEXEC))                                      \
	OPENS(mkstemps, 0, mkstemps(fresh(1), 4))                                                  \
	OPENS(mkstemps64, 0, mkstemps64(fresh(1), 4))                                              \
	OPENS(mkostemps, 0, mkostemps(fresh(1), 4, O_CLOEXEC))                                     \
	OPENS(mkostemps64, 0, mkostemps64(fresh(1), 4, O_CLOEXEC))                                 \
	OPENS(shm_open, shm_unlink("/fdtrail-opens"),                                              \
	      shm_open("/fdtrail-opens", O_RDWR | O_CREAT, 0600))                                  \
	OPENS(mq_open, mq_unlink("/fdtrail-opens"),                                                \
	      mq_open("/fdtrail-opens", O_RDWR | O_CREAT, 0600, &attributes))                      \
	OPENS(__mq_open_2, mq_open("/fdtrail-opens-2", O_RDWR | O_CREAT, 0600, &attributes),       \
	      __mq_open_2("/fdtrail-opens-2", O_RDWR))                                             \
	OPENS(memfd_create, 0, memfd_create("opens", MFD_CLOEXEC))                                 \
	OPENS(posix_openpt, 0, posix_openpt(O_RDWR | O_NOCTTY))                                    \
	OPENS(getpt, 0, getpt())                                                                   \
	OPENS(openpty, 0, first_of(openpty(&pair[0], &pair[1], NULL, NULL, NULL), pair))           \
	OPENS(forkpty, 0, child_of_forkpty())

#define OPENING_STREAMS                                                                            \
	OPENS(fopen, 0, number(fopen("file", "w")))                                                \
	OPENS(fopen64, 0, number(fopen64("file", "w")))                                            \
	OPENS(_IO_fopen, 0, number(_IO_fopen("file", "w")))                                        \
	OPENS(freopen, creat("file", 0600), number(freopen("file", "w", fdopen(prepared, "w"))))   \
	OPENS(freopen64, creat("file", 0600),                                                      \
	      number(freopen64("file", "w", fdopen(prepared, "w"))))                               \
	OPENS(tmpfile, 0, number(tmpfile()))                                                       \
	OPENS(tmpfile64, 0, number(tmpfile64()))                                                   \
	OPENS(popen, 0, number(popen("true", "r")))                                                \
	OPENS(_IO_popen, 0, number(_IO_popen("true", "r")))                                        \
	OPENS(setmntent, 0, number(setmntent("/etc/passwd", "r")))                                 \
	OPENS(__setmntent, 0, number(__setmntent("/etc/passwd", "r")))                             \
	OPENS(opendir, 0, dirfd(opendir(".")))                                                     \
	OPENS(fts_open, 0, kept_by(fts_open(here, FTS_PHYSICAL, NULL)))                            \
	OPENS(fts64_open, 0, fts64_open(here, FTS_PHYSICAL, NULL)->fts_rfd)

#define OPENING_SOCKETS                                                                            \
	OPENS(socket, 0, socket(AF_INET, SOCK_STREAM, 0))                                          \
	OPENS(socketpair, 0, first_of(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), pair))            \
	OPENS(accept, listener(), accept(prepared, NULL, NULL))                                    \
	OPENS(accept4, listener(), accept4(prepared, NULL, NULL, SOCK_CLOEXEC))                    \
	OPENS(rresvport, 0, rresvport(&(int){1023}))                                               \
	OPENS(rresvport_af, 0, rresvport_af(&(int){1022}, AF_INET6))                               \
	OPENS(rcmd, remote_shell(AF_INET),                                                         \
	      pair_of(rcmd(&host, (uint16_t)prepared, "me", "you", "true", &pair[1]), pair))       \
	OPENS(rcmd_af, remote_shell(AF_INET6),                                                     \
	      pair_of(rcmd_af(&host, (uint16_t)prepared, "me", "you", "true", &pair[1], AF_INET6), \
		      pair))                                                                       \
	OPENS(rexec, remote_shell(AF_INET),                                                        \
	      pair_of(rexec(&host, prepared, "you", "word", "true", &pair[1]), pair))              \
	OPENS(rexec_af, remote_shell(AF_INET6),                                                    \
	      pair_of(rexec_af(&host, prepared, "you", "word", "true", &pair[1], AF_INET6), pair)) \
	OPENS(getsockopt, pair_of_sockets(),                                                       \
	      first_of_one(getsockopt(prepared, SOL_SOCKET, SO_PEERPIDFD, pair,                    \
				      &(socklen_t){sizeof(int)}),                                  \
			   pair))                                                                  \
	OPENS(recvmsg_pidfd, mailbox_of_pidfds(),                                                  \
	      received(recvmsg(prepared, &letters.msg_hdr, 0)))                                    \
	OPENS(recvmsg, mailbox(), received(recvmsg(prepared, &letters.msg_hdr, 0)))                \
	OPENS(recvmmsg, mailbox(), received(recvmmsg(prepared, &letters, 1, 0, NULL)))             \
	OPENS(pipe, 0, first_of(pipe(pair), pair))                                                 \
	OPENS(pipe2, 0, first_of(pipe2(pair, O_CLOEXEC), pair))                                    \
	OPENS(__pipe, 0, first_of(__pipe(pair), pair))

#define OPENING_EVENTS                                                                             \
	OPENS(epoll_create, 0, epoll_create(1))                                                    \
	OPENS(epoll_create1, 0, epoll_create1(0))                                                  \
	OPENS(eventfd, 0, eventfd(0, 0))                                                           \
	OPENS(timerfd_create, 0, timerfd_create(CLOCK_MONOTONIC, 0))                               \
	OPENS(signalfd, 0, signalfd(-1, no_signals(), 0))                                          \
	OPENS(inotify_init, 0, inotify_init())                                                     \
	OPENS(inotify_init1, 0, inotify_init1(0))                                                  \
	OPENS(fanotify_init, 0, fanotify_init(FAN_CLASS_NOTIF, O_RDONLY))                          \
	OPENS(pidfd_open, 0, pidfd_open(getpid(), 0))                                              \
	OPENS(pidfd_getfd, pidfd_open(getpid(), 0), pidfd_getfd(prepared, 1, 0))                   \
	OPENS(fsopen, 0, fsopen("tmpfs", 0))                                                       \
	OPENS(fspick, 0, fspick(AT_FDCWD, "/proc", 0))                                             \
	OPENS(fsmount, file_system(), fsmount(prepared, 0, 0))                                     \
	OPENS(open_tree, 0, open_tree(AT_FDCWD, ".", 0))                                           \
	OPENS(clone, 0,                                                                            \
	      first_of_one(                                                                        \
		      clone(ends, ends_on + sizeof(ends_on), CLONE_PIDFD | SIGCHLD, NULL, pair),   \
		      pair))

#define OPENING_COPIES                                                                             \
	OPENS(dup, 0, dup(1))                                                                      \
	OPENS(dup2, 0, dup2(1, 40))                                                                \
	OPENS(dup3, 0, dup3(1, 40, O_CLOEXEC))                                                     \
	OPENS(__dup2, 0, __dup2(1, 40))                                                            \
	OPENS(fcntl, 0, fcntl(1, F_DUPFD, 40))                                                     \
	OPENS(fcntl64, 0, fcntl64(1, F_DUPFD_CLOEXEC, 40))                                         \
	OPENS(__fcntl, 0, __fcntl(1, F_DUPFD, 40))

#define OPENING_SYSTEM_CALLS                                                                       \
	OPENS(sys_open, 0, syscall(SYS_open, "file", O_RDWR | O_CREAT, 0600))                      \
	OPENS(sys_creat, 0, syscall(SYS_creat, "file", 0600))                                      \
	OPENS(sys_openat, 0, syscall(SYS_openat, AT_FDCWD, "file", O_RDWR | O_CREAT, 0600))        \
	OPENS(sys_openat2, creat("file", 0600),                                                    \
	      syscall(SYS_openat2, AT_FDCWD, "file", &how, sizeof(how)))                           \
	OPENS(sys_open_by_handle_at, creat("file", 0600),                                          \
	      syscall(SYS_open_by_handle_at, AT_FDCWD, handle_of("file"), O_RDONLY))               \
	OPENS(sys_socket, 0, syscall(SYS_socket, AF_INET, SOCK_STREAM, 0))                         \
	OPENS(sys_socketpair, 0,                                                                   \
	      first_of((int)syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair), pair))         \
	OPENS(sys_accept, listener(), syscall(SYS_accept, prepared, NULL, NULL))                   \
	OPENS(sys_accept4, listener(), syscall(SYS_accept4, prepared, NULL, NULL, 0))              \
	OPENS(sys_recvmsg, mailbox(),                                                              \
	      received(syscall(SYS_recvmsg, prepared, &letters.msg_hdr, 0)))                       \
	OPENS(sys_recvmmsg, mailbox(),                                                             \
	      received(syscall(SYS_recvmmsg, prepared, &letters, 1, 0, NULL)))                     \
	OPENS(sys_pipe, 0, first_of((int)syscall(SYS_pipe, pair), pair))                           \
	OPENS(sys_pipe2, 0, first_of((int)syscall(SYS_pipe2, pair, O_CLOEXEC), pair))              \
	OPENS(sys_epoll_create, 0, syscall(SYS_epoll_create, 1))                                   \
	OPENS(sys_epoll_create1, 0, syscall(SYS_epoll_create1, 0))                                 \
	OPENS(sys_eventfd, 0, syscall(SYS_eventfd, 0))                                             \
	OPENS(sys_eventfd2, 0, syscall(SYS_eventfd2, 0, 0))                                        \
	OPENS(sys_timerfd_create, 0, syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0))              \
	OPENS(sys_signalfd, 0, syscall(SYS_signalfd, -1, no_signals(), 8))                         \
	OPENS(sys_signalfd4, 0, syscall(SYS_signalfd4, -1, no_signals(), 8, 0))                    \
	OPENS(sys_inotify_init, 0, syscall(SYS_inotify_init))                                      \
	OPENS(sys_inotify_init1, 0, syscall(SYS_inotify_init1, 0))                                 \
	OPENS(sys_fanotify_init, 0, syscall(SYS_fanotify_init, FAN_CLASS_NOTIF, O_RDONLY))         \
	OPENS(sys_memfd_create, 0, syscall(SYS_memfd_create, "opens", 0))                          \
	OPENS(sys_memfd_secret, 0, syscall(SYS_memfd_secret, 0))                                   \
	OPENS(sys_mq_open, mq_unlink("/fdtrail-opens-3"),                                          \
	      syscall(SYS_mq_open, "fdtrail-opens-3", O_RDWR | O_CREAT, 0600, &attributes))        \
	OPENS(sys_userfaultfd, 0, syscall(SYS_userfaultfd, O_CLOEXEC))                             \
	OPENS(sys_perf_event_open, 0, syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0))           \
	OPENS(sys_io_uring_setup, 0, syscall(SYS_io_uring_setup, 1, &ring))                        \
	OPENS(sys_pidfd_open, 0, syscall(SYS_pidfd_open, getpid(), 0))                             \
	OPENS(sys_pidfd_getfd, pidfd_open(getpid(), 0), syscall(SYS_pidfd_getfd, prepared, 1, 0))  \
	OPENS(sys_fsopen, 0, syscall(SYS_fsopen, "tmpfs", 0))                                      \
	OPENS(sys_fspick, 0, syscall(SYS_fspick, AT_FDCWD, "/proc", 0))                            \
	OPENS(sys_fsmount, file_system(), syscall(SYS_fsmount, prepared, 0, 0))                    \
	OPENS(sys_bpf, 0, syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)))                     \
	OPENS(sys_getsockopt, pair_of_sockets(),                                                   \
	      first_of_one((int)syscall(SYS_getsockopt, prepared, SOL_SOCKET, SO_PEERPIDFD, pair,  \
					&(socklen_t){sizeof(int)}),                                \
			   pair))                                                                  \
	OPENS(sys_open_tree, 0, syscall(SYS_open_tree, AT_FDCWD, ".", 0))                          \
	OPENS(sys_landlock_create_ruleset, 0,                                                      \
	      syscall(SYS_landlock_create_ruleset, &(long[]){1}, sizeof(long), 0))                 \
	OPENS(sys_dup, 0, syscall(SYS_dup, 1))                                                     \
	OPENS(sys_dup2, 0, syscall(SYS_dup2, 1, 40))                                               \
	OPENS(sys_dup3, 0, syscall(SYS_dup3, 1, 40, O_CLOEXEC))                                    \
	OPENS(sys_fcntl, 0, syscall(SYS_fcntl, 1, F_DUPFD, 40))

#define EVERY_OPENING                                                                              \
	OPENING_FILES OPENING_STREAMS OPENING_SOCKETS OPENING_EVENTS OPENING_COPIES                \
		OPENING_SYSTEM_CALLS

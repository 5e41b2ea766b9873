// SPDX-License-Identifier: MIT
/* Cases of pipes, and of descriptors for events, timers, signals, watches and processes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../programs/newer_kernel.h"
#include "case.h"

int pidfd_getfd(int pidfd, int fd, unsigned int flags);
int fsopen(const char *name, unsigned int flags);
int fspick(int dirfd, const char *path, unsigned int flags);
int open_tree(int dirfd, const char *path, unsigned int flags);
int fsmount(int fd, unsigned int flags, unsigned int attributes);

static void makes_pipes(void)
{
	int ends[2] = {-7, -7};

	CALL(pipe(ends));
	say("%d %d", ends[0], ends[1]);
	CALL(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	say("%d %d %x", ends[0], fcntl(ends[1], F_GETFD), fcntl(ends[0], F_GETFL));
	CALL(pipe2(ends, -1));
	CALL(pipe2(ends, O_APPEND));
	CALL(syscall(SYS_pipe, ends));
	CALL(syscall(SYS_pipe2, ends, O_DIRECT));
	CALL(syscall(SYS_pipe2, ends, O_APPEND));
	say("%d %d", ends[0], ends[1]);
}

static void makes_epolls(void)
{
	int epoll = (int)CALL(epoll_create1(EPOLL_CLOEXEC));
	struct epoll_event event = {.events = EPOLLIN};

	CALL(epoll_create(1));
	CALL(epoll_create(0));
	CALL(epoll_create(-1));
	CALL(epoll_create1(-1));
	CALL(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event));
	CALL(fcntl(epoll, F_GETFD));
	CALL(syscall(SYS_epoll_create1, 77));
	CALL(syscall(SYS_epoll_create, 1));
}

static void makes_eventfds(void)
{
	int counter = (int)CALL(eventfd(7, EFD_CLOEXEC | EFD_NONBLOCK));
	eventfd_t value = 0;

	CALL(eventfd_read(counter, &value));
	say("%d", (int)value);
	CALL(eventfd_read(counter, &value));
	CALL(eventfd(0, -1));
	CALL(eventfd(0, EFD_SEMAPHORE));
	CALL(syscall(SYS_eventfd2, 0, -1));
	CALL(syscall(SYS_eventfd, 0));
}

static void makes_timers(void)
{
	CALL(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	CALL(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	CALL(timerfd_create(999, 0));
	CALL(timerfd_create(CLOCK_MONOTONIC, -1));
	CALL(syscall(SYS_timerfd_create, CLOCK_BOOTTIME, 0));
}

static void makes_signalfds(void)
{
	struct signalfd_siginfo info = {0};
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	fd = (int)CALL(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
	raise(SIGUSR1);
	CALL(read(fd, &info, sizeof(info)));
	say("%u", info.ssi_signo);
	CALL(read(fd, &info, sizeof(info)));
	CALL(signalfd(fd, &mask, 0));
	CALL(signalfd(999, &mask, 0));
	CALL(signalfd(0, &mask, 0));
	CALL(signalfd(-1, &mask, -1));
	CALL(syscall(SYS_signalfd4, -1, &mask, 8, 0));
	CALL(syscall(SYS_signalfd4, -1, &mask, 3, 0));
}

static void makes_watches(void)
{
	int watch = (int)CALL(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));

	CALL(inotify_init());
	CALL(inotify_init1(-1));
	CALL(inotify_add_watch(watch, "none", IN_MODIFY));
	CALL(inotify_add_watch(watch, ".", IN_MODIFY));
	CALL(fanotify_init(FAN_CLASS_NOTIF, O_RDONLY));
	CALL(fanotify_init(-1u, O_RDONLY));
	CALL(fanotify_init(FAN_CLASS_NOTIF, -1u));
	CALL(syscall(SYS_inotify_init));
	CALL(syscall(SYS_inotify_init1, -1));
}

static void refers_to_processes(void)
{
	int own = (int)CALL(pidfd_open(getpid(), 0));

	CALL(pidfd_open(-1, 0));
	CALL(pidfd_open(getpid(), 77));
	CALL(pidfd_getfd(own, 0, 0));
	CALL(pidfd_getfd(own, 999, 0));
	CALL(pidfd_getfd(0, 0, 0));
	CALL(pidfd_getfd(own, 0, 1));
	CALL(syscall(SYS_pidfd_open, getpid(), 0));
	CALL(syscall(SYS_pidfd_getfd, own, 0, 0));
}

static void prepares_mounts(void)
{
	int context = (int)CALL(fsopen("tmpfs", 1));

	CALL(fsopen("none", 0));
	CALL(fsopen("tmpfs", 77));
	CALL(fspick(AT_FDCWD, "/proc", 0));
	CALL(fspick(AT_FDCWD, "none", 0));
	CALL(open_tree(AT_FDCWD, ".", 0));
	CALL(open_tree(AT_FDCWD, "none", 0));
	CALL(fsmount(context, 0, 0));
	CALL(fsmount(0, 0, 0));
}

static void makes_rare_ones_by_system_call(void)
{
	CALL(syscall(SYS_userfaultfd, -1));
	CALL(syscall(SYS_userfaultfd, O_CLOEXEC));
	CALL(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	CALL(syscall(SYS_io_uring_setup, 0, NULL));
	CALL(syscall(SYS_memfd_secret, -1));
	CALL(syscall(SYS_landlock_create_ruleset, NULL, 0, 1));
	CALL(syscall(SYS_landlock_create_ruleset, NULL, 0, 0));
}

CASES(events) = {
	CASE(makes_pipes),
	CASE(makes_epolls),
	CASE(makes_eventfds),
	CASE(makes_timers),
	CASE(makes_signalfds),
	CASE(makes_watches),
	CASE(refers_to_processes),
	CASE(prepares_mounts),
	CASE(makes_rare_ones_by_system_call),
	CASE_WITHOUT(makes_pipes, "0"),
	CASE_WITHOUT(makes_pipes, "012"),
	CASE_WITHOUT(makes_epolls, "2"),
	CASE_WITHOUT(makes_signalfds, "1"),
	END_OF_CASES,
};

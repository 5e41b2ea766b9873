// SPDX-License-Identifier: MIT
/* See launch.h. */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/snapshot/proc.h"
#include "preload/core/snapshot/stat_line.h"

enum {
	HIGH = 1000,
	ANCESTORS_MOST = 64,
	WOKEN_MS = 10, /* time for the shell to wake the rest of its job */
};

int launch_move_high(int fd)
{
	struct rlimit limit;
	int lowest = HIGH, moved = -1;

	if (fd < 0)
		return fd;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 2 * HIGH)
		lowest = (int)(limit.rlim_cur / 2);
	for (; moved < 0 && lowest > 2; lowest /= 2)
		moved = fcntl(fd, F_DUPFD_CLOEXEC, lowest);
	if (moved < 0)
		return fd;
	close(fd);
	return moved;
}

int launch_prepare(struct launch *launch)
{
	/* Our own faults would end us even if these were blocked. */
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigdelset(&all, faults[i]);
	if (sigprocmask(SIG_SETMASK, &all, &launch->mask) < 0)
		return -errno;
	/* If SIGCHLD is ignored, children vanish without a status: wait(2). */
	if (sigaction(SIGCHLD, &standard, &launch->child) < 0)
		return -errno;
	launch->signals = launch_move_high(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
	return launch->signals < 0 ? -errno : 0;
}

int launch_ended_early(const struct launch *launch)
{
	static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action;
	sigset_t pending;

	sigpending(&pending);
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (sigismember(&pending, endings[i]) && !sigismember(&launch->mask, endings[i]) &&
		    sigaction(endings[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			return LAUNCH_SIGNALLED + endings[i];
	return 0;
}

void launch_restore_signals(const struct launch *launch)
{
	sigaction(SIGCHLD, &launch->child, NULL);
	sigprocmask(SIG_SETMASK, &launch->mask, NULL);
}

int launch_start(struct launch *launch, launch_exec *exec, void *data)
{
	int told[2], error = 0;

	if (pipe2(told, O_CLOEXEC) < 0)
		return errno;
	told[0] = launch_move_high(told[0]);
	told[1] = launch_move_high(told[1]);
	launch->pid = fork();
	if (launch->pid < 0) {
		error = errno;
	} else if (launch->pid == 0) {
		close(told[0]);
		close(launch->signals);
		launch_restore_signals(launch);
		error = exec(data, told[1]);
		if (write(told[1], &error, sizeof(error)) < 0)
			_exit(LAUNCH_TROUBLE);
		_exit(0);
	}
	close(told[1]);
	if (launch->pid > 0 && read(told[0], &error, sizeof(error)) == sizeof(error))
		waitpid(launch->pid, NULL, 0);
	close(told[0]);
	return error;
}

/* The parent of the process: the field after the state in proc_pid_stat(5). 0: not known. */
static pid_t parent_of(pid_t pid)
{
	char path[PROC_PATH_SIZE], text[512];
	int parent = 0;

	proc_read(proc_pid_path(path, pid, "stat"), text, sizeof(text));
	const char *state = stat_line_state(text);
	return state && sscanf(state, "%*c %d", &parent) == 1 ? parent : 0;
}

/* Whether the program has been woken, stopped again, or ended since waitpid(2) returned that it
 * stopped. */
static bool has_moved(const struct launch *launch)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)launch->pid, &info,
		      WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

/* Whether sender is the program, or a descendant of it. */
static bool from_inside(const struct launch *launch, pid_t sender)
{
	for (int i = 0; i < ANCESTORS_MOST && sender > 1; i++) {
		if (sender == launch->pid)
			return true;
		sender = parent_of(sender);
	}
	return false;
}

/* Whether the program has got this signal already. The terminal sends signals to its whole
 * foreground process group, which includes the program and us; but SIGHUP may go to the session's
 * leader alone, and then we pass it on. */
static bool reached_the_program(const struct launch *launch, const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		return from_inside(launch, (pid_t)info->ssi_pid);
	switch (info->ssi_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
	case SIGCONT:
		return true;
	case SIGHUP:
		return getsid(0) != getpid();
	}
	return false;
}

/* Notes if this is the terminal's SIGINT. */
static void note_interrupt(struct launch *launch, const struct signalfd_siginfo *info)
{
	if (info->ssi_code == SI_KERNEL && info->ssi_signo == SIGINT)
		launch->interrupted = true;
}

static void pass_on(struct launch *launch, const struct signalfd_siginfo *info)
{
	int number = (int)info->ssi_signo;

	note_interrupt(launch, info);
	if (reached_the_program(launch, info))
		return;
	if (info->ssi_code == SI_QUEUE)
		sigqueue(launch->pid, number,
			 (union sigval){.sival_ptr = (void *)(uintptr_t)info->ssi_ptr});
	else
		kill(launch->pid, number);
}

/* The program was stopped by this signal, so stop ourselves, too, until the shell wakes us. In an
 * orphaned process group the terminal's signals stop neither the program nor us. */
static void stop_too(struct launch *launch, int number)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, saved;
	struct timespec now = {0};
	sigset_t one, woken;

	if (has_moved(launch))
		return;
	if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
		number = SIGSTOP;
	sigemptyset(&one);
	sigaddset(&one, number);
	sigaction(number, &standard, &saved);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	/* We are stopped here, until SIGCONT. */
	sigprocmask(SIG_BLOCK, &one, NULL);
	if (number != SIGSTOP)
		sigaction(number, &saved, NULL);
	/* Discard the SIGCONT that woke us: the shell wakes the whole group. */
	sigemptyset(&woken);
	sigaddset(&woken, SIGCONT);
	sigtimedwait(&woken, NULL, &now);
	for (int i = 0; i < WOKEN_MS && !has_moved(launch); i++)
		usleep(1000);
	if (!has_moved(launch))
		kill(launch->pid, SIGCONT);
}

/* Handles state changes of the program. True: it has ended, with *status. */
static bool look_after(struct launch *launch, int *status)
{
	for (;;) {
		pid_t pid = waitpid(launch->pid, status, WNOHANG | WUNTRACED);

		if (pid == 0 || (pid < 0 && errno == EINTR))
			return false;
		if (pid < 0) {
			*status = LAUNCH_TROUBLE << 8;
			return true;
		}
		if (!WIFSTOPPED(*status))
			return true;
		stop_too(launch, WSTOPSIG(*status));
	}
}

/* Reads the last signals after the program has ended. If the terminal's SIGINT ended it, the signal
 * has reached us, too: the kernel sends it to the whole group before the program's end can be
 * seen. */
static int ended(struct launch *launch, int status)
{
	struct signalfd_siginfo info;

	while (read(launch->signals, &info, sizeof(info)) == sizeof(info))
		note_interrupt(launch, &info);
	return status;
}

int launch_wait(struct launch *launch, int fd, void (*event)(void *data), void *data)
{
	int status = 0;

	/* The program may have ended already: one SIGCHLD can stand for several children. */
	if (look_after(launch, &status))
		return ended(launch, status);
	for (;;) {
		struct pollfd ready[] = {{.fd = launch->signals, .events = POLLIN},
					 {.fd = fd, .events = POLLIN}};
		struct signalfd_siginfo info;
		bool children = false;

		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return LAUNCH_TROUBLE << 8;
		while (read(launch->signals, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo == SIGCHLD)
				children = true;
			else
				pass_on(launch, &info);
		}
		if (children && look_after(launch, &status))
			return ended(launch, status);
		if (children || ready[1].revents)
			event(data);
	}
}

void launch_finish(struct launch *launch)
{
	if (launch->signals >= 0)
		close(launch->signals);
	launch->signals = -1;
}

void launch_end_alike(const struct launch *launch, int exit_status)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t interrupt;

	if (!launch->interrupted || exit_status != LAUNCH_SIGNALLED + SIGINT)
		return;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigaction(SIGINT, &standard, NULL);
	sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
	raise(SIGINT);
}

int launch_exit_status(int status)
{
	return WIFSIGNALED(status) ? LAUNCH_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

// SPDX-License-Identifier: MIT
/*
 * See blocked.h. A child of ours does all the work, because the kernel releases the thread when its
 * tracer ends, however it ends. If the child ends between unblocking and detaching, the thread is
 * left with the signal unblocked; that is the only harm.
 */
#include "blocked.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/arch/registers.h"
#include "preload/core/base/channel.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/syscall_numbers.h"
#include "preload/core/snapshot/proc.h"
#include "signal_state.h"

enum {
	ERESTARTNOINTR = 513, /* linux/errno.h: the kernel makes the call again */
	ERESTART_FIRST = 512,
	ERESTART_LAST = 516,
	PATIENCE_MS = 200, /* for a thread to stop: it may be in an uninterruptible call */
	NAP_MS = 1,
};

/* Whether a call with these arguments waits without a time limit. */
static bool waits_for_ever(const struct user_regs_struct *registers)
{
	switch (regs_number(registers)) {
	case SYS_pause:
	case SYS_rt_sigsuspend:
		return true;
	case SYS_poll:
		return (int)regs_arg(registers, 2) < 0;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		return (int)regs_arg(registers, 3) < 0;
	case SYS_ppoll:
	case SYS_rt_sigtimedwait:
		return !regs_arg(registers, 2);
	case SYS_select:
	case SYS_pselect6:
		return !regs_arg(registers, 4);
	case SYS_epoll_pwait2:
		return !regs_arg(registers, 3);
	default:
		return false;
	}
}

/* Makes the kernel repeat the thread's waiting call after the handler. */
static void keep_waiting(int thread)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) != 0 || regs_number(&registers) < 0 ||
	    !waits_for_ever(&registers))
		return;
	long error = -regs_result(&registers);
	if (error != EINTR && (error < ERESTART_FIRST || error > ERESTART_LAST))
		return;
	regs_set_result(&registers, -ERESTARTNOINTR);
	ptrace(PTRACE_SETREGS, thread, NULL, &registers);
}

static bool wait_for_stop(int thread)
{
	int status;

	for (int waited = 0; waited < PATIENCE_MS; waited += NAP_MS) {
		int changed = waitpid(thread, &status, __WALL | WNOHANG);

		if (changed && (changed != thread || !WIFSTOPPED(status)))
			return false;
		if (changed && status >> 16 == PTRACE_EVENT_STOP)
			return true;
		/* Another signal of the program: deliver it. */
		if (changed)
			ptrace(PTRACE_CONT, thread, NULL, (unsigned long)WSTOPSIG(status));
		else
			poll(NULL, 0, NAP_MS);
	}
	return false;
}

/* 0 or a negative errno. */
static int deliver(int pid, int thread, const siginfo_t *request)
{
	uint64_t mask, one = UINT64_C(1) << (request->si_signo - 1);
	siginfo_t info = *request;

	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0)
		return -errno;
	if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0 || !wait_for_stop(thread) ||
	    ptrace(PTRACE_GETSIGMASK, thread, sizeof(mask), &mask) != 0)
		return -EAGAIN;
	/* Only if the thread still blocks the signal does the handler block it again. */
	if (mask & one)
		channel_set_blocked(&info);
	if (syscall(SYS_rt_tgsigqueueinfo, pid, thread, info.si_signo, &info) != 0)
		return -errno;
	keep_waiting(thread);
	mask &= ~one;
	if (ptrace(PTRACE_SETSIGMASK, thread, sizeof(mask), &mask) != 0)
		return -errno;
	return ptrace(PTRACE_DETACH, thread, NULL, NULL) == 0 ? 0 : -errno;
}

/* Whether the thread is in sigtimedwait(2). Its caller may not expect EINTR. */
static bool takes_signals(int pid, int thread)
{
	char path[PROC_PATH_SIZE + 16], text[256];

	proc_task_path(path, pid, (uint32_t)thread, "syscall");
	return proc_read(path, text, sizeof(text)) && atoi(text) == SYS_rt_sigtimedwait;
}

struct attempt {
	int pid;
	const siginfo_t *info;
	bool all; /* true: the threads in sigtimedwait(2); false: the others */
	int error;
};

static void try_thread(int thread, void *data)
{
	struct attempt *attempt = data;

	/* If one is pending for the thread already, ours would merge with it, and the program would
	 * get it. */
	if (attempt->error == 0 || takes_signals(attempt->pid, thread) != attempt->all ||
	    signal_state_pending_in(attempt->pid, thread, attempt->info->si_signo))
		return;
	attempt->error = deliver(attempt->pid, thread, attempt->info);
}

/* Runs in the child. Tries threads in sigtimedwait(2) last. */
static int try_all(int pid, const siginfo_t *info)
{
	struct attempt attempt = {.pid = pid, .info = info, .error = -EAGAIN};
	char path[PROC_PATH_SIZE];
	int folder = open(proc_pid_path(path, pid, "task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return -errno;
	descriptors_in(folder, try_thread, &attempt);
	attempt.all = true;
	if (attempt.error && lseek(folder, 0, SEEK_SET) == 0)
		descriptors_in(folder, try_thread, &attempt);
	close(folder);
	return attempt.error;
}

int blocked_deliver(int pid, const siginfo_t *info)
{
	int status;
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? -try_all(pid, info) : ESRCH);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EAGAIN;
}

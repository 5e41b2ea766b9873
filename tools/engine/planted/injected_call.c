// SPDX-License-Identifier: MIT
/*
 * See injected_call.h. The thread stops before and after each call (PTRACE_SYSCALL), and our own
 * filter may stop it in between. Signals are blocked meanwhile; SIGSTOP can't be, and is sent again
 * at the end. The end of the process is left for the engine's own wait.
 */
#include "injected_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/arch/registers.h"

enum { SYSCALL_STOP = SIGTRAP | 0x80 }; /* PTRACE_O_TRACESYSGOOD */

/* Lets the thread run up to its next system call, or to the end of the one that it is in. 0 or a
 * negative errno. */
static int run_to_call(struct injected *injected)
{
	for (;;) {
		siginfo_t info = {0};
		int status;

		if (ptrace(PTRACE_SYSCALL, injected->tid, NULL, NULL) != 0)
			return -errno;
		while (waitid(P_PID, (id_t)injected->tid, &info,
			      WEXITED | WSTOPPED | WNOWAIT | __WALL) != 0)
			if (errno != EINTR)
				return -errno;
		if ((info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) ||
		    info.si_status >> 8 == PTRACE_EVENT_EXIT)
			return -ESRCH;
		if (waitpid(injected->tid, &status, __WALL) != injected->tid)
			return -ESRCH;
		if (WSTOPSIG(status) == SYSCALL_STOP)
			return 0;
		if (status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
			injected->stopped = true;
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP)
			return -EFAULT; /* a fault */
		else if (status >> 16 == 0)
			injected->stopped = true;
	}
}

int injected_begin(struct injected *injected, int tid, uintptr_t instruction)
{
	uint64_t all = UINT64_MAX;

	*injected = (struct injected){.tid = tid, .instruction = instruction};
	if (ptrace(PTRACE_GETSIGMASK, tid, sizeof(injected->mask), &injected->mask) != 0 ||
	    ptrace(PTRACE_SETSIGMASK, tid, sizeof(all), &all) != 0)
		return -errno;
	int error = run_to_call(injected);
	if (!error && ptrace(PTRACE_GETREGS, tid, NULL, &injected->registers) != 0)
		error = -errno;
	if (error)
		ptrace(PTRACE_SETSIGMASK, tid, sizeof(injected->mask), &injected->mask);
	return error;
}

long injected_call(struct injected *injected, long number, const unsigned long arguments[6])
{
	struct user_regs_struct registers = injected->registers;

	regs_set_pc_sp(&registers, injected->instruction, regs_sp(&registers));
	regs_set_result(&registers, number);
	for (int i = 0; i < 6; i++)
		regs_set_arg(&registers, i, arguments[i]);
	if (ptrace(PTRACE_SETREGS, injected->tid, NULL, &registers) != 0)
		return -errno;
	for (int stop = 0; stop < 2; stop++) {
		int error = run_to_call(injected);

		if (error)
			return error;
	}
	if (ptrace(PTRACE_GETREGS, injected->tid, NULL, &registers) != 0)
		return -errno;
	return regs_result(&registers);
}

void injected_end(struct injected *injected)
{
	ptrace(PTRACE_SETREGS, injected->tid, NULL, &injected->registers);
	ptrace(PTRACE_SETSIGMASK, injected->tid, sizeof(injected->mask), &injected->mask);
	if (injected->stopped)
		syscall(SYS_tgkill, injected->tid, injected->tid, SIGSTOP);
}

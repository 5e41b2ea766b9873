// SPDX-License-Identifier: MIT
/*
 * See injected_call.h. The thread stops before and after each call (PTRACE_SYSCALL), and our own
 * filter may stop it in between. Signals are blocked meanwhile; SIGSTOP can't be, and is sent again
 * at the end. The end of the process is left for the engine's own wait.
 */
#include "injected_call.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/arch/registers.h"
#include "tools/process/process_memory.h"

/* syscall */
static const uint8_t instruction[2] = {0x0f, 0x05};

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

/* Takes the registers as they are after a call, and finds a system call instruction, or writes
 * one. */
static int find_instruction(struct injected *injected, enum injected_at at)
{
	uint8_t found[sizeof(instruction)];

	if (ptrace(PTRACE_GETREGS, injected->tid, NULL, &injected->registers) != 0)
		return -errno;
	uintptr_t pc = regs_pc(&injected->registers);
	injected->instruction = at == INJECTED_EXEC ? pc : pc - sizeof(found);
	if (process_memory_read(injected->tid, injected->instruction, found, sizeof(found)) !=
	    sizeof(found))
		return -EFAULT;
	if (at != INJECTED_EXEC)
		return memcmp(found, instruction, sizeof(found)) == 0 ? 0 : -ENOEXEC;
	memcpy(injected->replaced, found, sizeof(found));
	injected->wrote =
		process_memory_write_code(injected->tid, pc, instruction, sizeof(instruction));
	return injected->wrote ? 0 : -EFAULT;
}

/* Leads the thread out of the call that it is about to make, so that it will make it again. */
static int step_back(struct injected *injected)
{
	struct user_regs_struct skip;
	int error;

	if (ptrace(PTRACE_GETREGS, injected->tid, NULL, &injected->registers) != 0)
		return -errno;
	skip = injected->registers;
	regs_set_number(&skip, -1);
	if (ptrace(PTRACE_SETREGS, injected->tid, NULL, &skip) != 0)
		return -errno;
	error = run_to_call(injected);
	regs_set_result(&injected->registers, regs_number(&injected->registers));
	regs_set_number(&injected->registers, -1);
	regs_set_pc_sp(&injected->registers, regs_pc(&injected->registers) - sizeof(instruction),
		       regs_sp(&injected->registers));
	injected->instruction = regs_pc(&injected->registers);
	return error;
}

int injected_begin(struct injected *injected, int tid, enum injected_at at)
{
	uint64_t all = UINT64_MAX;
	int error = 0;

	*injected = (struct injected){.tid = tid};
	if (ptrace(PTRACE_GETSIGMASK, tid, sizeof(injected->mask), &injected->mask) != 0 ||
	    ptrace(PTRACE_SETSIGMASK, tid, sizeof(all), &all) != 0)
		return -errno;
	if (at == INJECTED_BEFORE)
		error = step_back(injected);
	else if (at != INJECTED_RETURNED)
		error = run_to_call(injected);
	if (!error && at != INJECTED_BEFORE)
		error = find_instruction(injected, at);
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
	if (injected->wrote)
		process_memory_write_code(injected->tid, injected->instruction, injected->replaced,
					  sizeof(injected->replaced));
	ptrace(PTRACE_SETREGS, injected->tid, NULL, &injected->registers);
	ptrace(PTRACE_SETSIGMASK, injected->tid, sizeof(injected->mask), &injected->mask);
	if (injected->stopped)
		syscall(SYS_tgkill, injected->tid, injected->tid, SIGSTOP);
}

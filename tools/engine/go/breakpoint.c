// SPDX-License-Identifier: MIT
/* See breakpoint.h. */
#include "breakpoint.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>

#include "preload/arch/registers.h"

static int poke(pid_t thread, size_t place, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, thread, place, value) < 0 ? -errno : 0;
}

int breakpoints_arm(pid_t thread, struct breakpoints *breakpoints)
{
	unsigned long enable = 0;
	int result = 0;

	for (size_t i = 0; i < breakpoints->count && i < BREAKPOINTS_MAX && result == 0; i++) {
		if (breakpoints->planted >> i & 1)
			continue;
		result = poke(thread, regs_debug_address((int)i), breakpoints->addresses[i]);
		enable |= regs_debug_enable((int)i);
	}
	if (result == 0)
		result = poke(thread, REGS_DEBUG_CONTROL, enable);
	/* ESRCH only means that the thread was killed: it tells nothing about the machine. */
	if (result < 0 && result != -ESRCH)
		breakpoints->trouble = result;
	return result;
}

int breakpoints_hit(pid_t thread, const struct breakpoints *breakpoints)
{
	siginfo_t info;

	if (breakpoints->count == 0 || ptrace(PTRACE_GETSIGINFO, thread, NULL, &info) < 0 ||
	    info.si_signo != SIGTRAP || info.si_code != TRAP_HWBKPT)
		return -1;
	/* si_addr is the instruction's address (arch/x86/kernel/traps.c), so DR6 need not be read,
	 * which would take a system call, and another one to clear it. */
	for (size_t i = 0; i < breakpoints->count && i < BREAKPOINTS_MAX; i++)
		if ((uintptr_t)info.si_addr == breakpoints->addresses[i])
			return (int)i;
	return -1;
}

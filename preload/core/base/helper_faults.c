// SPDX-License-Identifier: MIT
/* See helper_faults.h. */
#include "helper_faults.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "raw_syscall.h"

static _Noreturn void on_fault(int signal)
{
	RAW(exit_group, 128 + signal);
	__builtin_unreachable();
}

void helper_catch_faults(void)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void); /* never called: the handler does not return */
		uint64_t mask;
	} action = {.handler = on_fault, .flags = 0x04000000 /* SA_RESTORER */};
	uint64_t open = 0;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		RAW(rt_sigaction, faults[i], &action, NULL, sizeof(action.mask));
		open |= UINT64_C(1) << (faults[i] - 1);
	}
	RAW(rt_sigprocmask, SIG_UNBLOCK, &open, NULL, sizeof(open));
}

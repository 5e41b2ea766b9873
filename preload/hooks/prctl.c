// SPDX-License-Identifier: MIT
/*
 * The hook of prctl(2), for the one option that sets up a seccomp filter: fdtrail must not make
 * system calls that the program's filter forbids (runtime/sandbox.h). seccomp(2) has no function in
 * the C library; programs call it by syscall(2) (syscall.c).
 */
#include "hook.h"

#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "preload/runtime/sandbox.h"

HOOK int prctl(int option, ...)
{
	va_list arguments;
	va_start(arguments, option);
	unsigned long a = va_arg(arguments, unsigned long), b = va_arg(arguments, unsigned long),
		      c = va_arg(arguments, unsigned long), d = va_arg(arguments, unsigned long);
	va_end(arguments);

	if (option != PR_SET_SECCOMP || (a != SECCOMP_MODE_STRICT && a != SECCOMP_MODE_FILTER))
		return REAL(prctl)(option, a, b, c, d);
	long kept = sandbox_before(a == SECCOMP_MODE_STRICT ? NULL : (const void *)b,
				   a == SECCOMP_MODE_STRICT);
	int result = REAL(prctl)(option, a, b, c, d);
	sandbox_after(kept, result == 0);
	return result;
}

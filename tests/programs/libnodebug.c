// SPDX-License-Identifier: MIT
/* Preloaded into the program that traces: makes its machine look like one without debug
 * registers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>

long ptrace(enum __ptrace_request request, ...)
{
	long (*next)(enum __ptrace_request, ...) =
		(long (*)(enum __ptrace_request, ...))dlsym(RTLD_NEXT, "ptrace");
	va_list arguments;

	va_start(arguments, request);
	pid_t pid = va_arg(arguments, pid_t);
	void *address = va_arg(arguments, void *);
	void *data = va_arg(arguments, void *);
	va_end(arguments);
#ifdef __x86_64__
	if (request == PTRACE_POKEUSER && (size_t)address >= offsetof(struct user, u_debugreg)) {
		errno = EIO;
		return -1;
	}
#endif
	return next(request, pid, address, data);
}

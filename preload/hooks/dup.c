// SPDX-License-Identifier: MIT
/* Hooks of the functions that copy a descriptor: dup(2) and fcntl(2). See dup.h. */
#include "dup.h"

#include <stdarg.h>

#include "preload/core/policy/stderr_lines.h"
#include "preload/runtime/arm.h"
#include "preload/runtime/misuse_copy.h"
#include "direct.h"

HOOK int dup(int oldfd)
{
	return duplicated(direct_always() ? direct(SYS_dup, oldfd, 0, 0, 0) : REAL(dup)(oldfd),
			  oldfd);
}

struct closing dup_over_begin(int oldfd, int newfd, const void *frame)
{
	return oldfd != newfd ? runtime_closing(newfd, frame) : (struct closing){0};
}

int dup_over_end(int result, int oldfd, int newfd, struct closing recorded, const char *name,
		 const void *frame)
{
	if (result < 0) {
		if (recorded.slot)
			runtime_still_open(newfd, recorded);
		runtime_failed(name);
		return result;
	}
	if (recorded.slot)
		slot_closer(&runtime.ledger, recorded.a, recorded.closer);
	if (oldfd != newfd)
		hook_duplicated(result, oldfd, name, frame);
	else
		hook_ends();
	if (recorded.slot)
		misuse_copied_over(&recorded, name);
	else if (oldfd != newfd)
		misuse_copied_over_free(newfd);
	if ((unsigned int)result <= STDERR_FILENO && arm_listens()) {
		/* The program has put something at this number itself. */
		slot_forget_close(&runtime.ledger, result);
		/* At 2, that is its stderr from then on. */
		if (result == STDERR_FILENO)
			message_note_stderr();
	}
	return result;
}

HOOK int dup2(int oldfd, int newfd)
{
	struct closing recorded = dup_over_begin(oldfd, newfd, HERE);

	hook_begins(HERE);
	return dup_over_end(REAL(dup2)(oldfd, newfd), oldfd, newfd, recorded, __func__, HERE);
}

HOOK_ALIAS(__dup2, dup2);

HOOK int dup3(int oldfd, int newfd, int flags)
{
	struct closing recorded = dup_over_begin(oldfd, newfd, HERE);

	hook_begins(HERE);
	return dup_over_end(REAL(dup3)(oldfd, newfd, flags), oldfd, newfd, recorded, __func__,
			    HERE);
}

/* Only F_DUPFD and F_DUPFD_CLOEXEC make a descriptor; F_DUPFD_QUERY (Linux 6.10) doesn't. Like
 * glibc, this reads a third argument whether the caller has passed one or not. */
#define FCNTL(function)                                                                            \
	va_list arguments;                                                                         \
	va_start(arguments, cmd);                                                                  \
	void *arg = va_arg(arguments, void *);                                                     \
	va_end(arguments);                                                                         \
	if (cmd != F_DUPFD && cmd != F_DUPFD_CLOEXEC)                                              \
		return REAL(function)(fd, cmd, arg);                                               \
	return duplicated(REAL(function)(fd, cmd, arg), fd)

HOOK int fcntl(int fd, int cmd, ...)
{
	FCNTL(fcntl);
}

HOOK int fcntl64(int fd, int cmd, ...)
{
	FCNTL(fcntl64);
}

HOOK_ALIAS(__fcntl, fcntl);

// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that close descriptors by number. Each marks the entry before the real
 * call and takes it out after it, because the kernel may give the number to another thread before
 * the call has returned.
 */
#include "close_range.h"
#include "direct.h"

#include <fcntl.h>
#include <pthread.h>

#include "preload/core/base/first_version.h"

/* Before glibc 2.34 it is in libpthread, which a program without threads doesn't load. */
#pragma weak pthread_testcancel
#if __GLIBC_PREREQ(2, 34)
FIRST_VERSION(pthread_testcancel);
#endif

HOOK int close(int fd)
{
	if (runtime_sleeps())
		return REAL(close)(fd);

	bool alone = direct_alone();

	/* A pending cancellation must end the thread before the entry is marked: the real close
	 * would end it at its start, and leave the descriptor open. */
	if (!alone && pthread_testcancel)
		pthread_testcancel();

	struct closing recorded = runtime_closing(fd, HERE);
	int result = alone ? direct(SYS_close, fd, 0, 0, 0) : REAL(close)(fd);

	runtime_close_returned(recorded, result < 0, __func__, HERE);
	return result;
}

HOOK_ALIAS(__close, close);

HOOK int mq_close(mqd_t mqdes)
{
	struct closing recorded = runtime_closing(mqdes, HERE);
	int result = REAL(mq_close)(mqdes);

	runtime_close_returned(recorded, result < 0, __func__, HERE);
	return result;
}

int close_range_by(close_range_type *real, unsigned int first, unsigned int last, int flags,
		   const void *frame)
{
	/* With CLOEXEC the call closes nothing now. With UNSHARE it closes in a new table that the
	 * process' other threads don't share. */
	bool closes = !(flags & (int)CLOSE_RANGE_CLOEXEC) && first <= last &&
		      (!(flags & (int)CLOSE_RANGE_UNSHARE) || runtime_single_threaded()) &&
		      runtime_on();

	uint32_t closer = closes ? runtime_closer(frame) : STACK_NONE;
	struct closing_range range;

	if (closes)
		ledger_closing_range(&runtime.ledger, &range, first, last);
	int result = real(first, last, flags);
	if (closes && result == 0)
		ledger_closed_range(&runtime.ledger, &range, closer);
	else if (closes)
		ledger_still_open_range(&runtime.ledger, &range);
	if (result == 0 && flags & (int)CLOSE_RANGE_UNSHARE)
		runtime_apart();
	return result;
}

HOOK close_range_type close_range;
int close_range(unsigned int first, unsigned int last, int flags)
{
	return close_range_by(REAL(close_range), first, last, flags, HERE);
}

HOOK closefrom_type closefrom;
void closefrom(int lowfd)
{
	unsigned int first = lowfd < 0 ? 0 : (unsigned int)lowfd;
	bool closes = runtime_on();
	uint32_t closer = closes ? runtime_closer(HERE) : STACK_NONE;
	struct closing_range range;

	if (closes)
		ledger_closing_range(&runtime.ledger, &range, first, UINT32_MAX);
	REAL(closefrom)(lowfd);
	if (closes)
		ledger_closed_range(&runtime.ledger, &range, closer);
}

/* login_tty(3) copies fd to the three standard descriptors and closes it, inside the C library. */
HOOK int login_tty(int fd)
{
	int result = REAL(login_tty)(fd);

	if (result == 0 && runtime_on()) {
		for (int standard = 0; standard <= 2; standard++)
			if (standard != fd)
				hook_duplicated(standard, fd, __func__, HERE);
		if (fd > 2)
			ledger_forget(&runtime.ledger, fd);
	}
	return result;
}

// SPDX-License-Identifier: MIT
/* See misuse_standard.h. */
#include "misuse_standard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "misuse_report.h"
#include "trigger.h"

/* A descriptor is moved away in two calls: it is copied to a higher number, and closed. */
enum { CALLS_TO_WAIT = 2, STANDARDS = STDERR_FILENO + 1 };

/* An open that waits. */
static struct {
	_Atomic uint32_t calls; /* that are to come, plus 1; 0: there is none */
	_Atomic uint64_t b;     /* the entry's word with its sequence */
} waiting[STANDARDS];

/* The numbers that were open when the tracer came, one bit each; with the highest bit when that is
 * known. */
enum { IS_KNOWN = 1 << STANDARDS };
static _Atomic unsigned int at_start;

static void look_at_start(void)
{
	unsigned int found = IS_KNOWN;

	if (atomic_load(&at_start))
		return;
	for (int fd = 0; fd < STANDARDS; fd++)
		found |= descriptor_open(fd) != 0 ? 1u << fd : 0;
	atomic_store(&at_start, found);
}

void misuse_standard_opened(int fd, uint32_t opening)
{
	struct last_close last;
	struct ledger_words words;

	/* A number that was not open at the start is the caller's choice, also when the program
	 * has opened and closed something there itself. */
	if (slot_origin(opening) != FD_OPENED || !(atomic_load(&at_start) & 1u << fd) ||
	    !misuse_wanted())
		return;
	if (!slot_last_close(&runtime.ledger, fd, &last)) {
		/* Nobody has closed it: it was not open. A library's constructor that opened it
		 * came before ours, and what we looked at was this descriptor. */
		atomic_fetch_and(&at_start, ~(1u << fd));
		return;
	}
	if (!ledger_read(&runtime.ledger, fd, NULL, &words))
		return;
	atomic_store(&waiting[fd].b, words.b);
	/* The open itself is the first call that comes. */
	atomic_store(&waiting[fd].calls, 1 + CALLS_TO_WAIT + 1);
	atomic_store(&runtime.watching, true);
}

static bool is_copied_to_standard(int fd)
{
	struct ledger_entry entry;

	for (int other = 0; other < STANDARDS; other++)
		if (other != fd && ledger_read(&runtime.ledger, other, &entry, NULL) &&
		    entry.origin == FD_DUPLICATED && entry.dup_of == (uint32_t)fd)
			return true;
	return false;
}

/* Whether a descriptor may be at the number fd on purpose. */
static bool may_be_meant(int fd)
{
	long flags = RAW(fcntl, fd, F_GETFL), passed_on = RAW(fcntl, fd, F_GETFD);
	struct stat status;

	if (flags < 0 || passed_on < 0 || RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) != 0)
		return true;
	if (S_ISCHR(status.st_mode) || is_copied_to_standard(fd))
		return true;
	if (S_ISREG(status.st_mode)) {
		if ((flags & O_ACCMODE) == O_RDWR)
			/* Interpreters set FD_CLOEXEC on all that they open. */
			return !(passed_on & FD_CLOEXEC) || mixed_languages(&runtime.capture.mixed);
		return (flags & O_ACCMODE) == (fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
	}
	return S_ISFIFO(status.st_mode) || S_ISBLK(status.st_mode);
}

/* Whether it is a misuse that fd is open. */
static bool judge(int fd, struct misuse *misuse)
{
	struct ledger_entry entry;
	struct ledger_words words;
	struct last_close last;

	if (!ledger_read(&runtime.ledger, fd, &entry, &words) ||
	    words.b != atomic_load(&waiting[fd].b) || entry.closing || entry.stack < STACK_FIRST ||
	    entry.before_fork || !slot_last_close(&runtime.ledger, fd, &last) || may_be_meant(fd))
		return false;
	*misuse = (struct misuse){
		.kind = MISUSE_STANDARD,
		.fd = fd,
		.at = entry.opened_at,
		.here = misuse_opener(&entry),
		.closed = {last.closer, last.thread},
		.opened = {last.opener, 0},
	};
	return true;
}

/* Ends the waiting for fd. True: this thread has ended it. */
static bool take(int fd)
{
	return atomic_exchange(&waiting[fd].calls, 0) != 0;
}

void misuse_standard_watch(void)
{
	int saved = errno;

	for (int fd = 0; fd < STANDARDS; fd++) {
		uint32_t calls = atomic_load(&waiting[fd].calls);
		struct misuse misuse;

		/* If two threads count one call, it waits for one more. */
		if (calls > 1)
			atomic_compare_exchange_strong(&waiting[fd].calls, &calls, calls - 1);
		else if (calls && take(fd) && judge(fd, &misuse))
			misuse_report(&misuse);
	}
	errno = saved;
}

void misuse_standard_settle(void)
{
	int saved = errno;

	for (int fd = 0; fd < STANDARDS; fd++) {
		struct misuse misuse;

		if (take(fd) && judge(fd, &misuse)) {
			atomic_store(&runtime.misused, true);
			misuse_table_add(&runtime.ledger.misuses, &misuse);
		}
	}
	errno = saved;
}

bool misuse_standard_waits(void)
{
	for (int fd = 0; fd < STANDARDS; fd++)
		if (atomic_load(&waiting[fd].calls))
			return true;
	return false;
}

void misuse_standard_start(void)
{
	look_at_start();
	for (int fd = 0; fd < STANDARDS; fd++)
		atomic_store(&waiting[fd].calls, 0);
}

// SPDX-License-Identifier: MIT
/* See call_conditions.h. */
#include "call_conditions.h"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "preload/core/base/syscall_numbers.h"
#include "preload/libc/socket_option.h"

enum { SIGNAL_THAT_ASKS = INT32_MAX }; /* stands for the signal's number, known later */

const struct call_condition call_conditions[] = {
	{"clone", 0, true, CLONE_UNTRACED},
	{"close_range", 2, true, CLOSE_RANGE_UNSHARE},
	{"fcntl", 1, false, F_DUPFD},
	{"fcntl", 1, false, F_DUPFD_CLOEXEC},
	{"getsockopt", 2, false, SO_PEERPIDFD},
#define RETURNS(name, request, kind)        {"ioctl", 1, false, request},
#define STORES(name, request, offset, kind) {"ioctl", 1, false, request},
#include "preload/libc/ioctl_fds.list"
#undef RETURNS
#undef STORES
	{"landlock_create_ruleset", 2, false, 0},
	{"mmap", 2, true, PROT_EXEC},
	{"prctl", 0, false, PR_SET_SECCOMP},
	{"rt_sigaction", 0, false, SIGNAL_THAT_ASKS},
	{"seccomp", 0, false, SECCOMP_SET_MODE_STRICT},
	{"seccomp", 0, false, SECCOMP_SET_MODE_FILTER},
	{"unshare", 0, true, CLONE_FILES},
};

const size_t call_conditions_count = sizeof(call_conditions) / sizeof(*call_conditions);

_Static_assert(sizeof(call_conditions) / sizeof(*call_conditions) <= CONDITIONS_MAX,
	       "CONDITIONS_MAX");

uint32_t call_condition_value(const struct call_condition *condition, uint32_t signal)
{
	return condition->value == SIGNAL_THAT_ASKS ? signal : condition->value;
}

// SPDX-License-Identifier: MIT
/* See sandbox.h. */
#include "sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/policy/stderr_lines.h"
#include "runtime.h"
#include "signals.h"
#include "untraced_exec.h"

enum { KEY = 1 }; /* for untraced_exec_first: a number that no file has */

#define REFUSES(name, ...) seccomp_will_refuse6(SYS_##name, (long[6]){__VA_ARGS__})

static bool seccomp_will_refuse6(long number, const long a[6])
{
	return seccomp_will_refuse(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void add(struct line *line, const char *name)
{
	line_add(line, line->length ? ", " : "");
	line_add(line, name);
}

/* Adds to line the system calls that a snapshot can't do without, and that the filter refuses. */
static void list_refused(struct line *line)
{
	if (REFUSES(openat, AT_FDCWD, 0, O_RDONLY | O_CLOEXEC))
		add(line, "openat");
	if (REFUSES(readlinkat, AT_FDCWD))
		add(line, "readlinkat");
	if (REFUSES(statx) && REFUSES(newfstatat))
		add(line, "statx");
	if (REFUSES(fcntl, 0, F_GETFL))
		add(line, "fcntl");
	if (REFUSES(getsockopt, 0, SOL_SOCKET, SO_DOMAIN))
		add(line, "getsockopt");
	if (REFUSES(getsockname) || REFUSES(getpeername))
		add(line, "getsockname");
}

/* True if no snapshot is possible: it could list nothing, or write nothing. */
static bool leaves_nothing(void)
{
	bool asks = !REFUSES(fcntl, 0, F_GETFD) || !REFUSES(newfstatat, 0, 0, 0, AT_EMPTY_PATH) ||
		    !REFUSES(statx, 0, 0, AT_EMPTY_PATH);
	bool writes = !REFUSES(write, 1) &&
		      (!*runtime.options.output ||
		       !REFUSES(openat, AT_FDCWD, 0, O_WRONLY | O_CREAT | O_APPEND));

	return !asks || !writes ||
	       REFUSES(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

static void warn(void)
{
	LINE(refused, LINE_SHORT);
	LINE(line, LINE_LONG);

	list_refused(&refused);
	bool nothing = leaves_nothing();
	if ((!refused.length && !nothing) || !untraced_exec_first(KEY + nothing))
		return;
	line_quote(&line, runtime.program);
	line_add(&line, " sets up a seccomp filter that refuses ");
	line_add(&line, refused.length ? refused.text : "write or mmap");
	line_add(&line, nothing ? ": from now on fdtrail can't take snapshots"
				: ": from now on snapshots lack what these calls report");
	message(&line);
}

long sandbox_before(const struct sock_fprog *program, bool strict)
{
	if (!runtime_on() || (!program && !strict))
		return SECCOMP_NOT_KEPT;

	long kept = seccomp_keep(strict ? NULL : program);
	if (kept == SECCOMP_NOT_KEPT)
		return kept;
	warn();
	/* libunwind blocks signals while it walks, and maps memory. */
	if (REFUSES(rt_sigprocmask) ||
	    REFUSES(mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1) ||
	    REFUSES(munmap))
		unwinder_disable(
			"no libunwind: the program's seccomp filter forbids what it needs");
	bool returns = !REFUSES(rt_sigreturn);
	bool ends = !REFUSES(rt_sigaction) && !REFUSES(rt_sigprocmask) && !REFUSES(tgkill) &&
		    !REFUSES(getpid) && !REFUSES(gettid);
	if (!returns || !ends)
		signals_release(!returns);
	seccomp_use(kept);
	return kept;
}

void sandbox_after(long kept, bool taken)
{
	if (!taken)
		seccomp_forget(kept);
}

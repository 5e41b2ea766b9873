// SPDX-License-Identifier: MIT
/*
 * The end of the program. The last snapshot must come after all destructors, because they may still
 * close something. So it is taken in an on_exit handler: these run in reverse order of
 * registration, and ours is registered before the loader's, which runs the destructors of the
 * program and of all its libraries. quick_exit has a list of handlers of its own. _exit and _Exit
 * run no handlers, and are hooked.
 */
#include "exit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/policy/reason.h"
#include "preload/libc/real.h"
#include "enroll.h"
#include "runtime.h"
#include "trigger.h"

/* glibc's at_quick_exit is a static wrapper around this one (Itanium C++ ABI's __cxa_atexit). */
int __cxa_at_quick_exit(void (*function)(void *), void *dso);

/* Takes the last snapshot, if the options want one. Returns the status that the process is to end
 * with. how: "exit with status ", ... */
static int end(struct process_end way, const char *how, bool has_status, int status)
{
	struct snapshot_result result = {0};
	struct options *options = &runtime.options;
	LINE(why, LINE_SHORT);

	/* The end of another process that shares our memory and descriptors (clone(2)) is not the
	 * end of this program. */
	long pid = RAW(getpid);
	if (!runtime_on() || (pid > 0 && pid != atomic_load(&runtime.pid)))
		return status;
	if (!options->exit && !options->exitcode) {
		enroll_end(0);
		return status;
	}
	if (atomic_exchange(&runtime.ended, true))
		return status;
	line_add(&why, how);
	if (has_status)
		line_number(&why, status & 0xff);
	trigger_end(why.text, way, TRIGGER_WAIT | triggered_end_flags(options), &result);
	enroll_end(result.error);
	return options->exitcode && result.unclosed ? options->exitcode : status;
}

void exit_now(int status)
{
	status = end((struct process_end){.kind = PROCESS__EXIT}, "_exit with status ", true,
		     status);
	REAL(_exit)(status);
}

void exit_by_signal(int number)
{
	LINE(how, LINE_SHORT);

	if (!runtime.options.exit)
		return;
	reason_killed(&how, number);
	end((struct process_end){PROCESS_SIGNAL, number}, how.text, false, 0);
}

static void at_exit(int status, void *data)
{
	int wanted =
		end((struct process_end){.kind = PROCESS_EXIT}, "exit with status ", true, status);

	(void)data;
	/* If a handler calls exit() again, glibc runs the handlers that are left, which flush the
	 * streams, and ends with the new status (__run_exit_handlers). */
	if (wanted != status)
		exit(wanted);
}

static void at_quick_exit_(void *data)
{
	int wanted = end((struct process_end){.kind = PROCESS_QUICK_EXIT}, "quick_exit", false, -1);

	(void)data;
	if (wanted != -1)
		REAL(_exit)(wanted);
}

void exit_register(void)
{
	on_exit(at_exit, NULL);
	__cxa_at_quick_exit(at_quick_exit_, NULL);
}

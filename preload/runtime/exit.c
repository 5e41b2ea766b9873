// SPDX-License-Identifier: MIT
/*
 * The end of the program. The last snapshot must come after all destructors, because they may still
 * close something. So it is taken in an on_exit handler: these run in reverse order of
 * registration, and ours is registered before the loader's, which runs the destructors of the
 * program and of all its libraries. quick_exit has a list of handlers of its own. _exit and _Exit
 * run no handlers, and are hooked.
 *
 * An interpreter closes what the program has left open when it shuts down. So with one in the
 * process the last snapshot is taken before the first such close.
 */
#include "exit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/signal_name.h"
#include "preload/core/policy/reason.h"
#include "preload/libc/real.h"
#include "arm.h"
#include "enroll.h"
#include "runtime.h"
#include "trigger.h"

/* glibc's at_quick_exit is a static wrapper around this one (Itanium C++ ABI's __cxa_atexit). */
int __cxa_at_quick_exit(void (*function)(void *), void *dso);

/* The last snapshot, if an interpreter's shutdown has made us take it early. */
static struct {
	_Atomic bool begun;
	bool taken;
	uint32_t at; /* ticks */
	struct snapshot_result result;
} before_shutdown;

/* Whether something was opened after that snapshot, and is still open: a program may go on without
 * its interpreter. */
static bool opened_since_shutdown(void)
{
	struct ledger_entry entry;

	for (int fd = ledger_next(&runtime.ledger, 0); fd >= 0;
	     fd = ledger_next(&runtime.ledger, fd + 1))
		if (ledger_read(&runtime.ledger, fd, &entry, NULL) &&
		    entry.origin != FD_INHERITED && entry.opened_at > before_shutdown.at)
			return true;
	return false;
}

__attribute__((cold)) static void end_before_shutdown(void)
{
	int saved = errno;

	before_shutdown.at = runtime_ticks();
	trigger_end("exit, before the interpreter closes what is left open",
		    (struct process_end){.kind = PROCESS_EXIT},
		    TRIGGER_WAIT | triggered_end_flags(&runtime.options), &before_shutdown.result);
	before_shutdown.taken = true;
	errno = saved;
}

/* Whether code of an interpreted language has opened it, and not the interpreter for itself. */
static bool opened_by_language(const struct ledger_entry *entry)
{
	struct stack_view view;

	if (!stack_table_view(&runtime.ledger.stacks, entry->stack, &view))
		return false;
	for (uint32_t i = 0; i < view.depth; i++)
		if (FRAME_MODULE(view.frames[i]) == FRAME_MODULE_LANGUAGE)
			return true;
	return false;
}

void exit_by_interpreter(int fd)
{
	struct ledger_entry entry;

	/* A library that is being closed may be the interpreter. */
	if (atomic_load(&runtime.capture.closers) ||
	    __builtin_expect(!mixed_is_finishing(&runtime.capture.mixed), 1) ||
	    !(runtime.options.exit || runtime.options.exitcode) ||
	    atomic_load(&before_shutdown.begun) || atomic_load(&runtime.ended) ||
	    !ledger_read(&runtime.ledger, fd, &entry, NULL) || entry.origin == FD_INHERITED ||
	    entry.before_fork || !opened_by_language(&entry) ||
	    atomic_exchange(&before_shutdown.begun, true))
		return;
	end_before_shutdown();
}

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
	if (arm_asleep()) {
		if (options->exit)
			arm_slept();
		enroll_end(0);
		return status;
	}
	if (!runtime_on() || (pid > 0 && pid != atomic_load(&runtime.pid)))
		return status;
	if (!options->exit && !options->exitcode) {
		enroll_end(0);
		return status;
	}
	if (atomic_exchange(&runtime.ended, true))
		return status;
	if (before_shutdown.taken && !opened_since_shutdown()) {
		enroll_end(before_shutdown.result.error);
		return options->exitcode && before_shutdown.result.unclosed ? options->exitcode
									    : status;
	}
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

void exit_forked(void)
{
	atomic_store(&before_shutdown.begun, false);
	before_shutdown.taken = false;
}

void exit_register(void)
{
	on_exit(at_exit, NULL);
	__cxa_at_quick_exit(at_quick_exit_, NULL);
}

/* Handlers that are registered late run first, before the program's own. A destructor of this
 * library runs after all of them and before those of libraries that were loaded earlier, which
 * is the last moment that there is for us. It doesn't get the status. */
static bool late;
static int late_status;

static void note_status(int status, void *data)
{
	(void)data;
	late_status = status;
}

__attribute__((destructor)) static void at_fini(void)
{
	if (late)
		end((struct process_end){.kind = PROCESS_EXIT}, "exit with status ", true,
		    late_status);
}

void exit_register_late(void)
{
	on_exit(note_status, NULL);
	__cxa_at_quick_exit(at_quick_exit_, NULL);
	late = true;
}

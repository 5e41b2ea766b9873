// SPDX-License-Identifier: MIT
/*
 * See attach.h, and preload/core/policy/attach_door.h for how the order comes. All of this runs in
 * a thread of our own, which the command has started. It has a descriptor table of its own, so
 * nothing that it opens takes a number from the program. All signals are blocked in it.
 *
 * The start has this order. The hooks work before the first reference leads to them. What is open
 * is recorded after that, so that no descriptor is missed: a descriptor that has no entry then was
 * opened by a call that did not pass a hook. A reference that another thread was just binding may
 * have been overwritten by the loader, so redirecting is done twice.
 */
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/policy/attach_door.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/unwinder.h"
#include "preload/core/policy/signal_note.h"
#include "arm.h"
#include "deepbind.h"
#include "redirect.h"
#include "runtime.h"
#include "signals.h"
#include "use.h"

enum { OPTIONS_MOST = 64 };

static void enter(struct attach_order *order);

/* The command sets .order in the file before it is loaded. */
extern struct attach_door attach_door __attribute__((visibility("hidden")));
struct attach_door attach_door __attribute__((used)) = {
	.version = ATTACH_VERSION,
	.order = 0,
	.enter = (uint64_t)(uintptr_t)enter,
};

/* As in preload/core/policy/signal_note.c. */
__asm__(".pushsection .note.fdtrail, \"a\", %note\n"
	".balign 4\n"
	".long 8, 4, 2\n"
	".asciz \"" SIGNAL_NOTE_OWNER "\"\n"
	".long attach_door - .\n"
	".popsection\n");

/* The options, for as long as the process lives. */
static char options[ATTACH_OPTIONS];
static char *variables[OPTIONS_MOST + 1];

static void take_options(const struct attach_order *order)
{
	size_t count = 0;

	memcpy(options, order->options, sizeof(options));
	options[sizeof(options) - 1] = '\0';
	for (char *at = options; *at && count < OPTIONS_MOST; at += strlen(at) + 1)
		variables[count++] = at;
	variables[count] = NULL;
}

/* Makes the program's standard error this thread's own, too: its table begins empty. Linux 5.6;
 * with an older kernel no message can be printed. */
static void take_stderr(void)
{
	long pid = RAW(getpid), pidfd = RAW(pidfd_open, pid, 0);
	long fd = pidfd >= 0 ? RAW(pidfd_getfd, pidfd, STDERR_FILENO, 0) : -1;

	if (fd >= 0 && fd != STDERR_FILENO) {
		RAW(dup3, fd, STDERR_FILENO, O_CLOEXEC);
		RAW(close, fd);
	}
	if (pidfd >= 0 && pidfd != STDERR_FILENO)
		RAW(close, pidfd);
}

struct adoption {
	int folder;
	uint32_t count;
};

static void adopt(int fd, void *data)
{
	struct adoption *adoption = data;
	struct ledger_words words;
	LINE(name, LINE_SHORT);
	char link[16];

	if (!ledger_adopt(&runtime.ledger, fd, &words))
		return;
	/* If another thread has closed it since the folder was read, its hook found no entry. */
	line_number(&name, fd);
	if (RAW(readlinkat, adoption->folder, name.text, link, sizeof(link)) == -ENOENT)
		ledger_forget_if(&runtime.ledger, fd, words);
	else
		adoption->count++;
	use_follow(fd);
}

static void count_one(int fd, void *data)
{
	struct adoption *adoption = data;

	(void)fd;
	adoption->count++;
}

/* Records what is open and has no entry; not if the tracer is to sleep yet. Returns the number, or
 * a negative errno. */
static int adopt_all(void)
{
	struct adoption adoption = {0};
	/* That of the main thread, which the program's threads share. */
	long folder = RAW(openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return (int)folder;
	adoption.folder = (int)folder;
	int error = descriptors_in((int)folder, arm_asleep() ? count_one : adopt, &adoption);
	RAW(close, folder);
	return error < 0 ? error : (int)adoption.count;
}

static void stop(void)
{
	struct redirected counts = {0};

	deepbind_stop();
	runtime_sleep();
	redirect_all(true, &counts);
	use_start(USES_OFF);
	signals_release(true);
	signal_note_set(0);
}

/* 0 or an errno. */
static int start(struct attach_order *order)
{
	uint32_t state = atomic_load(&attach_door.state);
	struct redirected counts = {0}, again = {0};
	int before;

	if (state == ATTACH_FAILED)
		return ENOTRECOVERABLE;
	take_options(order);
	take_stderr();
	if (state == ATTACH_ASLEEP)
		runtime_wake(variables);
	else if (!runtime_start_late(variables))
		return ENOMEM;
	runtime.process_started_ms = order->process_started_ms;
	runtime.attached_ms = runtime_now_ms();
	if (!use_start(runtime.options.used_by)) {
		stop();
		return ENOMEM;
	}
	redirect_look_up();
	deepbind_start();
	redirect_all(false, &counts);
	before = adopt_all();
	redirect_all(false, &again);
	if (before < 0) {
		stop();
		return -before;
	}
	signals_register_late(variables);
	order->open_before = (uint32_t)before;
	order->modules = counts.libraries;
	order->references = counts.references + again.references;
	order->refused = again.refused;
	order->signal = (uint32_t)runtime.options.signal;
	if (!unwinder_usable())
		strncpy(order->unwinder, unwinder_name(), sizeof(order->unwinder) - 1);
	return 0;
}

/* Carries out an order; see struct attach_order. */
static void enter(struct attach_order *order)
{
	int error = 0;

	atomic_store(&order->step, ATTACH_BEGUN);
	/* This thread's descriptors aren't the program's. */
	thread_state.vforks |= THREAD_APART;
	if (atomic_load(&order->withdrawn)) {
		error = ECANCELED;
		if (atomic_load(&attach_door.state) == ATTACH_NEVER)
			atomic_store(&attach_door.state, ATTACH_IDLE);
	} else if (order->wish == ATTACH_STOP) {
		if (atomic_load(&attach_door.state) == ATTACH_AWAKE) {
			stop();
			atomic_store(&attach_door.state, ATTACH_ASLEEP);
		}
	} else if (atomic_load(&attach_door.state) == ATTACH_AWAKE) {
		error = EALREADY;
	} else {
		error = start(order);
		if (!error)
			atomic_store(&attach_door.state, ATTACH_AWAKE);
		else if (atomic_load(&attach_door.state) != ATTACH_ASLEEP)
			atomic_store(&attach_door.state, ATTACH_FAILED);
	}
	order->error = error;
	atomic_store(&order->step, ATTACH_DONE);
}

bool attach_ordered(void)
{
	struct attach_order *order = (struct attach_order *)(uintptr_t)attach_door.order;

	if (!order)
		return false;
	/* A forked child has a copy of it. */
	attach_door.order = 0;
	enter(order);
	return true;
}

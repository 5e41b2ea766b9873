// SPDX-License-Identifier: MIT
/* See misuse_report.h. */
#include "misuse_report.h"

#include <signal.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/policy/pace.h"
#include "trigger.h"

static _Atomic uint64_t next_report; /* ms: no snapshot because of a misuse before this */

static void put_why(struct line *why, const struct misuse *misuse)
{
	line_add(why, "misuse: ");
	if (misuse->call) {
		line_add(why, misuse->call);
		line_add(why, "(), ");
	}
	line_add(why, "descriptor ");
	line_number(why, misuse->fd);
	switch (misuse->kind) {
	case MISUSE_DOUBLE_CLOSE:
		line_add(why, ": it was closed before");
		break;
	case MISUSE_USE:
		line_add(why, ": it was closed before this use");
		break;
	case MISUSE_COPY_OVER_OTHER:
		line_add(why, ": this code closed it before, and has copied over another one");
		break;
	case MISUSE_OF_STREAM:
		line_add(why, ": it belongs to a stream");
		break;
	case MISUSE_STANDARD:
		line_add(why, ": it was closed, and an open was given the number");
		break;
	default:
		line_add(why, ": this code closed it before, and it is another one now");
	}
}

void misuse_report(const struct misuse *misuse)
{
	uint64_t now = runtime_now_ms(), due = atomic_load(&next_report);
	bool aborts = runtime.options.misuse == MISUSE_ABORTS;
	LINE(why, LINE_SHORT);

	atomic_store(&runtime.misused, true);
	if (!misuse_table_add(&runtime.ledger.misuses, misuse) && !aborts)
		return;
	if (now >= due || aborts) {
		atomic_store(&next_report, now + PACE_MISUSE_MS);
		put_why(&why, misuse);
		trigger_snapshot(why.text);
	}
	if (aborts) {
		long thread = RAW(gettid);

		RAW(tgkill, atomic_load(&runtime.pid), thread, SIGABRT);
	}
}

/* A shell closes the numbers that its scripts name, and its own pipes more than once, in a single
 * thread, where that is harmless. */
static bool is_shell(void)
{
	static const char *const shells[] = {"bash",  "busybox", "csh",  "dash", "fish",
					     "ksh93", "lksh",    "mksh", "posh", "sh",
					     "tcsh",  "yash",    "zsh",  "zsh5"};
	const char *name = base_name(runtime.main_path);

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(name, shells[i]) == 0)
			return true;
	return false;
}

static bool in_shell; /* is_shell(), asked once */

bool misuse_wanted(void)
{
	return runtime_on() && runtime.options.misuse != MISUSE_OFF && !in_shell &&
	       atomic_load(&runtime.ledger.closers.on);
}

struct misuse_place misuse_opener(const struct ledger_entry *entry)
{
	return (struct misuse_place){entry->stack, entry->thread};
}

void misuse_report_start(void)
{
	atomic_store(&next_report, 0);
	atomic_store(&runtime.misused, false);
	in_shell = is_shell();
}

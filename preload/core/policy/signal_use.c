// SPDX-License-Identifier: MIT
/* See signal_use.h. */
#include "signal_use.h"

#include <stddef.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/channel.h"
#include "preload/core/base/signal_name.h"
#include "reason.h"

/* Language runtimes that set a handler of SIGUSR1 at their start. A version may follow the name. */
static const struct runtime {
	const char *name;
	int without; /* a flag of sigaction(2) that only the program's own handlers have */
} runtimes[] = {
	/* The handler is the debugger's. A script's own listener is set by libuv, which restarts
	 * calls. */
	{"node", SA_RESTART},
	{"nodejs", SA_RESTART},
	{"libnode", SA_RESTART},
	{"electron", SA_RESTART},
	/* The handler raises SignalException. Signal.trap() sets the same function again. */
	{"ruby", 0},
	{"libruby", 0},
	/* The handler halts with a crash dump. os:set_signal() sets the same function again. */
	{"beam", 0},
};

static bool names(const char *file, const char *name)
{
	static const char behind[] = "-.0123456789";
	size_t length = strlen(name);

	return strncmp(file, name, length) == 0 && (!file[length] || strchr(behind, file[length]));
}

static const struct runtime *find_runtime(const char *module)
{
	const char *file = base_name(module);

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (names(file, runtimes[i].name))
			return &runtimes[i];
	return NULL;
}

static bool is_handler(uintptr_t handler)
{
	return handler != (uintptr_t)SIG_DFL && handler != (uintptr_t)SIG_IGN;
}

void signal_use_set(struct signal_use *use, uintptr_t handler, int flags, const char *module)
{
	const struct runtime *runtime = is_handler(handler) && module ? find_runtime(module) : NULL;

	use->chosen = true;
	use->of_runtime = runtime && !use->runtime_began && !(flags & runtime->without);
	use->runtime_began |= runtime != NULL;
}

/* Whether the default action ends the program (signal(7)). */
static bool ends_by_default(int number)
{
	switch (number) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return false;
	default:
		return true;
	}
}

enum signal_effect signal_use_effect(const struct signal_use *use, int number, uintptr_t handler,
				     bool own)
{
	if (handler == (uintptr_t)SIG_IGN)
		return SIGNAL_ASKS;
	if (handler == (uintptr_t)SIG_DFL)
		return (own || use->chosen) && ends_by_default(number) ? SIGNAL_ENDS : SIGNAL_ASKS;
	return use->of_runtime && !own ? SIGNAL_ASKS : SIGNAL_RUNS;
}

int signal_sender(const siginfo_t *info)
{
	/* With other codes the field may hold something else: sigaction(2). */
	return info->si_code == SI_USER || info->si_code == SI_TKILL || info->si_code == SI_QUEUE ||
			       info->si_code == SI_MESGQ
		       ? info->si_pid
		       : 0;
}

bool signal_is_from(const siginfo_t *info, int pid)
{
	return info->si_code == SI_TIMER || info->si_code == SI_ASYNCIO ||
	       (signal_sender(info) == pid && !channel_asks(info));
}

void signal_use_why(struct line *why, const siginfo_t *info)
{
	int sender = signal_sender(info);

	reason_signal(why, info->si_signo);
	if (!sender && channel_asks(info)) {
		line_add(why, " by fdtrail snapshot, outside of this pid namespace");
	} else if (sender) {
		line_add(why,
			 channel_asks(info) ? " by fdtrail snapshot, process " : " from process ");
		line_number(why, sender);
	}
}

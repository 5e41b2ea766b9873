// SPDX-License-Identifier: MIT
/*
 * See signals.h. A disposition is read by our handler while other threads may set it: a sequence
 * number is odd while it is being written. Writers block all signals, so a handler never waits for
 * the thread that it has interrupted.
 */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

#include "../base/channel.h"
#include "../base/line.h"
#include "../base/syscall.h"
#include "../hooks/real.h"
#include "enroll.h"
#include "exit.h"
#include "runtime.h"
#include "trigger.h"

enum { MANAGED = 4, SPINS = 100000 };

static struct managed {
	int number;
	bool asks;   /* for a snapshot; else it ends the program */
	bool ready;
	_Atomic uint32_t sequence;
	_Atomic bool interrupts; /* siginterrupt(number, 1) is in force */
	struct sigaction program; /* what the program has set */
} managed[MANAGED];

static struct managed *find(int number)
{
	for (int i = 0; i < MANAGED; i++)
		if (managed[i].ready && managed[i].number == number)
			return &managed[i];
	return NULL;
}

static struct sigaction read_program(struct managed *signal)
{
	struct sigaction action;
	uint32_t before;

	for (int spins = 0;; spins++) {
		before = atomic_load(&signal->sequence);
		memcpy(&action, &signal->program, sizeof(action));
		if ((!(before & 1) && before == atomic_load(&signal->sequence)) || spins == SPINS)
			return action;
	}
}

static void write_program(struct managed *signal, const struct sigaction *action)
{
	uint32_t sequence = atomic_load(&signal->sequence) & ~1u;

	for (int spins = 0; spins < SPINS; spins++) {
		uint32_t even = sequence;
		if (atomic_compare_exchange_strong(&signal->sequence, &even, sequence + 1))
			break;
		sequence = even & ~1u;
	}
	memcpy(&signal->program, action, sizeof(*action));
	atomic_store(&signal->sequence, sequence + 2);
}

static void on_signal(int number, siginfo_t *info, void *context);

static _Atomic bool small_stacks; /* signals_small_stack has been called */

/* What the kernel is told when the program wants action. */
static struct sigaction ours(const struct sigaction *action)
{
	bool own = action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
	struct sigaction result = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	/* Some threads' own stacks are tiny, and their alternate ones are for handlers: Go's. */
	if (!atomic_load(&small_stacks))
		result.sa_flags |= SA_ONSTACK;

	/* With a handler of the program's, the conditions are those that it asked for. */
	if (own) {
		result.sa_mask = action->sa_mask;
		result.sa_flags =
			(int)(((unsigned int)action->sa_flags & ~SA_RESETHAND) | SA_SIGINFO);
	}
	return result;
}

/* True when we, not the program's own disposition, are to be in the kernel's table. */
static bool takes_over(const struct managed *signal, const struct sigaction *action)
{
	return signal->asks || action->sa_handler == SIG_DFL;
}

bool signals_managed(int number)
{
	return find(number) != NULL;
}

static bool is_ours(const struct sigaction *action)
{
	return action->sa_flags & SA_SIGINFO && action->sa_sigaction == on_signal;
}

int signals_action(int number, const struct sigaction *action, struct sigaction *old)
{
	struct managed *signal = find(number);
	struct sigaction before = read_program(signal), wanted, kernel, previous;
	const uint64_t all = UINT64_MAX;
	uint64_t mask;
	int result;

	if (!runtime_on()) {
		/* A vfork child: its dispositions are its own, the memory is its parent's. */
		result = REAL(sigaction)(number, action, &previous);
		if (result == 0 && old)
			*old = is_ours(&previous) ? before : previous;
		return result;
	}
	if (!action) {
		if ((result = REAL(sigaction)(number, NULL, &previous)) == 0 && old)
			*old = is_ours(&previous) ? before : previous;
		return result;
	}
	wanted = *action;
	kernel = takes_over(signal, &wanted) ? ours(&wanted) : wanted;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	write_program(signal, &wanted);
	result = REAL(sigaction)(number, &kernel, &previous);
	int error = errno;
	if (result != 0)
		write_program(signal, &before);
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	errno = error;
	if (result == 0 && old)
		*old = is_ours(&previous) ? before : previous;
	return result;
}

void signals_small_stack(void)
{
	const uint64_t all = UINT64_MAX;
	struct sigaction previous;
	uint64_t mask;

	if (!runtime_on() || atomic_exchange(&small_stacks, true))
		return;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	for (int i = 0; i < MANAGED; i++) {
		if (!managed[i].ready)
			continue;
		struct sigaction program = read_program(&managed[i]), again = ours(&program);
		if (REAL(sigaction)(managed[i].number, NULL, &previous) == 0 && is_ours(&previous))
			REAL(sigaction)(managed[i].number, &again, NULL);
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

void signals_interrupt(int number, bool flag)
{
	struct managed *signal = find(number);
	struct sigaction program = read_program(signal);

	atomic_store(&signal->interrupts, flag);
	if (flag)
		program.sa_flags &= ~SA_RESTART;
	else
		program.sa_flags |= SA_RESTART;
	write_program(signal, &program);
}

bool signals_interrupts(int number)
{
	return atomic_load(&find(number)->interrupts);
}

static void say_why(struct line *why, int number, const siginfo_t *info)
{
	const char *name = signal_name(number);

	line_add(why, name ? "SIG" : "signal ");
	if (name)
		line_add(why, name);
	else
		line_number(why, number);
	if (info->si_code <= 0 && info->si_pid) {
		line_add(why, channel_asks(info) ? " by fdtrail snapshot, process "
						 : " from process ");
		line_number(why, info->si_pid);
	}
}

/* The signal ends the program: dump, then let it. */
static void end_by(int number)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, back = ours(&standard);
	uint64_t one = UINT64_C(1) << (number - 1);

	exit_by_signal(signal_name(number));
	REAL(sigaction)(number, &standard, NULL);
	RAW(rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof(one));
	long pid = RAW(getpid), tid = RAW(gettid);
	RAW(tgkill, pid, tid, number);
	/* Still here: the first process of a container does not die of a signal's default. */
	REAL(sigaction)(number, &back, NULL);
	atomic_store(&runtime.ended, false);
	enroll_process(runtime.program);
}

static void ask(int number, const siginfo_t *info, const void *context)
{
	LINE(why, LINE_SHORT);

	say_why(&why, number, info);
	trigger_signal(why.text, info, context);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct managed *signal = find(number);
	int saved = errno;
	struct sigaction program;

	if (!signal)
		return;
	program = read_program(signal);
	if (signal->asks && runtime_on())
		ask(number, info, context);
	errno = saved;
	/* Meant for us alone: the program would take it for a signal of its own kind. */
	if (signal->asks && channel_asks(info))
		return;
	if (program.sa_handler == SIG_IGN)
		return;
	if (program.sa_handler == SIG_DFL) {
		if (!signal->asks)
			end_by(number);
		return;
	}
	if (program.sa_flags & SA_RESETHAND) {
		struct sigaction standard = {.sa_handler = SIG_DFL};
		signals_action(number, &standard, NULL);
	}
	if (program.sa_flags & SA_SIGINFO)
		program.sa_sigaction(number, info, context);
	else
		program.sa_handler(number);
}

/* Writing to another process' dispositions is safe also in a vfork child: they are its own. */
static bool swap_ignored(bool to_ignored)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, now;
	bool any = false;

	for (int i = 0; i < MANAGED; i++) {
		if (!managed[i].ready || !managed[i].asks)
			continue;
		struct sigaction program = read_program(&managed[i]), back = ours(&program);
		if (program.sa_handler != SIG_IGN ||
		    REAL(sigaction)(managed[i].number, NULL, &now) != 0)
			continue;
		if (to_ignored && is_ours(&now))
			REAL(sigaction)(managed[i].number, &ignore, NULL), any = true;
		else if (!to_ignored && now.sa_handler == SIG_IGN)
			REAL(sigaction)(managed[i].number, &back, NULL);
	}
	return any;
}

void signals_release(bool all)
{
	for (int i = 0; i < MANAGED; i++) {
		if (!managed[i].ready || (managed[i].asks && !all))
			continue;
		struct sigaction program = read_program(&managed[i]), now;
		if (REAL(sigaction)(managed[i].number, NULL, &now) == 0 && is_ours(&now))
			REAL(sigaction)(managed[i].number, &program, NULL);
		managed[i].ready = false;
	}
}

bool signals_before_exec(void)
{
	return swap_ignored(true);
}

void signals_after_exec(void)
{
	int saved = errno;

	swap_ignored(false);
	errno = saved;
}

static void manage(struct managed *signal, int number, bool asks)
{
	struct sigaction kernel;

	signal->number = number;
	signal->asks = asks;
	if (REAL(sigaction)(number, NULL, &signal->program) != 0)
		return;
	signal->ready = true;
	if (takes_over(signal, &signal->program)) {
		kernel = ours(&signal->program);
		REAL(sigaction)(number, &kernel, NULL);
	}
}

void signals_register(void)
{
	static const int endings[] = {SIGTERM, SIGINT, SIGHUP};
	int wanted = runtime.options.signal;

	if (wanted)
		manage(&managed[0], wanted, true);
	for (int i = 0; i < 3 && runtime.options.exit; i++)
		if (endings[i] != wanted)
			manage(&managed[i + 1], endings[i], false);
}

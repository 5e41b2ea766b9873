// SPDX-License-Identifier: MIT
/*
 * See signals.h. Our handler reads a disposition while other threads may set it, so each has a
 * sequence number, which is odd while a thread writes it. Writers block all signals, so a handler
 * never waits for the thread that it has interrupted.
 */
#include "signals.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

#include "preload/core/base/channel.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/local_memory.h"
#include "preload/libc/real.h"
#include "enroll.h"
#include "exit.h"
#include "arm.h"
#include "runtime.h"
#include "preload/core/policy/signal_note.h"
#include "preload/core/policy/signal_use.h"
#include "trigger.h"

/* Signals that end a program by default, and aren't crashes: sent by a user, by the kernel when a
 * pipe has no reader, or by alarm(2). */
static const int endings[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGALRM, SIGUSR2};

enum { ENDINGS = sizeof(endings) / sizeof(*endings), MANAGED = 1 + ENDINGS, SPINS = 100000 };

/* A disposition that the program has set. */
struct disposition {
	struct sigaction action;
	struct signal_use use;
};

static struct managed {
	int number;
	bool is_trigger; /* it asks for a snapshot; else it ends the program */
	bool ready;
	_Atomic uint32_t sequence;
	_Atomic bool interrupts; /* siginterrupt(number, 1) is in force */
	struct disposition program;
} managed[MANAGED];

static struct managed *find(int number)
{
	for (int i = 0; i < MANAGED; i++)
		if (managed[i].ready && managed[i].number == number)
			return &managed[i];
	return NULL;
}

static struct disposition read_program(struct managed *signal)
{
	struct disposition program;
	uint32_t before;

	for (int spins = 0;; spins++) {
		before = atomic_load(&signal->sequence);
		memcpy(&program, &signal->program, sizeof(program));
		if ((!(before & 1) && before == atomic_load(&signal->sequence)) || spins == SPINS)
			return program;
	}
}

static void write_program(struct managed *signal, const struct disposition *program)
{
	uint32_t sequence = atomic_load(&signal->sequence) & ~1u;

	for (int spins = 0; spins < SPINS; spins++) {
		uint32_t even = sequence;
		if (atomic_compare_exchange_strong(&signal->sequence, &even, sequence + 1))
			break;
		sequence = even & ~1u;
	}
	memcpy(&signal->program, program, sizeof(*program));
	atomic_store(&signal->sequence, sequence + 2);
}

static uintptr_t handler_of(const struct sigaction *action)
{
	return (uintptr_t)action->sa_handler;
}

/* Notes in program that action is in force now, and which module its handler lies in. */
static void set_action(struct disposition *program, const struct sigaction *action)
{
	struct local_memory memory;
	struct object object;
	const char *module = NULL;

	local_memory_init(&memory);
	if (memory.memory.find(&memory.memory, handler_of(action), &object))
		module = object.is_main ? runtime.main_path : object.path;
	signal_use_set(&program->use, handler_of(action), action->sa_flags, module);
	program->action = *action;
}

static void on_signal(int number, siginfo_t *info, void *context);

static _Atomic bool small_stacks; /* signals_small_stack has been called */

/* The action that we give to the kernel, with our handler, when the program has set action. */
static struct sigaction ours(const struct sigaction *action)
{
	bool own = action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
	struct sigaction result = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};

	/* The own stacks of Go's threads are tiny, and their alternate stacks are for handlers. */
	if (!atomic_load(&small_stacks))
		result.sa_flags |= SA_ONSTACK;

	/* If the program has a handler, ours runs with the mask and flags that it has set. */
	if (own) {
		result.sa_mask = action->sa_mask;
		result.sa_flags =
			(int)(((unsigned int)action->sa_flags & ~SA_RESETHAND) | SA_SIGINFO);
	}
	return result;
}

/* True if the kernel must get our handler instead of the program's own disposition. */
static bool takes_over(const struct managed *signal, const struct sigaction *action)
{
	return signal->is_trigger || action->sa_handler == SIG_DFL;
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
	struct disposition before = read_program(signal), wanted = before;
	struct sigaction kernel, previous;
	const uint64_t all = UINT64_MAX;
	uint64_t mask;
	int result;

	if (!arm_listens()) {
		/* A vfork child has dispositions of its own, but its memory is its parent's, so it
		 * must not write the program's disposition there. */
		result = REAL(sigaction)(number, action, &previous);
		if (result == 0 && old)
			*old = is_ours(&previous) ? before.action : previous;
		return result;
	}
	if (!action) {
		if ((result = REAL(sigaction)(number, NULL, &previous)) == 0 && old)
			*old = is_ours(&previous) ? before.action : previous;
		return result;
	}
	set_action(&wanted, action);
	kernel = takes_over(signal, &wanted.action) ? ours(&wanted.action) : wanted.action;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	write_program(signal, &wanted);
	result = REAL(sigaction)(number, &kernel, &previous);
	int error = errno;
	if (result != 0)
		write_program(signal, &before);
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	errno = error;
	if (result == 0 && old)
		*old = is_ours(&previous) ? before.action : previous;
	return result;
}

void signals_small_stack(void)
{
	const uint64_t all = UINT64_MAX;
	struct sigaction previous;
	uint64_t mask;

	if (!arm_listens() || atomic_exchange(&small_stacks, true))
		return;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(all));
	for (int i = 0; i < MANAGED; i++) {
		if (!managed[i].ready)
			continue;
		struct disposition program = read_program(&managed[i]);
		struct sigaction again = ours(&program.action);
		if (REAL(sigaction)(managed[i].number, NULL, &previous) == 0 && is_ours(&previous))
			REAL(sigaction)(managed[i].number, &again, NULL);
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

void signals_interrupt(int number, bool flag)
{
	struct managed *signal = find(number);
	struct disposition program = read_program(signal);

	atomic_store(&signal->interrupts, flag);
	if (flag)
		program.action.sa_flags &= ~SA_RESTART;
	else
		program.action.sa_flags |= SA_RESTART;
	write_program(signal, &program);
}

bool signals_interrupts(int number)
{
	return atomic_load(&find(number)->interrupts);
}

/* The signal ends the program: takes the last snapshot, then raises the signal with its default. */
static void end_by(int number)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, back = ours(&standard);
	uint64_t one = UINT64_C(1) << (number - 1);

	exit_by_signal(number);
	REAL(sigaction)(number, &standard, NULL);
	RAW(rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof(one));
	long pid = RAW(getpid), tid = RAW(gettid);
	RAW(tgkill, pid, tid, number);
	/* The process still runs: the first process of a container ignores a signal's default. */
	REAL(sigaction)(number, &back, NULL);
	atomic_store(&runtime.ended, false);
	enroll_process(runtime.program);
}

/* True if the program has sent the signal to itself. The process that this one was forked from
 * counts as the same program, because a master ends its workers by signals. */
static bool is_own(const siginfo_t *info)
{
	int forked_from = atomic_load(&runtime.forked_from);

	return signal_is_from(info, (int)RAW(getpid)) ||
	       (forked_from && signal_is_from(info, forked_from));
}

/* Handles the trigger. True: the program's own handler must run after it. */
static bool handle_trigger(int number, const struct sigaction *action, const struct signal_use *use,
			   const siginfo_t *info, const void *context)
{
	LINE(why, LINE_SHORT);
	bool asked = channel_asks(info);
	enum signal_effect effect =
		signal_use_effect(use, number, handler_of(action), is_own(info));

	if (effect == SIGNAL_ENDS && !asked) {
		end_by(number);
		return false;
	}
	signal_use_why(&why, info);
	arm_wake();
	if (runtime_on())
		trigger_signal(why.text, info, context);
	/* The program doesn't get a request of `fdtrail snapshot`: it would take the signal for one
	 * that is meant for itself. */
	return effect == SIGNAL_RUNS && !asked;
}

/* The signal came before signals_release gave it back, and this handler runs after that: the signal
 * is raised again for the program's own disposition. */
static void was_released(int number, const siginfo_t *info)
{
	struct sigaction now;

	if (channel_asks(info) || REAL(sigaction)(number, NULL, &now) != 0 || is_ours(&now))
		return;
	long pid = RAW(getpid), tid = RAW(gettid);
	RAW(tgkill, pid, tid, number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct managed *signal = find(number);
	int saved = errno;

	if (!signal) {
		was_released(number, info);
		errno = saved;
		return;
	}
	/* `fdtrail snapshot` has unblocked the signal in this thread: when this handler returns,
	 * the kernel blocks it again. */
	if (channel_was_blocked(info))
		sigaddset(&((ucontext_t *)context)->uc_sigmask, number);
	const struct disposition program = read_program(signal);
	const struct sigaction *action = &program.action;
	void (*handler)(int) = action->sa_handler;

	if (signal->is_trigger) {
		bool runs = handle_trigger(number, action, &program.use, info, context);

		errno = saved;
		if (!runs)
			return;
	} else if (handler == SIG_DFL) {
		end_by(number);
		return;
	} else if (handler == SIG_IGN) {
		return;
	}
	if (action->sa_flags & SA_RESETHAND) {
		struct sigaction standard = {.sa_handler = SIG_DFL};
		signals_action(number, &standard, NULL);
	}
	if (action->sa_flags & SA_SIGINFO)
		action->sa_sigaction(number, info, context);
	else
		handler(number);
}

/* Gives the kernel SIG_IGN for a trigger that the program ignores, or our handler back. True: it
 * has changed something. Safe in a vfork child: it doesn't share dispositions with its parent. */
static bool swap_ignored(bool to_ignored)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, now;
	bool any = false;

	for (int i = 0; i < MANAGED; i++) {
		if (!managed[i].ready || !managed[i].is_trigger)
			continue;
		struct disposition program = read_program(&managed[i]);
		struct sigaction back = ours(&program.action);
		if (program.action.sa_handler != SIG_IGN ||
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
		if (!managed[i].ready || (managed[i].is_trigger && !all))
			continue;
		struct disposition program = read_program(&managed[i]);
		struct sigaction now;
		if (REAL(sigaction)(managed[i].number, NULL, &now) == 0 && is_ours(&now))
			REAL(sigaction)(managed[i].number, &program.action, NULL);
		managed[i].ready = false;
	}
}

bool signals_before_exec(void)
{
	return swap_ignored(true);
}

void signals_forked(void)
{
	swap_ignored(false);
}

void signals_after_exec(void)
{
	int saved = errno;

	swap_ignored(false);
	errno = saved;
}

static void manage(struct managed *signal, int number, bool is_trigger)
{
	struct sigaction kernel, previous;

	memset((void *)&signal->program, 0, sizeof(signal->program));
	signal->number = number;
	signal->is_trigger = is_trigger;
	if (REAL(sigaction)(number, NULL, &signal->program.action) != 0)
		return;
	signal->ready = true;
	if (!takes_over(signal, &signal->program.action))
		return;
	kernel = ours(&signal->program.action);
	if (REAL(sigaction)(number, &kernel, &previous) != 0 || is_ours(&previous) ||
	    handler_of(&previous) == handler_of(&signal->program.action))
		return;
	/* Another thread has set it since, not through our hook. */
	signals_action(number, &previous, NULL);
}

void signals_register(void)
{
	int wanted = runtime.options.signal;

	if (wanted)
		manage(&managed[0], wanted, true);
	for (int i = 0; i < ENDINGS && runtime.options.exit; i++)
		if (endings[i] != wanted)
			manage(&managed[i + 1], endings[i], false);
}

static bool is_default(int number)
{
	struct sigaction now;

	return REAL(sigaction)(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

void signals_register_late(char **variables)
{
	bool named = false;

	for (; *variables; variables++)
		named |= strncmp(*variables, "FDTRAIL_SIGNAL=", strlen("FDTRAIL_SIGNAL=")) == 0;
	if (!named && !is_default(runtime.options.signal)) {
		runtime.options.signal = 0;
		/* From above, because programs that use some begin below. */
		for (int number = SIGRTMAX; number >= SIGRTMIN && !runtime.options.signal; number--)
			if (is_default(number))
				runtime.options.signal = number;
	}
	signal_note_set(runtime.options.signal);
	signals_register();
}

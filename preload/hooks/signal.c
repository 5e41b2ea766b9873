// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that set a signal's disposition. They call the real function, except for
 * the few signals that fdtrail handles itself: for those see runtime/signals.h.
 */
#include "hook.h"

#include "preload/runtime/signals.h"

HOOK int sigaction(int signum, const struct sigaction *restrict act,
		   struct sigaction *restrict oldact)
{
	if (!signals_managed(signum))
		return REAL(sigaction)(signum, act, oldact);
	return signals_action(signum, act, oldact);
}

HOOK_ALIAS(__sigaction, sigaction);

HOOK int sigaltstack(const stack_t *restrict ss, stack_t *restrict old_ss)
{
	int result = REAL(sigaltstack)(ss, old_ss);

	if (result == 0 && ss && !(ss->ss_flags & SS_DISABLE) && ss->ss_size < SIGNALS_STACK)
		signals_small_stack();
	return result;
}

/* The forms of signal(2), which differ in flags and mask. */
static sighandler_t set_handler(int signum, sighandler_t handler, int flags, bool mask)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;

	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	if (mask)
		sigaddset(&action.sa_mask, signum);
	return signals_action(signum, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

/* glibc's signal() is BSD's: the handler stays, and interrupted calls are restarted. */
HOOK sighandler_t signal(int signum, sighandler_t handler)
{
	if (!signals_managed(signum))
		return REAL(signal)(signum, handler);
	return set_handler(signum, handler, signals_interrupts(signum) ? 0 : SA_RESTART, true);
}

HOOK_ALIAS(ssignal, signal);
HOOK_ALIAS(bsd_signal, signal);

/* System V's signal(): the handler runs once, and the signal isn't blocked while it runs. */
HOOK __typeof__(signal) __sysv_signal;
sighandler_t __sysv_signal(int signum, sighandler_t handler)
{
	if (!signals_managed(signum))
		return REAL(__sysv_signal)(signum, handler);
	return set_handler(signum, handler, (int)(SA_RESETHAND | SA_NODEFER), false);
}

HOOK_ALIAS(sysv_signal, __sysv_signal);

HOOK int siginterrupt(int sig, int flag)
{
	int result = REAL(siginterrupt)(sig, flag);

	if (result == 0 && signals_managed(sig))
		signals_interrupt(sig, flag != 0);
	return result;
}

HOOK int sigignore(int sig)
{
	if (!signals_managed(sig))
		return REAL(sigignore)(sig);
	return set_handler(sig, SIG_IGN, 0, false) == SIG_ERR ? -1 : 0;
}

/* sigset(3): sets the disposition and unblocks the signal. With SIG_HOLD it only blocks the signal.
 * It returns SIG_HOLD if the signal was blocked before. */
HOOK sighandler_t sigset(int sig, sighandler_t disp)
{
	struct sigaction old;
	sigset_t one, before;

	if (!signals_managed(sig))
		return REAL(sigset)(sig, disp);
	sigemptyset(&one);
	sigaddset(&one, sig);
	if (disp != SIG_HOLD) {
		old.sa_handler = set_handler(sig, disp, 0, false);
		if (old.sa_handler == SIG_ERR)
			return SIG_ERR;
	} else if (signals_action(sig, NULL, &old) != 0) {
		return SIG_ERR;
	}
	if (sigprocmask(disp == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &one, &before) != 0)
		return SIG_ERR;
	return sigismember(&before, sig) ? SIG_HOLD : old.sa_handler;
}

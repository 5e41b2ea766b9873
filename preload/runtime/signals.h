// SPDX-License-Identifier: MIT
/*
 * Signals that we handle without the program noticing: the one that asks for a snapshot, whatever
 * the program does with it, and TERM, INT and HUP while they would end the program. What the
 * program sets is kept and read back to it; a handler of its own runs after ours.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* Takes the signals over. For the constructor. */
void signals_register(void);

/* True when what the program does with this signal goes through signals_action. */
bool signals_managed(int number);

/* sigaction(2) as the program sees it, for a managed signal. Sets errno as it does. */
int signals_action(int number, const struct sigaction *action, struct sigaction *old);

/* What a handler of ours takes of a stack, with what the kernel puts there: sigaltstack(2),
 * SIGSTKSZ as it was before processors got more registers. */
enum { SIGNALS_STACK = 8192 };

/* A thread has an alternate stack that is smaller: made for no handler, or for a small one of the
 * program's. Ours keep off these stacks from now on, but for signals that the program handles
 * there. */
void signals_small_stack(void);

/* siginterrupt(3) for a managed signal has been called with flag. */
void signals_interrupt(int number, bool flag);
/* Whether signal(3) is to leave SA_RESTART out. */
bool signals_interrupts(int number);

/* The program is about to forbid itself what our handlers need: what it has set, or the default, is
 * put back in force for TERM, INT and HUP, or for all signals that we have taken over. */
void signals_release(bool all);

/* Around exec and posix_spawn: what the program ignores must be ignored by the kernel at that
 * moment, for the new program inherits it. True: something was changed and signals_after_exec must
 * follow. */
bool signals_before_exec(void);
void signals_after_exec(void);

/* In a forked child: another thread of the parent may have been between the two. */
void signals_forked(void);

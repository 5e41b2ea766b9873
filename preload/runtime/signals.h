// SPDX-License-Identifier: MIT
/*
 * Signals that we handle without the program noticing: the trigger, which asks for a snapshot,
 * whatever the program does with that signal; and, for the snapshot at exit, TERM, INT, HUP, PIPE,
 * ALRM and USR2 as long as they would end the program. The program reads back the disposition that
 * it has set. Its own handler runs after ours.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

/* Sets our handlers. For the constructor. */
void signals_register(void);

/* The same in a process that `fdtrail attach` came to, whose threads may be setting
 * dispositions. Unless variables (options as in an environment) name the trigger, it is SIGUSR1
 * if the program has left that at its default action; else a real-time signal that it has left
 * so. */
void signals_register_late(char **variables);

/* True if the program's sigaction(2) for this signal must go through signals_action. */
bool signals_managed(int number);

/* sigaction(2) as the program sees it, for a managed signal: 0, or -1 and errno. Async-signal-safe,
 * also in a vfork child. */
int signals_action(int number, const struct sigaction *action, struct sigaction *old);

/* Bytes of stack that a handler of ours needs, with the frame that the kernel puts there. It is
 * SIGSTKSZ (sigaltstack(2)) as it was before processors got more registers. */
enum { SIGNALS_STACK = 8192 };

/* A thread has set up an alternate stack that is smaller than SIGNALS_STACK. From now on our
 * handlers run on no alternate stack, except for a signal that the program handles on it. */
void signals_small_stack(void);

/* After siginterrupt(3) of a managed signal with this flag. */
void signals_interrupt(int number, bool flag);
/* True if signal(3) must leave SA_RESTART out, because siginterrupt(number, 1) is in force. */
bool signals_interrupts(int number);

/* Puts the program's own dispositions back in force, because its seccomp filter is about to forbid
 * system calls that our handlers need: all that we have replaced, or, without all, those of the
 * signals that end the program. */
void signals_release(bool all);

/* Around exec and posix_spawn. The new program inherits the signals that the kernel ignores at that
 * moment, so a trigger that the program ignores must be ignored in the kernel, too. True: this was
 * changed, and if the exec fails, or after posix_spawn, signals_after_exec must follow. Both are
 * async-signal-safe, also in a vfork child; signals_after_exec keeps errno. */
bool signals_before_exec(void);
void signals_after_exec(void);

/* In a forked child: does what signals_after_exec does, because another thread of the parent may
 * have been between the two at the fork. */
void signals_forked(void);

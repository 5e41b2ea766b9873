// SPDX-License-Identifier: MIT
/* Cases of actions that a program sets for the tracer's signals, and reads back. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "case.h"

static const int managed[] = {SIGUSR1, SIGTERM, SIGINT, SIGHUP};
static volatile sig_atomic_t calls;

static int blocked_signals(void)
{
	sigset_t mask;
	int count = 0;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int i = 1; i < SIGRTMAX; i++)
		count += sigismember(&mask, i) == 1;
	return count;
}

static void handles(int number)
{
	calls++;
	say("handler of %d, call %d, %d signals blocked", number, (int)calls, blocked_signals());
}

static void handles_with_context(int number, siginfo_t *info, void *context)
{
	stack_t stack = {0};

	sigaltstack(NULL, &stack);
	say("handler of %d: code %d, own %d, value %d, context %d, on its stack %d", number,
	    info->si_code, info->si_pid == getpid(), info->si_value.sival_int, context != NULL,
	    (stack.ss_flags & SS_ONSTACK) != 0);
}

static void say_action(int number)
{
	struct sigaction action = {0};

	CALL(sigaction(number, NULL, &action));
	say("%d: %s, flags %x, %d", number,
	    action.sa_handler == SIG_DFL                  ? "default"
	    : action.sa_handler == SIG_IGN                ? "ignored"
	    : action.sa_handler == handles                ? "ours"
	    : action.sa_sigaction == handles_with_context ? "ours with context"
							  : "somebody's",
	    (unsigned int)action.sa_flags & ~0x04000000u, sigismember(&action.sa_mask, SIGUSR2));
}

static void reads_back_what_is_set(void)
{
	static const int flags[] = {0, SA_RESTART, SA_NODEFER, SA_ONSTACK | SA_RESTART,
				    SA_NOCLDSTOP};
	struct sigaction action = {.sa_handler = handles}, old;

	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		say_action(managed[i]);
		for (size_t j = 0; j < sizeof(flags) / sizeof(*flags); j++) {
			action.sa_flags = flags[j];
			sigemptyset(&action.sa_mask);
			if (j % 2)
				sigaddset(&action.sa_mask, SIGUSR2);
			CALL(sigaction(managed[i], &action, &old));
			say("%x", (unsigned int)old.sa_flags & ~0x04000000u);
			say_action(managed[i]);
		}
	}
}

static void sets_and_raises(void)
{
	struct sigaction action = {.sa_handler = handles};

	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		CALL(sigaction(managed[i], &action, NULL));
		CALL(raise(managed[i]));
		CALL(kill(getpid(), managed[i]));
		action.sa_flags ^= SA_RESTART;
	}
}

static void handles_only_once(void)
{
	struct sigaction action = {.sa_handler = handles, .sa_flags = (int)SA_RESETHAND};

	CALL(sigaction(SIGTERM, &action, NULL));
	CALL(raise(SIGTERM));
	say_action(SIGTERM);
	CALL(raise(SIGTERM));
}

static void blocks_in_the_handler(void)
{
	struct sigaction action = {.sa_handler = handles};

	sigaddset(&action.sa_mask, SIGUSR2);
	sigaddset(&action.sa_mask, SIGCHLD);
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		CALL(sigaction(managed[i], &action, NULL));
		CALL(raise(managed[i]));
	}
	action.sa_flags = SA_NODEFER;
	sigemptyset(&action.sa_mask);
	CALL(sigaction(SIGUSR1, &action, NULL));
	CALL(raise(SIGUSR1));
	say("%d signals blocked", blocked_signals());
}

static void tells_handlers_who_and_where(void)
{
	struct sigaction action = {.sa_sigaction = handles_with_context, .sa_flags = SA_SIGINFO};
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	union sigval value = {.sival_int = 77};

	CALL(sigaltstack(&stack, NULL));
	for (int i = 0; i < 2; i++) {
		CALL(sigaction(SIGUSR1, &action, NULL));
		CALL(sigqueue(getpid(), SIGUSR1, value));
		CALL(pthread_kill(pthread_self(), SIGUSR1));
		CALL(raise(SIGUSR1));
		action.sa_flags |= SA_ONSTACK;
	}
}

static void ignores(void)
{
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		say("%d", signal(managed[i], SIG_IGN) == SIG_DFL);
		CALL(raise(managed[i]));
		say_action(managed[i]);
		say("%d", signal(managed[i], handles) == SIG_IGN);
		say_action(managed[i]);
		say("%d", signal(managed[i], SIG_DFL) == handles);
	}
}

static void uses_old_functions(void)
{
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		say("%d", sigset(managed[i], handles) == SIG_DFL);
		say_action(managed[i]);
		say("%d", sigset(managed[i], SIG_HOLD) == handles);
		say("%d blocked", blocked_signals());
		say("%d", sigset(managed[i], SIG_IGN) == SIG_HOLD);
		say("%d blocked", blocked_signals());
		CALL(sigignore(managed[i]));
		CALL(siginterrupt(managed[i], 1));
		say_action(managed[i]);
		CALL(siginterrupt(managed[i], 0));
		say_action(managed[i]);
		say("%d", sysv_signal(managed[i], handles) == SIG_IGN);
		say_action(managed[i]);
		say("%d", ssignal(managed[i], SIG_DFL) == handles);
	}
}

static void interrupts_by_choice(void)
{
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++) {
		CALL(siginterrupt(managed[i], 1));
		signal(managed[i], handles);
		say_action(managed[i]);
		CALL(siginterrupt(managed[i], 0));
		say_action(managed[i]);
		signal(managed[i], handles);
		say_action(managed[i]);
	}
}

static void refuses(void)
{
	struct sigaction action = {.sa_handler = handles};

	CALL(sigaction(0, &action, NULL));
	CALL(sigaction(-1, &action, NULL));
	CALL(sigaction(65, &action, NULL));
	CALL(sigaction(SIGKILL, &action, NULL));
	CALL(sigaction(SIGSTOP, NULL, &action));
	CALL(signal(SIGUSR1, SIG_ERR) == SIG_ERR);
	CALL(signal(0, handles) == SIG_ERR);
	CALL(sigset(65, handles) == SIG_ERR);
	CALL(siginterrupt(999, 1));
	CALL(sigignore(SIGKILL));
}

static void waits_for_what_is_blocked(void)
{
	struct timespec soon = {0, 0};
	siginfo_t info = {0};
	sigset_t mask, pending;
	int number = 0;

	sigemptyset(&mask);
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++)
		sigaddset(&mask, managed[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	for (size_t i = 0; i < sizeof(managed) / sizeof(*managed); i++)
		raise(managed[i]);
	sigpending(&pending);
	say("%d", sigismember(&pending, SIGUSR1));
	CALL(sigtimedwait(&mask, &info, &soon));
	CALL(sigwait(&mask, &number));
	say("%d", number);
	CALL(sigwaitinfo(&mask, NULL));
	CALL(sigtimedwait(&mask, NULL, &soon));
	CALL(sigtimedwait(&mask, NULL, &soon));
}

static void suspends(void)
{
	struct sigaction action = {.sa_handler = handles};
	sigset_t mask, none;

	sigemptyset(&none);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGUSR1);
	CALL(sigsuspend(&none));
	say("%d blocked", blocked_signals());
}

static void inherits_by_fork(void)
{
	int status;

	signal(SIGUSR1, handles);
	signal(SIGHUP, SIG_IGN);
	pid_t pid = fork();
	if (pid == 0) {
		raise(SIGUSR1);
		raise(SIGHUP);
		say_action(SIGUSR1);
		say_action(SIGHUP);
		say_action(SIGTERM);
		raise(SIGTERM);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	say("%d", WTERMSIG(status));
}

CASES(dispositions) = {
	CASE(reads_back_what_is_set),
	CASE(sets_and_raises),
	CASE(handles_only_once),
	CASE(blocks_in_the_handler),
	CASE(tells_handlers_who_and_where),
	CASE(ignores),
	CASE(uses_old_functions),
	CASE(interrupts_by_choice),
	CASE(refuses),
	CASE(waits_for_what_is_blocked),
	CASE(suspends),
	CASE(inherits_by_fork),
	END_OF_CASES,
};

// SPDX-License-Identifier: MIT
/*
 *     signals HOW [SIGNAL]
 *
 * Leaks a pipe in leaks_a_pipe, sets a handler for SIGNAL (default USR1) by HOW, raises the signal
 * twice, and prints what its handler got and which action it reads back.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* sigset(3) */

#include "frame.h"

static volatile sig_atomic_t calls, with_info;

static void handler(int number)
{
	(void)number;
	calls++;
}

static void info_handler(int number, siginfo_t *info, void *context)
{
	calls++;
	with_info = info && context && info->si_signo == number && info->si_pid == getpid();
}

FRAME static int leaks_a_pipe(void)
{
	int pair[2];
	volatile int result = pipe(pair);

	return result;
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	int number = count > 2 ? atoi(words[2]) : SIGUSR1;
	struct sigaction action = {.sa_handler = handler}, back;
	if (leaks_a_pipe() != 0)
		return 1;
	if (strcmp(how, "info") == 0) {
		action.sa_sigaction = info_handler;
		action.sa_flags = SA_SIGINFO;
	}
	if (strcmp(how, "resethand") == 0)
		action.sa_flags = SA_RESETHAND;
	if (strcmp(how, "signal") == 0)
		signal(number, handler);
	else if (strcmp(how, "sigset") == 0)
		sigset(number, handler);
	else if (strcmp(how, "ignore") == 0)
		signal(number, SIG_IGN);
	else if (strcmp(how, "default") != 0)
		sigaction(number, &action, NULL);
	sigaction(number, NULL, &back);
	const int compared = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK;
	printf("own %d flags %d\n", back.sa_handler == handler || back.sa_sigaction == info_handler,
	       (back.sa_flags & compared) == (action.sa_flags & compared));
	fflush(stdout);
	raise(number);
	sigaction(number, NULL, &back);
	printf("calls %d info %d default %d\n", (int)calls, (int)with_info,
	       back.sa_handler == SIG_DFL);
	fflush(stdout);
	raise(number);
	printf("calls %d\n", (int)calls);
	return 0;
}

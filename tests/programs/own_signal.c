// SPDX-License-Identifier: MIT
/*
 *     own_signal HOW
 *
 * Leaks a pipe in leaks_a_pipe, and handles SIGUSR1 by HOW. It sends itself the signal, with the
 * default action in force: raise, kill, tgkill, sigqueue, thread or timer. Or it waits for one that
 * another process sends: with the initial action (waits), after it has set the default action
 * (chosen), has removed a handler again (restored), or with a handler that runs once (once). Or it
 * forks: the parent sends the signal to its child, which has the default action (worker) or a
 * handler (told).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

static volatile sig_atomic_t calls;

static void handler(int number)
{
	(void)number;
	calls++;
}

FRAME static int leaks_a_pipe(void)
{
	int pair[2];
	volatile int result = pipe(pair);

	return result;
}

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		_exit(2);
}

static void *raises(void *unused)
{
	pthread_kill(pthread_self(), SIGUSR1);
	return unused;
}

static void send_itself(const char *how)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec soon = {.it_value.tv_nsec = 1000 * 1000};
	pthread_t thread;
	timer_t timer;

	if (strcmp(how, "raise") == 0)
		raise(SIGUSR1);
	else if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGUSR1);
	else if (strcmp(how, "tgkill") == 0)
		syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
	else if (strcmp(how, "sigqueue") == 0)
		sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 1});
	else if (strcmp(how, "thread") == 0 && pthread_create(&thread, NULL, raises, NULL) == 0)
		pthread_join(thread, NULL);
	else if (strcmp(how, "timer") == 0 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 &&
		 timer_settime(timer, 0, &soon, NULL) == 0)
		sleep(2);
}

/* Waits until the signal has arrived, or for ever. */
static void wait_for_signal(int count)
{
	say("ready\n");
	while (calls < count)
		usleep(1000);
	say("handled\n");
}

static int parent_of(int handles)
{
	int status = 0;
	int ends[2];
	char byte;
	if (pipe(ends) != 0)
		return 2;
	pid_t child = fork();

	if (child == 0) {
		if (leaks_a_pipe() != 0)
			_exit(2);
		if (handles)
			signal(SIGUSR1, handler);
		if (write(ends[1], "", 1) != 1)
			_exit(2);
		while (!calls)
			usleep(1000);
		_exit(7);
	}
	if (child < 0 || read(ends[0], &byte, 1) != 1 || kill(child, SIGUSR1) != 0 ||
	    waitpid(child, &status, 0) != child)
		return 2;
	printf("child: %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	struct sigaction once = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};

	if (leaks_a_pipe() != 0)
		return 2;
	if (strcmp(how, "worker") == 0 || strcmp(how, "told") == 0)
		return parent_of(strcmp(how, "told") == 0);
	if (strcmp(how, "chosen") == 0)
		signal(SIGUSR1, SIG_DFL);
	if (strcmp(how, "restored") == 0)
		signal(SIGUSR1, signal(SIGUSR1, handler));
	if (strcmp(how, "once") == 0) {
		sigaction(SIGUSR1, &once, NULL);
		wait_for_signal(1);
	}
	if (strcmp(how, "waits") == 0 || strcmp(how, "chosen") == 0 ||
	    strcmp(how, "restored") == 0 || strcmp(how, "once") == 0)
		wait_for_signal(2);
	send_itself(how);
	say("lived\n");
	return 0;
}

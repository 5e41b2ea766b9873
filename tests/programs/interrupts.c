// SPDX-License-Identifier: MIT
/*
 *     interrupts HOW
 *
 * eintr: accept ends with EINTR when a handler without SA_RESTART runs. stack: the signal for a
 * snapshot arrives on an alternate stack of 8 KiB. handler: a signal handler opens files, 20000
 * times, while main does. cancel: threads that are cancelled in accept, read and close end, and
 * main goes on. blocked: a thread waits in accept while another one opens and closes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "frame.h"

static int listener, quiet[2];
static volatile sig_atomic_t calls;

/* A timer without period, because a handler that takes longer than a period would run all the
 * time. */
static void tick(int usec)
{
	struct itimerval timer = {.it_value.tv_usec = usec};

	setitimer(ITIMER_REAL, &timer, NULL);
}

FRAME static void opens_in_handler(int number)
{
	int fd = open("/dev/null", O_RDONLY);

	if (fd >= 0)
		close(fd);
	calls++;
	if (number == SIGALRM)
		tick(100);
}

FRAME static int leaks_at_last(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

static void handle(int number, int flags)
{
	struct sigaction action = {.sa_handler = opens_in_handler, .sa_flags = flags};

	sigaction(number, &action, NULL);
}

static volatile pid_t worker; /* set by the thread that works, once it does */

/* Waits until the thread waits in the kernel; or, if it never does, until it has begun. */
static void wait_for_worker(int sleeps)
{
	char path[64], text[512];
	const char *state = NULL;

	while (!worker)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)worker);
	for (int i = 0; sleeps && i < 10000 && (!state || state[2] != 'S'); i++) {
		FILE *file = fopen(path, "r");
		size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

		if (file)
			fclose(file);
		text[size] = '\0';
		state = strrchr(text, ')'); /* after the name in brackets: proc(5) */
		usleep(1000);
	}
}

static void *accepts(void *data)
{
	worker = gettid();
	accept(listener, NULL, NULL);
	return data;
}

static void *reads(void *data)
{
	char byte;

	worker = gettid();
	(void)!read(quiet[0], &byte, 1);
	return data;
}

static void *closes(void *data)
{
	worker = gettid();
	for (;;)
		close(open("/dev/null", O_RDONLY));
	return data;
}

static int cancels(void *(*work)(void *), int sleeps)
{
	pthread_t thread;
	void *result = NULL;

	worker = 0;
	pthread_create(&thread, NULL, work, NULL);
	wait_for_worker(sleeps);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	return result == PTHREAD_CANCELED;
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listen(listener, 1) != 0 || pipe(quiet) != 0)
		return 1;
	if (strcmp(how, "eintr") == 0) {
		handle(SIGALRM, 0);
		tick(50000);
		int result = accept(listener, NULL, NULL), error = errno;
		tick(0);
		printf("%d %d\n", result, error == EINTR);
	} else if (strcmp(how, "stack") == 0) {
		stack_t stack = {.ss_sp = malloc(8192), .ss_size = 8192};
		sigaltstack(&stack, NULL);
		handle(SIGUSR1, SA_ONSTACK);
		raise(SIGUSR1);
		printf("%d\n", (int)calls);
	} else if (strcmp(how, "handler") == 0) {
		handle(SIGALRM, SA_RESTART);
		tick(100);
		for (int i = 0; i < 20000; i++)
			close(open("/dev/null", O_RDONLY));
		tick(0);
		printf("%d\n", calls > 0);
	} else if (strcmp(how, "cancel") == 0) {
		int accepted = cancels(accepts, 1), read = cancels(reads, 1),
		    closed = cancels(closes, 0);
		printf("%d %d %d\n", accepted, read, closed);
	} else if (strcmp(how, "blocked") == 0) {
		pthread_create(&thread, NULL, accepts, NULL);
		wait_for_worker(1);
		for (int i = 0; i < 1000; i++)
			close(open("/dev/null", O_RDONLY));
		printf("done\n");
	}
	leaks_at_last();
	return 0;
}

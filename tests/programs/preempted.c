// SPDX-License-Identifier: MIT
/*
 *     preempted ROUNDS          (with libpauses.so behind the tracer)
 *
 * A thread opens a device in opens_slowly and is taken off its processor between the return of the
 * real open and that of the hook: another thread with a much higher priority uses that processor
 * for 80 ms without a pause. Meanwhile a snapshot is requested. This happens once in each round.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

enum { BUSY_MS = 80 };

static _Atomic int opened, busy, asked;
static _Thread_local int slow;

static void share_processor(void)
{
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &all))
			CPU_SET(i, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void wait_for_busy(void)
{
	if (!slow)
		return;
	opened = 1;
	while (!busy)
		sched_yield();
}

FRAME static int opens_slowly(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

static void *opens(void *unused)
{
	(void)unused;
	share_processor();
	sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
	slow = 1;
	opens_slowly();
	return NULL;
}

static void *is_busy(void *unused)
{
	struct timespec begun, now;

	(void)unused;
	share_processor();
	while (!opened)
		usleep(100);
	busy = 1;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (!asked &&
	       (now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 <
		       BUSY_MS);
	return NULL;
}

int main(int count, char **words)
{
	void (**on_opened)(void) = dlsym(RTLD_DEFAULT, "pauses_opened");
	int rounds = count > 1 ? atoi(words[1]) : 0;

	if (!on_opened)
		return 2;
	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	*on_opened = wait_for_busy;
	for (int i = 0; i < rounds; i++) {
		pthread_t opener, other;

		opened = busy = asked = 0;
		if (pthread_create(&other, NULL, is_busy, NULL) != 0 ||
		    pthread_create(&opener, NULL, opens, NULL) != 0)
			return 1;
		while (!busy)
			usleep(100);
		raise(SIGUSR1);
		asked = 1;
		pthread_join(opener, NULL);
		pthread_join(other, NULL);
	}
	return 0;
}

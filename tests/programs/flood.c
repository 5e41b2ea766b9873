// SPDX-License-Identifier: MIT
/*
 *     flood REPORT ROUNDS
 *
 * Threads that request snapshots endlessly, each by a signal to itself. The first part lasts until
 * one thread has made ENOUGH requests: prints how many requests the slowest thread could make in
 * that time. Then in rounds: every thread opens a device and makes one request; when all calls have
 * returned, prints the size of REPORT and the number that each thread has open. The last whole
 * snapshot up to that size has to list all of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"

enum { THREADS = 4, ENOUGH = 20000 };

static _Atomic long asked[THREADS];
static _Atomic int enough;
static pthread_barrier_t begin, end;
static int rounds, opened[THREADS];

FRAME static int opens_for_a_round(void)
{
	volatile int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd;
}

static void *ask(void *data)
{
	long number = (long)data;

	pthread_barrier_wait(&begin);
	while (!enough) {
		raise(SIGUSR1);
		if (++asked[number] == ENOUGH)
			enough = 1;
	}
	pthread_barrier_wait(&end);
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&begin);
		opened[number] = opens_for_a_round();
		raise(SIGUSR1);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

int main(int count, char **words)
{
	pthread_t threads[THREADS];
	struct stat report;
	long least = ENOUGH, all = 0;

	if (count != 3)
		return 2;
	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	rounds = atoi(words[2]);
	pthread_barrier_init(&begin, NULL, THREADS + 1);
	pthread_barrier_init(&end, NULL, THREADS + 1);
	for (long i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, ask, (void *)i);
	pthread_barrier_wait(&begin);
	pthread_barrier_wait(&end);
	for (int i = 0; i < THREADS; i++) {
		least = asked[i] < least ? asked[i] : least;
		all += asked[i];
	}
	printf("%ld %ld\n", least, all);
	for (int i = 0; i < rounds; i++) {
		pthread_barrier_wait(&begin);
		pthread_barrier_wait(&end);
		printf("%lld", stat(words[1], &report) == 0 ? (long long)report.st_size : 0LL);
		for (int j = 0; j < THREADS; j++) {
			printf(" %d", opened[j]);
			/* Some stay open, so that the numbers change. */
			if ((i + j) % 4)
				close(opened[j]);
		}
		printf("\n");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	fflush(stdout);
	_exit(0);
}

// SPDX-License-Identifier: MIT
/* A thread does what two functions have queued. The files that it opens for one of them stay open.
 * Each job keeps its cause. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../../preload/include/fdtrail.h"

enum { JOBS = 12 };

struct job {
	struct fdtrail_cause cause;
	bool closes;
};

static struct job queue[JOBS];
static int queued, done;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void put(struct job job)
{
	pthread_mutex_lock(&lock);
	queue[queued++] = job;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

__attribute__((noinline)) static void queues_and_forgets(void)
{
	put((struct job){.cause = fdtrail_cause_here()}); // FORGETS
}

__attribute__((noinline)) static void queues_and_closes(void)
{
	put((struct job){.cause = fdtrail_cause_here(), .closes = true}); // CLOSES
}

__attribute__((noinline)) static void load(const struct job *job)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC); // OPENS

	if (job->closes)
		close(fd);
}

static void *work(void *unused)
{
	(void)unused;
	while (done < JOBS) {
		pthread_mutex_lock(&lock);
		while (queued == done)
			pthread_cond_wait(&changed, &lock);
		struct job job = queue[done++];
		pthread_mutex_unlock(&lock);

		struct fdtrail_cause before = fdtrail_cause_begin(job.cause);
		load(&job);
		fdtrail_cause_end(before);
	}
	load(&(struct job){.closes = false}); // NOBODY
	return NULL;
}

int main(void)
{
	pthread_t thread;

	errno = ENOTTY;
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 1;
	for (int i = 0; i < JOBS / 2; i++) {
		queues_and_forgets();
		queues_and_closes();
	}
	if (errno != ENOTTY)
		return 1;
	pthread_join(thread, NULL);
	return 0;
}

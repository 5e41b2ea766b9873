// SPDX-License-Identifier: MIT
/* See misdeeds.h. */
#define _GNU_SOURCE
#include "misdeeds.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../programs/frame.h"
#include "closings.h"
#include "names.h"
#include "operations.h"
#include "steps.h"

enum { MISDEED_SITES = 2, MISDEED_PATHS = CLOSE_PATHS + 1 };

/* By kind, site and path: how often, and how often until the last comparison. */
static _Atomic long done[REPORT_MISUSES][MISDEED_SITES][MISDEED_PATHS];
static long settled[REPORT_MISUSES][MISDEED_SITES][MISDEED_PATHS];

struct misdeed {
	int fd, source, result, step;
	bool given; /* another thread is given the number before the second close */
	sem_t give, taken;
	FILE *stream;
	const struct steps *steps;
};

/* The functions of one site. */
struct steps {
	void (*open)(struct misdeed *misdeed), (*close)(struct misdeed *misdeed);
	void (*again)(struct misdeed *misdeed), (*use)(struct misdeed *misdeed);
	void (*close_stream)(struct misdeed *misdeed);
};

/* The number keeps the compiler from making one function of equal ones. */
#define STEP(name, number, statement)                                                              \
	FRAME static void name(struct misdeed *misdeed)                                            \
	{                                                                                          \
		misdeed->result = (statement);                                                     \
		misdeed->step = number;                                                            \
	}
STEP(owner_opens_0, 0, fcntl(misdeed->source, F_DUPFD, misdeed->fd))
STEP(owner_opens_1, 1, fcntl(misdeed->source, F_DUPFD, misdeed->fd))
STEP(other_opens, 2, fcntl(misdeed->source, F_DUPFD, misdeed->fd))
STEP(owner_closes_0, 3, close(misdeed->fd))
STEP(owner_closes_1, 4, close(misdeed->fd))
STEP(closes_again_0, 5, close(misdeed->fd))
STEP(closes_again_1, 6, close(misdeed->fd))
STEP(closes_of_stream_0, 7, close(misdeed->fd))
STEP(closes_of_stream_1, 8, close(misdeed->fd))
STEP(uses_closed_0, 9, (int)recvmsg(misdeed->fd, &(struct msghdr){0}, MSG_DONTWAIT))
STEP(uses_closed_1, 10, accept(misdeed->fd, NULL, NULL))

static const struct steps steps[MISDEED_SITES] = {
	{owner_opens_0, owner_closes_0, closes_again_0, uses_closed_0, closes_of_stream_0},
	{owner_opens_1, owner_closes_1, closes_again_1, uses_closed_1, closes_of_stream_1},
};

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0)
		; /* EINTR */
}

FRAME static void *other_owner(void *data)
{
	struct misdeed *misdeed = data;

	wait_for(&misdeed->give);
	other_opens(misdeed);
	sem_post(&misdeed->taken);
	return NULL;
}

/* Has another thread open the number. */
static void give(struct misdeed *misdeed)
{
	sem_post(&misdeed->give);
	wait_for(&misdeed->taken);
}

/* Starts the other thread, before a path that may lead through dl_iterate_phdr: in a callback of
 * that, pthread_create waits for the loader forever if another thread calls dlclose. */
static bool start_other(struct misdeed *misdeed, pthread_t *id)
{
	sigset_t alarms, before;

	sem_init(&misdeed->give, 0, 0);
	sem_init(&misdeed->taken, 0, 0);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	int error = pthread_create(id, NULL, other_owner, misdeed);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error == 0;
}

static void expect(const struct misdeed *misdeed, int result, const char *what)
{
	if (misdeed->result != result)
		discrepancy("%s of %d returned %d, not %d", what, misdeed->fd, misdeed->result,
			    result);
}

FRAME static void closes_twice(void *data)
{
	struct misdeed *misdeed = data;

	misdeed->steps->open(misdeed);
	expect(misdeed, misdeed->fd, "the open");
	misdeed->steps->close(misdeed);
	expect(misdeed, 0, "the close");
	if (misdeed->given)
		give(misdeed);
	misdeed->steps->again(misdeed);
	expect(misdeed, misdeed->given ? 0 : -1, "the second close");
}

FRAME static void uses_after_close(void *data)
{
	struct misdeed *misdeed = data;

	misdeed->steps->open(misdeed);
	expect(misdeed, misdeed->fd, "the open");
	misdeed->steps->close(misdeed);
	expect(misdeed, 0, "the close");
	misdeed->steps->use(misdeed);
	expect(misdeed, -1, "the use");
}

FRAME static void closes_streams_number(void *data)
{
	struct misdeed *misdeed = data;

	misdeed->steps->open(misdeed);
	expect(misdeed, misdeed->fd, "the open");
	misdeed->stream = fdopen(misdeed->fd, "r");
	misdeed->steps->close_stream(misdeed);
	expect(misdeed, 0, "the close");
	/* The stream finds its number open again, so its own close is right. */
	other_opens(misdeed);
	expect(misdeed, misdeed->fd, "the open in between");
	if (misdeed->stream)
		fclose(misdeed->stream);
	misdeed->stream = NULL;
}

static void (*const deeds[REPORT_MISUSES])(void *data) = {
	[REPORT_DOUBLE_CLOSE] = closes_twice,
	[REPORT_USE] = uses_after_close,
	[REPORT_CLOSE_OF_OTHER] = closes_twice,
	[REPORT_OF_STREAM] = closes_streams_number,
};

void operate_misdeed(struct thread *thread)
{
	int kind = (int)random_below(&thread->random, REPORT_MISUSES);
	int site = (int)random_below(&thread->random, MISDEED_SITES);
	int path = 1 + (int)random_below(&thread->random, CLOSE_PATHS);
	/* Numbers of two misdeeds aren't neighbours, because that would look like a row. */
	struct misdeed misdeed = {
		.fd = MISDEEDS + thread->slot * MISDEEDS_SIZE + 4 * kind,
		.source = thread->post[0],
		.given = kind == REPORT_CLOSE_OF_OTHER,
		.steps = &steps[site],
	};

	pthread_t other;

	/* The close of another's is known by an earlier double close. */
	if (misdeed.given &&
	    (!settled[REPORT_DOUBLE_CLOSE][site][path] || !start_other(&misdeed, &other)))
		return;
	path_walk(&paths[path], deeds[kind], &misdeed);
	if (misdeed.given)
		pthread_join(other, NULL);
	atomic_fetch_add(&done[kind][site][path], 1);
	model_did(DID_MISDEED, 1);
}

void misdeeds_settle(void)
{
	for (int kind = 0; kind < REPORT_MISUSES; kind++)
		for (int site = 0; site < MISDEED_SITES; site++)
			for (int path = 0; path < MISDEED_PATHS; path++)
				settled[kind][site][path] = atomic_load(&done[kind][site][path]);
}

static bool stack_is(const struct report_stack *stack, const char *name, int site, int kind,
		     int path)
{
	static const char *const callers[REPORT_MISUSES] = {
		[REPORT_DOUBLE_CLOSE] = "closes_twice",
		[REPORT_USE] = "uses_after_close",
		[REPORT_CLOSE_OF_OTHER] = "closes_twice",
		[REPORT_OF_STREAM] = "closes_streams_number",
	};
	struct names names;

	names_on_path(&names, name, site, callers[kind], path, "operate_misdeed", "worker");
	return names_differ(&names, stack->functions, stack->function_count) < 0;
}

static bool stack_is_others(const struct report_stack *stack)
{
	return stack->function_count == 2 && strcmp(stack->functions[0], "other_opens") == 0 &&
	       strcmp(stack->functions[1], "other_owner") == 0;
}

static bool stacks_are(const struct report_misuse *misuse, int site, int path)
{
	static const char *const here[REPORT_MISUSES] = {
		[REPORT_DOUBLE_CLOSE] = "closes_again",
		[REPORT_USE] = "uses_closed",
		[REPORT_CLOSE_OF_OTHER] = "closes_again",
		[REPORT_OF_STREAM] = "closes_of_stream",
	};
	int kind = misuse->kind;

	return stack_is(&misuse->here, here[kind], site, kind, path) &&
	       (kind == REPORT_OF_STREAM
			? misuse->closed.function_count == 0
			: stack_is(&misuse->closed, "owner_closes", site, kind, path)) &&
	       (kind == REPORT_CLOSE_OF_OTHER
			? stack_is_others(&misuse->opened)
			: stack_is(&misuse->opened, "owner_opens", site, kind, path));
}

/* Compares one misuse; *of_kind counts what was done of this kind and at its stacks. */
static bool misuse_agrees(const struct report_misuse *misuse)
{
	long times = 0;

	for (int site = 0; misuse->kind < REPORT_MISUSES && site < MISDEED_SITES; site++)
		for (int path = 1; path < MISDEED_PATHS; path++)
			if (stacks_are(misuse, site, path))
				times = atomic_load(&done[misuse->kind][site][path]);
	if (times && times == misuse->times)
		return true;
	discrepancy("a misuse of kind %d in %s, closed in %s, opened in %s, happened %ld times, "
		    "not %ld",
		    misuse->kind,
		    misuse->here.function_count ? misuse->here.functions[0] : "nobody",
		    misuse->closed.function_count ? misuse->closed.functions[0] : "nobody",
		    misuse->opened.function_count ? misuse->opened.functions[0] : "nobody", times,
		    misuse->times);
	return false;
}

bool misdeeds_agree(const struct report *report)
{
	long sum = 0;
	int distinct = 0;
	bool agree = true;

	for (int kind = 0; kind < REPORT_MISUSES; kind++)
		for (int site = 0; site < MISDEED_SITES; site++)
			for (int path = 0; path < MISDEED_PATHS; path++) {
				long times = atomic_load(&done[kind][site][path]);

				sum += times;
				distinct += times > 0;
			}
	if (outside) /* ptrace doesn't stop at closes */
		sum = -1, distinct = 0;
	for (int i = 0; i < report->misuse_count; i++)
		agree = misuse_agrees(&report->misuse[i]) && agree;
	if (report->misuses == sum && report->misuse_count == distinct)
		return agree;
	discrepancy("%ld misuses of %d kinds are reported, not %ld of %d", report->misuses,
		    report->misuse_count, sum, distinct);
	return false;
}

// SPDX-License-Identifier: MIT
/* See unrecorded.h. */
#include "unrecorded.h"

#include <time.h>

#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "busy_threads.h"

enum {
	NAPS = 6, /* each descriptor of an untraced call costs the snapshot this time .. */
	NAP_NS = 2 * 1000 * 1000,
	BUSY_MS_MAX = 500, /* .. and a new one this, if threads wait for a processor */
	BUSY_ROUNDS = 2,   /* one thread may have waited for another, which took a stack */
	ASKED_OFTEN = 64,  /* the kernel is asked about this many descriptors after each nap */
};

bool unrecorded_in_flight(const struct snapshot_request *request, int fd)
{
	for (int i = 0; request->in_flight && i < SNAPSHOT_IN_FLIGHT_MAX; i++)
		if (atomic_load(&request->in_flight[i]) == fd + 1)
			return true;
	return false;
}

int unrecorded_open_now(const struct census *census, const struct snapshot_request *request, int fd)
{
	int open = census->numbered ? proc_fd_open(snapshot_holder(request), fd) : -1;

	return open < 0 && request->open_now ? request->open_now(fd, request->open_now_data) : open;
}

/* Whether the last snapshot has listed the descriptor. */
static bool was_listed(const struct snapshot_request *request, const struct descriptor *descriptor)
{
	for (int i = 0; request->unseen && i < SNAPSHOT_UNSEEN_MAX; i++)
		if (request->unseen[i].fd == descriptor->fd &&
		    request->unseen[i].inode == descriptor->stat.inode)
			return true;
	return false;
}

static void keep_for_next(const struct census *census, const struct snapshot_request *request)
{
	int kept = 0;

	if (!request->unseen)
		return;
	for (size_t i = 0; i < census->count && kept < SNAPSHOT_UNSEEN_MAX; i++)
		if (census->descriptors[i].class == DESCRIPTOR_UNSEEN)
			request->unseen[kept++] = (struct snapshot_unseen){
				census->descriptors[i].fd, census->descriptors[i].stat.inode};
	while (kept < SNAPSHOT_UNSEEN_MAX)
		request->unseen[kept++].fd = -1;
}

static void explain(struct census *census, struct descriptor *descriptor,
		    const struct snapshot_request *request)
{
	descriptor->class = DESCRIPTOR_CHANGING;
	census->changing++;
	if (census_wants(request, descriptor))
		census->unclosed--;
	else
		census->unwanted--;
}

/* Explains what can be explained by now, and counts the rest: all, or only those that the last
 * snapshot has not listed. asked: the most descriptors to ask the kernel about. */
static size_t explain_all(struct census *census, const struct snapshot_request *request,
			  bool only_new, size_t asked)
{
	size_t left = 0;

	for (size_t i = 0; i < census->count; i++) {
		struct descriptor *descriptor = &census->descriptors[i];

		if (descriptor->class != DESCRIPTOR_UNSEEN)
			continue;
		if (ledger_read(request->ledger, descriptor->fd, NULL, NULL) ||
		    unrecorded_in_flight(request, descriptor->fd) ||
		    (asked && asked-- && unrecorded_open_now(census, request, descriptor->fd) == 0))
			explain(census, descriptor, request);
		else
			left += !only_new || !was_listed(request, descriptor);
	}
	return left;
}

static void nap(void)
{
	RAW(nanosleep, &((struct timespec){.tv_nsec = NAP_NS}), NULL);
}

/* Question 2. False: all is explained. */
static bool wait_for_a_moment(struct census *census, const struct snapshot_request *request)
{
	for (int naps = 0; naps < NAPS; naps++) {
		if (!explain_all(census, request, false, ASKED_OFTEN))
			return false;
		nap();
	}
	return true;
}

/* Question 3: the scheduler stops threads when a system call returns, so each thread that wants a
 * processor may stand between its real call and its record. */
static void wait_for_busy_threads(struct census *census, const struct snapshot_request *request,
				  int64_t until)
{
	for (int round = 0; round < BUSY_ROUNDS && explain_all(census, request, true, ASKED_OFTEN);
	     round++) {
		struct busy_threads busy;

		busy_threads_find(&busy, snapshot_holder(request));
		while (monotonic_ms() < until && busy_threads_left(&busy) &&
		       explain_all(census, request, true, ASKED_OFTEN))
			nap();
	}
}

void unrecorded_wait(struct census *census, const struct snapshot_request *request)
{
	int64_t until = monotonic_ms() + BUSY_MS_MAX;

	if (!request->target && wait_for_a_moment(census, request))
		wait_for_busy_threads(census, request, until);
	explain_all(census, request, false, SIZE_MAX);
	keep_for_next(census, request);
}

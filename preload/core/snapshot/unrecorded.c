// SPDX-License-Identifier: MIT
/* See unrecorded.h. */
#include "unrecorded.h"

#include <string.h>
#include <time.h>

#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "busy_threads.h"

enum {
	NAPS = 6, /* each descriptor of an untraced call costs the snapshot this time .. */
	NAP_NS = 2 * 1000 * 1000,
	BUSY_MS_MAX = 500,      /* .. and a new one this, if threads wait for a processor */
	BUSY_ROUNDS = 2,        /* one thread may have waited for another, which took a stack */
	ASKED_OFTEN = 64,       /* the kernel is asked about this many descriptors after each nap */
	IN_FLIGHT_MAX = 256,    /* numbers that all threads are recording at one moment */
	STARVED_MS_MAX = 10000, /* no thread is believed to be opening a descriptor for longer */
};

/* The numbers that threads are recording at one moment. */
struct recording {
	size_t count;
	int fds[IN_FLIGHT_MAX];
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

/* The entry that the last snapshot has kept for the descriptor; NULL: none. */
static const struct snapshot_unseen *kept(const struct snapshot_unseen *unseen,
					  const struct descriptor *descriptor)
{
	for (int i = 0; unseen && i < SNAPSHOT_UNSEEN_MAX; i++)
		if (unseen[i].fd == descriptor->fd && unseen[i].inode == descriptor->stat.inode &&
		    unseen[i].times_recorded == descriptor->times_recorded)
			return &unseen[i];
	return NULL;
}

static bool was_listed(const struct snapshot_request *request, const struct descriptor *descriptor)
{
	const struct snapshot_unseen *last = kept(request->unseen, descriptor);

	return last && last->listed;
}

static size_t threads_in_flight(const struct snapshot_request *request, int *fds)
{
	return request->threads_in_flight ? request->threads_in_flight(fds, IN_FLIGHT_MAX) : 0;
}

static bool is_recorded_now(const struct recording *recording, int fd)
{
	for (size_t i = 0; i < recording->count; i++)
		if (recording->fds[i] == fd)
			return true;
	return false;
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
	struct recording recording;
	bool threads_known = false;
	size_t left = 0;

	for (size_t i = 0; i < census->count; i++) {
		struct descriptor *descriptor = &census->descriptors[i];

		if (descriptor->class != DESCRIPTOR_UNSEEN)
			continue;
		if (!threads_known)
			recording.count = threads_in_flight(request, recording.fds);
		threads_known = true;
		if (ledger_read(request->ledger, descriptor->fd, NULL, NULL) ||
		    ledger_times_recorded(request->ledger, descriptor->fd) !=
			    descriptor->times_recorded ||
		    unrecorded_in_flight(request, descriptor->fd) ||
		    is_recorded_now(&recording, descriptor->fd) ||
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

/* Question 3. True: at the end a thread that is in a hook still has no processor. */
static bool wait_for_busy_threads(struct census *census, const struct snapshot_request *request)
{
	int64_t until = monotonic_ms() + BUSY_MS_MAX;
	bool starved = false;

	for (int round = 0; round < BUSY_ROUNDS && explain_all(census, request, true, ASKED_OFTEN);
	     round++) {
		struct busy_threads busy;

		busy_threads_find(&busy, snapshot_holder(request), request->thread_opens);
		while (monotonic_ms() < until && busy_threads_left(&busy) &&
		       explain_all(census, request, true, ASKED_OFTEN))
			nap();
		starved = busy_threads_open(&busy);
	}
	return starved;
}

/* Question 4. Keeps what is left for the next snapshot. */
static void conclude(struct census *census, const struct snapshot_request *request, bool starved)
{
	struct snapshot_unseen last[SNAPSHOT_UNSEEN_MAX];
	int64_t now = monotonic_ms();
	int count = 0;

	if (!request->unseen)
		return;
	memcpy(last, request->unseen, sizeof(last));
	for (size_t i = 0; i < census->count && count < SNAPSHOT_UNSEEN_MAX; i++) {
		struct descriptor *descriptor = &census->descriptors[i];
		const struct snapshot_unseen *old = kept(last, descriptor);
		struct snapshot_unseen next = {
			.fd = descriptor->fd,
			.inode = descriptor->stat.inode,
			.times_recorded = descriptor->times_recorded,
			.since_ms = old ? old->since_ms : now,
			.listed = true,
		};

		if (descriptor->class != DESCRIPTOR_UNSEEN)
			continue;
		if (starved && !(old && old->listed) && now - next.since_ms < STARVED_MS_MAX) {
			next.listed = false;
			explain(census, descriptor, request);
		}
		request->unseen[count++] = next;
	}
	while (count < SNAPSHOT_UNSEEN_MAX)
		request->unseen[count++].fd = -1;
}

void unrecorded_wait(struct census *census, const struct snapshot_request *request)
{
	bool starved = false;

	if (!request->target && wait_for_a_moment(census, request))
		starved = wait_for_busy_threads(census, request);
	explain_all(census, request, false, SIZE_MAX);
	conclude(census, request, starved);
}

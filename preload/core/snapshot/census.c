// SPDX-License-Identifier: MIT
/* See census.h. */
#include "census.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "describe.h"
#include "frozen_table.h"
#include "opened_kind.h"
#include "original.h"
#include "socket_state.h"
#include "unrecorded.h"

enum { SHARED_LEAST = 2048 }; /* descriptors from which a second process pays: it costs 0.2 ms */

struct listing {
	struct census *census;
	const struct snapshot_request *request;
	size_t outside; /* how many of the target's outside descriptors are listed */
	uint64_t now_ms;
	bool each; /* the snapshot will list each descriptor by itself */
};

/* Whether the process is traced: then a descriptor without an entry was opened by an untraced call.
 */
static bool is_traced(const struct snapshot_request *request)
{
	return !request->target || request->target->traced;
}

static bool is_own(const struct snapshot_request *request, int fd)
{
	return fd == request->output;
}

static uint64_t age_of(const struct listing *listing, const struct ledger_entry *entry)
{
	uint64_t opened =
		listing->request->started_ms + (uint64_t)entry->opened_at * LEDGER_TICK_MS;

	return listing->now_ms > opened ? listing->now_ms - opened : 0;
}

/* A descriptor that a program itself puts at 0, 1 or 2, by dup2 or freopen, is its standard input
 * or output, and stays open on purpose. A socket that merely got the lowest free number is not. */
static bool is_standard(const struct descriptor *descriptor)
{
	return descriptor->fd <= 2 && (descriptor->entry.origin == FD_DUPLICATED ||
				       descriptor->entry.owner == FD_OWNER_FILE);
}

/* Whether fd's slot has the same words as before the table was copied. */
static bool held_still(const struct snapshot_request *request, int fd, struct ledger_words now)
{
	struct ledger_words before = {0};

	if (!request->before)
		return true;
	if (fd < request->before_end)
		before = request->before[fd];
	return before.a == now.a && before.b == now.b;
}

static void classify(const struct listing *listing, struct descriptor *descriptor)
{
	const struct snapshot_request *request = listing->request;
	struct ledger_words now = {0};
	int fd = descriptor->fd;

	descriptor->times_recorded = ledger_times_recorded(request->ledger, fd);
	bool known = ledger_read(request->ledger, fd, &descriptor->entry, &now);

	if (known && descriptor->entry.closing)
		descriptor->class = DESCRIPTOR_CLOSING;
	else if (!known && unrecorded_in_flight(request, fd))
		descriptor->class = DESCRIPTOR_CHANGING;
	else if (!held_still(request, fd, now))
		descriptor->class = DESCRIPTOR_CHANGING;
	else if (!known && !is_traced(request))
		descriptor->class = DESCRIPTOR_UNTRACED;
	else if (!known)
		descriptor->class = fd <= 2 ? DESCRIPTOR_INHERITED : DESCRIPTOR_UNSEEN;
	else if (descriptor->entry.origin == FD_INHERITED || descriptor->entry.before_fork ||
		 is_standard(descriptor))
		descriptor->class = DESCRIPTOR_INHERITED;
	else
		descriptor->class = DESCRIPTOR_OPENED;
	if (known && descriptor->entry.origin != FD_INHERITED)
		descriptor->age_ms = age_of(listing, &descriptor->entry);
}

/* Whether the opening call can't have made the descriptor that is there. Then untraced calls have
 * closed the number and used it again, and its entry is about another descriptor. */
static bool contradicts(const struct descriptor *descriptor)
{
	enum fd_kind hint = descriptor->entry.kind;

	if (hint == FD_UNKNOWN)
		return false;
	if (hint == FD_SOCKET)
		return descriptor->stat.mode && !kind_is_socket(descriptor->kind);
	if (kind_is_socket(descriptor->kind)) /* no domain: a socket's file, opened O_PATH */
		return descriptor->socket_domain != 0;
	return opened_kind_is_exact(hint) && descriptor->kind != opened_kind(hint) &&
	       descriptor->kind != KIND_OTHER;
}

/* Removes the entry of a descriptor that an untraced call has closed, unless it has changed. */
static bool forget(const struct snapshot_request *request, int fd, struct ledger_words words)
{
	if (!ledger_forget_if(request->ledger, fd, words))
		return false;
	ledger_closed_untraced(request->ledger, words);
	return true;
}

/* Takes the entry away from a number that it is not about. */
static void disown(struct census *census, const struct snapshot_request *request,
		   struct descriptor *descriptor)
{
	struct ledger_words words;

	descriptor->class = DESCRIPTOR_UNSEEN;
	if (ledger_read(request->ledger, descriptor->fd, NULL, &words) && request->before &&
	    held_still(request, descriptor->fd, words))
		census->forgotten += forget(request, descriptor->fd, words);
	descriptor->entry = (struct ledger_entry){0};
}

bool census_wants(const struct snapshot_request *request, const struct descriptor *descriptor)
{
	return descriptor->any_kind || request->kinds & KIND_BIT(descriptor->kind);
}

/* Gives the number a place in the census. */
static void place(struct listing *listing, struct frozen_number number,
		  const struct snapshot_outside *outside)
{
	struct census *census = listing->census;

	census->descriptors[census->count++] = (struct descriptor){
		.fd = number.fd,
		.fd_flags = number.flags,
		.outside = outside,
	};
}

/* Reads what the ledger and the kernel know about one descriptor, and changes nothing else, because
 * two processes do this at once. */
static void look_at(const struct listing *listing, struct descriptor *descriptor)
{
	const struct snapshot_request *request = listing->request;

	classify(listing, descriptor);
	describe_inspect(descriptor, snapshot_holder(request));
	if (descriptor->class == DESCRIPTOR_UNTRACED && descriptor->fd <= 2 &&
	    !kind_is_socket(descriptor->kind))
		descriptor->class = DESCRIPTOR_INHERITED;
	if (listing->each && descriptor->class == DESCRIPTOR_OPENED &&
	    census_wants(request, descriptor))
		socket_inspect_more(descriptor);
}

struct part {
	const struct listing *listing;
	size_t begin, end;
};

static void look_at_part(void *data)
{
	const struct part part = *(const struct part *)data;

	for (size_t i = part.begin; i < part.end; i++)
		look_at(part.listing, &part.listing->census->descriptors[i]);
}

static void look_at_all(const struct listing *listing)
{
	const struct snapshot_request *request = listing->request;
	size_t count = listing->census->count;
	struct part own = {.listing = listing, .end = count};
	struct part other = {.listing = listing, .begin = count / 2, .end = count};
	bool shared = count >= SHARED_LEAST && request->begin_beside &&
		      request->begin_beside(request->beside, look_at_part, &other);

	if (shared)
		own.end = other.begin;
	look_at_part(&own);
	if (shared && !request->end_beside(request->beside))
		look_at_part(&other);
}

static bool is_awaited(const struct descriptor *descriptor)
{
	uint32_t type = descriptor->stat.mode & S_IFMT;
	enum kind kind = descriptor->kind;

	return type == S_IFSOCK || type == S_IFIFO || kind == KIND_TERMINAL ||
	       (type == 0 && kind != KIND_FILE && kind != KIND_OTHER);
}

static void count_one(struct census *census, const struct snapshot_request *request,
		      struct descriptor *descriptor)
{
	if (descriptor->class == DESCRIPTOR_OPENED && contradicts(descriptor))
		disown(census, request, descriptor);

	bool wanted = census_wants(request, descriptor);
	switch (descriptor->class) {
	case DESCRIPTOR_OPENED:
	case DESCRIPTOR_UNSEEN:
	case DESCRIPTOR_UNTRACED:
		census->unclosed += wanted;
		census->unwanted += !wanted;
		break;
	case DESCRIPTOR_INHERITED:
		census->inherited++;
		break;
	case DESCRIPTOR_CLOSING:
		census->closing++;
		break;
	case DESCRIPTOR_CHANGING:
		census->changing++;
		break;
	}
}

/* The flags in fdinfo have both, those of the description and those of the number. */
static struct frozen_number outside_number(const struct snapshot_outside *outside)
{
	long flags = outside->flags;

	return (struct frozen_number){
		.fd = outside->fd,
		.flags = flags < 0           ? -1
			 : flags & O_CLOEXEC ? FD_CLOEXEC
					     : 0,
	};
}

/* Places the descriptors that are not in our table, up to the number before. */
static void place_outside(struct listing *listing, int before)
{
	const struct snapshot_target *target = listing->request->target;

	for (; target && listing->outside < target->outside_count &&
	       target->outside[listing->outside].fd < before;
	     listing->outside++)
		place(listing, outside_number(&target->outside[listing->outside]),
		      &target->outside[listing->outside]);
}

/* An outside descriptor is not in our table, so its number can't be our output's. */
static void place_all(struct listing *listing)
{
	const struct frozen_table *table = &listing->census->table;

	for (size_t i = 0; i < table->count; i++) {
		place_outside(listing, table->numbers[i].fd);
		if (!is_own(listing->request, table->numbers[i].fd))
			place(listing, table->numbers[i], NULL);
	}
	place_outside(listing, INT_MAX);
}

static void count_all(struct census *census, const struct snapshot_request *request)
{
	struct frozen_number *number = census->table.numbers;

	for (size_t i = 0; i < census->count; i++) {
		struct descriptor *descriptor = &census->descriptors[i];

		count_one(census, request, descriptor);
		if (descriptor->outside)
			continue;
		while (number->fd != descriptor->fd)
			number++;
		number->awaited = is_awaited(descriptor);
	}
}

/* Whether fd, which is not in the census, is closed in the program for certain. If the program's
 * table can't be read, the frozen table tells; but copies of another process' descriptors may be
 * incomplete. */
static bool closed_now(const struct census *census, const struct snapshot_request *request, int fd)
{
	int open = unrecorded_open_now(census, request, fd);

	return open < 0 ? !request->target && descriptor_open(fd) == 0 : open == 0;
}

/* Forgets the entries of descriptors that an untraced call has closed: those that have not changed
 * since before the copy, and that the copy does not have. */
static void forget_closed(struct census *census, const struct snapshot_request *request)
{
	size_t at = 0;

	for (int fd = ledger_next(request->ledger, 0); fd >= 0;
	     fd = ledger_next(request->ledger, fd + 1)) {
		struct ledger_words words;
		struct ledger_entry entry;
		bool open = false;

		/* Both lists have rising numbers: /proc lists them so, and so does a probe. */
		while (at < census->count && census->descriptors[at].fd < fd)
			at++;
		open = at < census->count && census->descriptors[at].fd == fd;
		for (int i = 0; i < SNAPSHOT_HIDDEN_MAX; i++)
			open = open || request->hidden[i] == fd;
		if (open || !ledger_read(request->ledger, fd, &entry, &words) || entry.closing)
			continue;
		if (!held_still(request, fd, words))
			continue;
		/* One from before a fork may never have been in this process' table. */
		if (closed_now(census, request, fd) && forget(request, fd, words))
			census->forgotten += !request->closes_unseen && !entry.before_fork &&
					     entry.origin != FD_INHERITED;
	}
}

/* Whether it is known who uses an inherited descriptor: then it isn't only counted. */
static bool is_used(const struct snapshot_request *request, const struct descriptor *descriptor)
{
	return ledger_last_use(request->ledger, descriptor->fd, descriptor->times_recorded) !=
	       STACK_NONE;
}

/* Keeps only the descriptors that the snapshot lists; the rest has been counted. */
static void keep_listed(struct census *census, const struct snapshot_request *request)
{
	size_t kept = 0;

	for (size_t i = 0; i < census->count; i++) {
		const struct descriptor *descriptor = &census->descriptors[i];
		bool listed = descriptor->class == DESCRIPTOR_OPENED ||
			      descriptor->class == DESCRIPTOR_UNSEEN ||
			      descriptor->class == DESCRIPTOR_UNTRACED ||
			      (descriptor->class == DESCRIPTOR_INHERITED &&
			       (request->inherited || is_used(request, descriptor)));

		if (!listed || !census_wants(request, descriptor))
			continue;
		census->inherited_listed += descriptor->class == DESCRIPTOR_INHERITED;
		census->descriptors[kept++] = *descriptor;
	}
	census->count = kept;
}

int census_take(struct census *census, const struct snapshot_request *request,
		struct scratch *scratch)
{
	struct listing listing = {
		.census = census,
		.request = request,
		.each = (request->output >= 0 || request->sink) &&
			request->show == SNAPSHOT_SHOW_ALL,
	};
	struct frozen_table *table = &census->table;

	*census = (struct census){.numbered = request->target || proc_has_our_numbers()};
	census->now_ms = listing.now_ms = (uint64_t)monotonic_ms();
	int failed = frozen_table_read(table, ledger_end(request->ledger), scratch);
	if (failed)
		return failed;
	size_t room = table->count + (request->target ? request->target->outside_count : 0);
	census->descriptors = scratch_array(scratch, room, sizeof(*census->descriptors));
	if (!census->descriptors)
		return ENOMEM;
	place_all(&listing);
	look_at_all(&listing);
	count_all(census, request);
	census->open = census->count;
	if (request->target) {
		census->changing += request->target->changing;
		census->open += request->target->changing;
	}
	for (int i = 0; i < SNAPSHOT_HIDDEN_MAX; i++) {
		census->inherited += request->hidden[i] >= 0;
		census->open += request->hidden[i] >= 0;
	}
	forget_closed(census, request);
	unrecorded_wait(census, request);
	ledger_take_figures(request->ledger);
	originals_find(census->descriptors, census->count, request);
	keep_listed(census, request);
	return 0;
}

static void close_numbers(int first, int last)
{
	if (RAW(close_range, first, last, 0) == 0) /* Linux 5.9 */
		return;
	for (int fd = first; fd <= last; fd++)
		RAW(close, fd);
}

void census_let_go(const struct census *census, const struct snapshot_request *request)
{
	int first = -1, last = -1; /* a run of numbers to close */

	for (size_t i = 0; i < census->table.count; i++) {
		const struct frozen_number *number = &census->table.numbers[i];

		if (!number->awaited || number->fd == 2 || number->fd == request->output)
			continue;
		if (first >= 0 && number->fd == last + 1) {
			last++;
			continue;
		}
		if (first >= 0)
			close_numbers(first, last);
		first = last = number->fd;
	}
	if (first >= 0)
		close_numbers(first, last);
}

// SPDX-License-Identifier: MIT
/* See text_advice.h. */
#include "text_advice.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/model_memory.h"
#include "heading.h"

enum { INDENT = 3 }; /* as of all that a group has */

/* What the connections of net/http show about the last response. */
enum response {
	RESPONSE_OPEN,    /* it is not read to its end, or net/http had seen the peer's close */
	RESPONSE_READ,    /* all are established, and nothing is unread */
	RESPONSE_UNKNOWN, /* not all are listed */
};

static enum response response_of(const struct model_group *group)
{
	if (model_in_state(group, "CLOSE_WAIT") > 0)
		return RESPONSE_OPEN;
	for (size_t i = 0; i < group->descriptor_count; i++)
		if (group->descriptors[i].unread > 0)
			return RESPONSE_OPEN;
	return model_in_state(group, "ESTABLISHED") == group->count &&
			       (int64_t)group->descriptor_count == group->count
		       ? RESPONSE_READ
		       : RESPONSE_UNKNOWN;
}

static void put_once(const struct page *page, bool *said, const char *text)
{
	if (*said)
		return;
	*said = true;
	page_prosef(page, INDENT, 0, PAGE_PLAIN, "What to do: %s", text);
}

/* Whether a connection was opened while an older one to the same peer was idle: a Transport that
 * has an idle connection opens no other. Times are rounded, so a second must lie between. */
static bool passed_over(const struct model_group *group)
{
	const struct model_descriptor *idlest = group->descriptors, *newest = group->descriptors;

	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *at = &group->descriptors[i];

		if (at->idle > idlest->idle)
			idlest = at;
		if (at->age >= 0 && (newest->age < 0 || at->age < newest->age))
			newest = at;
	}
	return group->descriptor_count && newest->age >= 0 && idlest->idle >= newest->age + 1 &&
	       idlest->peer && newest->peer && strcmp(idlest->peer, newest->peer) == 0;
}

static int compare_transports(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Of how many Transports the connections are, all of which are to one peer, and the most requests
 * that one of them has served. 0: not known of all, or there are several peers. */
static size_t count_transports(const struct model_group *group, int64_t *most)
{
	size_t count = group->descriptor_count, different = 0;
	const char *peer = count ? group->descriptors[0].peer : NULL;
	uint64_t *transports = memory_array(NULL, count, sizeof(*transports));

	*most = 0;
	for (size_t i = 0; i < count; i++) {
		const char *other = group->descriptors[i].peer;

		transports[i] = peer && other && strcmp(other, peer) == 0
					? group->descriptors[i].transport
					: 0;
		*most = group->descriptors[i].requests > *most ? group->descriptors[i].requests
							       : *most;
	}
	qsort(transports, count, sizeof(*transports), compare_transports);
	for (size_t i = 0; i < count; i++)
		different += i == 0 || transports[i] != transports[i - 1];
	bool known = (int64_t)count == group->count && count && transports[0];
	free(transports);
	return known ? different : 0;
}

/* The advice where each connection is of another Transport; false: they aren't, or it is not
 * known. */
static bool put_transports(const struct page *page, const struct model_group *group,
			   struct text_said *said)
{
	int64_t most;
	size_t transports = count_transports(group, &most);

	if (transports < 2 || (int64_t)transports < group->count)
		return false;
	if (!said->transports)
		page_prosef(page, INDENT, 0, PAGE_PLAIN,
			    most == 1
				    ? "What to do: these are of %zu Transports, one request each: "
				      "share one."
				    : "What to do: these are of %zu Transports, each with a "
				      "connection of its own: share one.",
			    transports);
	said->transports = true;
	return true;
}

/* The advice on connections that are read to their end, by what speaks against a pool. */
static const char *read_advice(const struct model_group *group)
{
	if (group->has_growth && group->growth > 0)
		return "nothing is unread on these, but their number has grown, and a pool of "
		       "connections does not grow so. Either each request has a Transport of its "
		       "own (share one), or short responses are not closed.";
	if (passed_over(group))
		return "nothing is unread on these, but some were opened while another one to the "
		       "same peer was idle, which a shared Transport would have used. Either each "
		       "request has a Transport of its own (share one), or short responses are not "
		       "closed.";
	return "nothing is unread on these: net/http keeps such connections for the next request, "
	       "which is no leak. If their number grows, each request has a Transport of its own "
	       "(share one), or short responses are not closed.";
}

/* A short body is in the program's own buffer before the program reads it, so nothing unread does
 * not prove that the response was closed. */
static void put_response(const struct page *page, const struct model_group *group,
			 struct text_said *said)
{
	switch (response_of(group)) {
	case RESPONSE_OPEN:
		put_once(page, &said->response,
			 "net/http can use a connection for several requests, so who opened it may "
			 "be innocent. Close the response of the last request.");
		break;
	case RESPONSE_READ:
		if (!put_transports(page, group, said))
			put_once(page, &said->idle, read_advice(group));
		break;
	case RESPONSE_UNKNOWN:
		put_once(page, &said->request,
			 "net/http can use a connection for several requests, so who opened it may "
			 "be innocent. Where bytes are unread, close the response of the last "
			 "request.");
		break;
	}
}

/* The stream that owns all of the group's descriptors; NULL: there is no such one. */
static const char *owner(const struct model_group *group)
{
	const char *name = NULL;

	for (size_t i = 0; i < group->descriptor_count; i++) {
		const char *one = group->descriptors[i].owner;

		if (!one || (name && strcmp(one, name) != 0))
			return NULL;
		name = one;
	}
	return name;
}

/* Whether the file is of that name, or has it before a version: "python3.11", "libjvm.so". */
static bool is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;

	return strncmp(file, name, strlen(name)) == 0 &&
	       !isalpha((unsigned char)file[strlen(name)]);
}

/* Whether a frame of the stack is in a file of such a name. */
static bool passes(const struct model_stack *stack, const char *const *names)
{
	for (size_t i = 0; i < stack->frame_count; i++) {
		const char *path = stack->frames[i].module;

		for (size_t j = 0; path && names[j]; j++)
			if (is_named(path, names[j]))
				return true;
	}
	return false;
}

/* Users of other languages can't call fclose() and its like: a runtime does that for them. */
static void put_owner(const struct page *page, const struct model_group *group,
		      struct text_said *said)
{
	static const struct {
		const char *owner, *advice;
	} closes[] = {
		{"FILE", "these belong to FILE streams: fclose() closes them."},
		{"DIR", "these belong to DIR streams: closedir() closes them."},
		{"popen", "these belong to popen() streams: pclose() closes them."},
	};
	static const char *const java[] = {"libjvm.so", "libjava.so", "libnio.so", NULL};
	static const char *const scripts[] = {"libpython", "python", "libruby", "ruby", "libperl",
					      "perl",      "libphp", "php",     "node", NULL};
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const char *own = owner(group);

	if (!own || (opened && passes(opened, scripts)))
		return;
	if (opened && passes(opened, java)) {
		if (strcmp(own, "DIR") == 0)
			put_once(page, &said->owner,
				 "these are directories that Java reads: close what Files.list(), "
				 "Files.walk() or Files.newDirectoryStream() has returned.");
		return;
	}
	for (size_t i = 0; i < sizeof(closes) / sizeof(*closes); i++)
		if (strcmp(closes[i].owner, own) == 0)
			put_once(page, &said->owner, closes[i].advice);
}

void text_advice(const struct page *page, const struct model_group *group, struct text_said *said)
{
	const struct model_stack *used = model_stack(group, MODEL_LAST_USED_AT);
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	size_t location;

	if (used && used->share && put_transports(page, group, said)) {
		return;
	} else if (used && used->share) {
		put_once(page, &said->shared,
			 "requests share such a connection (HTTP/2), so neither who opened it nor "
			 "the last request need be the one that leaks.");
	} else if (used) {
		put_response(page, group, said);
	} else if (model_in_state(group, "CLOSE_WAIT") == 0 || said->close_wait) {
		put_owner(page, group, said);
	} else {
		said->close_wait = true;
		page_prosef(
			page, INDENT, 0, PAGE_PLAIN,
			"What to do: in CLOSE_WAIT the peer has closed, and the program has not "
			"called close(). Follow the code from %s to where it drops a connection "
			"without closing it.",
			!opened || !opened->frame_count ? "where it connects or accepts"
			: heading_frame(group, opened, &location)->own ? "=>"
								       : "here");
	}
}

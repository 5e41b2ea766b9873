// SPDX-License-Identifier: MIT
/* See text_advice.h. */
#include "text_advice.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "tools/model/model_memory.h"
#include "heading.h"

enum { INDENT = 3 }; /* as for all lines of a group */

/* Evidence about the last response, from the descriptors of net/http connections. */
enum response {
	RESPONSE_OPEN,    /* not read to its end, else net/http would have seen the peer's close */
	RESPONSE_READ,    /* all connections are established, and nothing is unread */
	RESPONSE_UNKNOWN, /* not all connections are listed */
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

static void put_once(const struct page *page, bool *given, const char *text)
{
	if (*given)
		return;
	*given = true;
	page_prosef(page, INDENT, 0, PAGE_PLAIN, "What to do: %s", text);
}

/* Whether a connection was opened while an older one to the same peer was idle. A Transport with an
 * idle connection opens no other. Times are rounded, so at least a second must lie between. */
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

/* The number of Transports that the connections belong to, if all are to one peer, and the most
 * requests that one connection has served. 0: not known for all, or there are several peers. */
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

/* Writes the advice if each connection has its own Transport. Returns false if not, or if that is
 * not known. */
static bool put_transports(const struct page *page, const struct model_group *group,
			   struct text_given *given)
{
	int64_t most;
	size_t transports = count_transports(group, &most);

	if (transports < 2 || (int64_t)transports < group->count)
		return false;
	if (!given->transports)
		page_prosef(
			page, INDENT, 0, PAGE_PLAIN,
			most == 1 ? "What to do: these belong to %zu Transports, one request each: "
				    "share one Transport."
				  : "What to do: these belong to %zu Transports, each with one "
				    "connection: share one Transport.",
			transports);
	given->transports = true;
	return true;
}

/* The advice on connections that are read to their end, by the evidence against a pool. */
static const char *read_advice(const struct model_group *group)
{
	if (group->has_growth && group->growth > 0)
		return "nothing is unread on these, but their number has grown, and a connection "
		       "pool does not grow like this. Either each request has its own Transport "
		       "(share one), or short responses are not closed.";
	if (passed_over(group))
		return "nothing is unread on these, but some were opened while another one to the "
		       "same peer was idle, which a shared Transport would have used. Either each "
		       "request has its own Transport (share one), or short responses are not "
		       "closed.";
	return "nothing is unread on these: net/http keeps such connections for the next request, "
	       "which is not a leak. If their number grows, each request has its own Transport "
	       "(share one), or short responses are not closed.";
}

/* Writes the advice by the state of the last response. Unread bytes prove that it is open, but no
 * unread bytes don't prove that it was closed: a short body is in the program's own buffer. */
static void put_response(const struct page *page, const struct model_group *group,
			 struct text_given *given)
{
	switch (response_of(group)) {
	case RESPONSE_OPEN:
		put_once(
			page, &given->response,
			"net/http reuses connections, so the code that opened one may be innocent. "
			"Close the response of the last request.");
		break;
	case RESPONSE_READ:
		if (!put_transports(page, group, given))
			put_once(page, &given->idle, read_advice(group));
		break;
	case RESPONSE_UNKNOWN:
		put_once(
			page, &given->request,
			"net/http reuses connections, so the code that opened one may be innocent. "
			"Where bytes are unread, close the response of the last request.");
		break;
	}
}

/* The type of stream that owns all of the group's descriptors; MODEL_NO_STREAM if there isn't
 * one. */
static enum model_stream stream_of(const struct model_group *group)
{
	for (size_t i = 1; i < group->descriptor_count; i++)
		if (group->descriptors[i].stream != group->descriptors[0].stream)
			return MODEL_NO_STREAM;
	return group->descriptor_count ? group->descriptors[0].stream : MODEL_NO_STREAM;
}

/* Whether the file has that name, or that name before a version: "python3.11", "libjvm.so". */
static bool is_named(const char *path, const char *name)
{
	const char *file = base_name(path);

	return strncmp(file, name, strlen(name)) == 0 &&
	       !isalpha((unsigned char)file[strlen(name)]);
}

/* Whether a frame of the stack is in a file with one of these names. */
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

/* Writes how to close the stream. fclose() and the like are only for programs in C: in other
 * languages a runtime calls them. */
static void put_owner(const struct page *page, const struct model_group *group,
		      struct text_given *given)
{
	static const char *const advice[] = {
		[MODEL_FILE] = "these belong to FILE streams: fclose() closes them.",
		[MODEL_DIR] = "these belong to DIR streams: closedir() closes them.",
		[MODEL_POPEN] = "these belong to popen() streams: pclose() closes them.",
	};
	static const char *const java[] = {"libjvm.so", "libjava.so", "libnio.so", NULL};
	static const char *const scripts[] = {"libpython", "python", "libruby", "ruby", "libperl",
					      "perl",      "libphp", "php",     "node", NULL};
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	enum model_stream stream = stream_of(group);

	if (stream == MODEL_NO_STREAM || (opened && passes(opened, scripts)))
		return;
	if (opened && passes(opened, java)) {
		if (stream == MODEL_DIR)
			put_once(page, &given->owner,
				 "these are directories that Java reads: close the streams that "
				 "Files.list(), Files.walk() or Files.newDirectoryStream() "
				 "returned.");
		return;
	}
	put_once(page, &given->owner, advice[stream]);
}

void text_advice(const struct page *page, const struct model_group *group, struct text_given *given)
{
	const struct model_stack *used = model_stack(group, MODEL_LAST_USED_AT);
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	size_t location;

	/* Only a request says more than an open. */
	if (used && !used->http)
		used = NULL;
	if (used && used->share && put_transports(page, group, given)) {
		return;
	} else if (used && used->share) {
		put_once(page, &given->shared,
			 "requests share such a connection (HTTP/2), so the leak may be neither in "
			 "the code that opened it nor in the last request.");
	} else if (used) {
		put_response(page, group, given);
	} else if (model_in_state(group, "CLOSE_WAIT") == 0 || given->close_wait) {
		put_owner(page, group, given);
	} else {
		given->close_wait = true;
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

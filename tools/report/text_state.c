// SPDX-License-Identifier: MIT
/* See text_state.h. */
#include "text_state.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum { INDENT = 3, CONTINUED = 2 }; /* as for all lines of a group */

static bool is_in(const struct model_descriptor *descriptor, const char *state)
{
	return descriptor->state && strcmp(descriptor->state, state) == 0;
}

static bool has_ended(const struct model_descriptor *descriptor)
{
	return descriptor->kind == KIND_PIDFD && descriptor->process_ended;
}

static bool watches_nothing(const struct model_descriptor *descriptor)
{
	return descriptor->watches == 0;
}

/* A socket keeps its local address after its connection has ended, so one without is new. */
static bool is_unused(const struct model_descriptor *descriptor)
{
	return descriptor->kind == KIND_TCP && is_in(descriptor, "CLOSED") && descriptor->unbound;
}

/* As long as a descriptor holds the socket, only shutdown(2) sends a FIN. */
static bool is_shut_down(const struct model_descriptor *descriptor)
{
	return descriptor->kind == KIND_TCP &&
	       (is_in(descriptor, "FIN_WAIT1") || is_in(descriptor, "FIN_WAIT2") ||
		is_in(descriptor, "CLOSING") || is_in(descriptor, "LAST_ACK") ||
		is_in(descriptor, "TIME_WAIT"));
}

static bool is_in_child(const struct model_descriptor *descriptor)
{
	return descriptor->in_child;
}

static const struct {
	bool (*holds)(const struct model_descriptor *descriptor);
	const char *one, *many; /* after the number */
} states[] = {
	{has_ended, "is of a process that has ended", "are of processes that have ended"},
	{watches_nothing, "watches nothing", "watch nothing"},
	{is_unused, "was never bound or connected", "were never bound or connected"},
	{is_in_child, "is also open in a child process, which keeps it open after a close here",
	 "are also open in child processes, which keep them open after a close here"},
	{is_shut_down, "was shut down, and not closed: shutdown() frees no descriptor",
	 "were shut down, and not closed: shutdown() frees no descriptor"},
};

void text_state(const struct page *page, const struct model_group *group)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		int64_t count = 0;

		for (size_t j = 0; j < group->descriptor_count; j++)
			count += states[i].holds(&group->descriptors[j]);
		if (!count)
			continue;
		if (count == group->count)
			page_linef(page, INDENT, CONTINUED, PAGE_PLAIN, "%s %s.",
				   count == 1 ? "It" : "All",
				   count == 1 ? states[i].one : states[i].many);
		else
			page_linef(page, INDENT, CONTINUED, PAGE_PLAIN,
				   "%" PRId64 " of the %zu %s%s.", count, group->descriptor_count,
				   (int64_t)group->descriptor_count == group->count
					   ? ""
					   : "listed ones ",
				   count == 1 ? states[i].one : states[i].many);
	}
}

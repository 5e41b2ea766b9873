// SPDX-License-Identifier: MIT
/* See accepted.h. */
#include "accepted.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PORTS = 65536, NO_PORT = 0 };

/* The port of "10.0.0.1:80" or "[::1]:80". */
static int port_of(const struct model_descriptor *descriptor)
{
	const char *colon = descriptor->local ? strrchr(descriptor->local, ':') : NULL;
	int port = colon ? atoi(colon + 1) : NO_PORT;

	return descriptor->kind == KIND_TCP && port > 0 && port < PORTS ? port : NO_PORT;
}

static bool listens(const struct model_descriptor *descriptor)
{
	return descriptor->state && strcmp(descriptor->state, "LISTEN") == 0;
}

static void note_ports(const struct model_snapshot *snapshot, bool ports[PORTS])
{
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].descriptor_count; j++) {
			const struct model_descriptor *at = &snapshot->groups[i].descriptors[j];

			if (listens(at))
				ports[port_of(at)] = true;
		}
	ports[NO_PORT] = false;
}

static const char *accepted(struct model_snapshot *snapshot, const struct model_group *group,
			    const bool ports[PORTS])
{
	int one = NO_PORT;
	bool several = false;

	if (group->kind != KIND_TCP || !group->descriptor_count ||
	    (group->how && strcmp(group->how, "opened") != 0) ||
	    (int64_t)group->descriptor_count != group->count)
		return NULL;
	for (size_t i = 0; i < group->descriptor_count; i++) {
		int port = port_of(&group->descriptors[i]);

		if (!ports[port] || listens(&group->descriptors[i]))
			return NULL;
		several |= i && port != one;
		one = port;
	}
	if (several)
		return "accepted";
	obstack_printf(&snapshot->memory, "accepted at port %d", one);
	obstack_1grow(&snapshot->memory, '\0');
	return obstack_finish(&snapshot->memory);
}

void accepted_find(struct model_snapshot *snapshot, struct model_group *findings, size_t count)
{
	static bool ports[PORTS];

	memset(ports, 0, sizeof(ports));
	note_ports(snapshot, ports);
	for (size_t i = 0; i < count; i++) {
		struct model_group *finding = &findings[i];

		finding->accepted = accepted(snapshot, finding, ports);
		for (size_t j = 0; j < finding->path_count; j++)
			finding->paths[j].accepted = finding->accepted;
		for (size_t j = 0; j < finding->part_count; j++)
			finding->parts[j]->accepted = finding->accepted;
	}
}

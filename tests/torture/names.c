// SPDX-License-Identifier: MIT
/* See names.h. */
#include "names.h"

#include <stdio.h>
#include <string.h>

#include "pairs.h"
#include "steps.h"

void names_on_path(struct names *names, const char *name, int number, const char *caller, int path,
		   const char *begun_by, const char *base)
{
	int whole;

	snprintf(names->first, sizeof(names->first), "%s_%d", name, number);
	names->names[0] = names->first;
	names->names[1] = caller;
	names->count = 2 + path_names(&paths[path], names->names + 2, NAMES_MAX - 4, &whole);
	names->to_base = whole && !path_is_deep(&paths[path]);
	if (whole) {
		names->names[names->count++] = begun_by;
		names->names[names->count++] = base;
	}
	if (path_is_deep(&paths[path]))
		names->count = PATH_SEEN;
}

void names_of_thing(struct names *names, const struct thing *thing)
{
	static const char *const bases[] = {"worker", "short_lived"};

	names->to_base = false;
	names->names[0] = names->first;
	switch (thing->family) {
	case BY_HANDLER:
		names->names[0] = "handler_opens";
		names->names[1] = "on_alarm";
		names->count = 2;
		break;
	case BY_PLUGIN:
		snprintf(names->first, sizeof(names->first), "plugin_opens_%d", thing->site);
		names->count = 1;
		break;
	default:
		names_on_path(names, families[thing->family].name, thing->site, "call_site",
			      thing->path, "open_by", bases[thing->base]);
	}
}

void names_of_closer(struct names *names, uint32_t closer)
{
	if (closer < model_keys()) {
		struct thing thing = model_thing(closer);

		names_of_thing(names, &thing);
		return;
	}
	struct closer how = closer_of(closer);

	names_on_path(names, closings[how.closing].name, how.site, "closing_site", how.path,
		      "close_by", "worker");
}

int names_differ(const struct names *names, const char *const functions[], int function_count)
{
	for (int i = 0; i < names->count; i++) {
		int at = names->to_base && i == names->count - 1 ? function_count - 1 : i;

		if (at < 0 || at >= function_count || strcmp(functions[at], names->names[i]) != 0)
			return i;
	}
	return -1;
}

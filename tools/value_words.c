// SPDX-License-Identifier: MIT
/* See value_words.h. */
#include "value_words.h"

#include <stdio.h>
#include <string.h>

#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/socket_state.h"
#include "tools/arguments/accept.h"
#include "tools/arguments/view.h"
#include "tools/ci/ci_format.h"
#include "tools/diff/diff_format.h"
#include "tools/arguments/format_option.h"
#include "tools/arguments/report_arguments.h"
#include "tools/run/run.h"
#include "tools/top/top_order.h"

static const char *name_of_diff_format(size_t index)
{
	return index < diff_format_count ? diff_formats[index].name : NULL;
}

static const char *name_of_engine(size_t index)
{
	return index < RUN_ENGINE_NAMES ? run_engine_names[index] : NULL;
}

static const char *name_of_colour(size_t index)
{
	return index < COLOUR_NAMES ? colour_names[index] : NULL;
}

/* The index counts only states that have a name. */
static const char *name_of_state(size_t index)
{
	unsigned int state = 0;

	for (; state < TCP_STATE_COUNT; state++)
		if (socket_state_name(state) && index-- == 0)
			return socket_state_name(state);
	return NULL;
}

static const char *name_of_which(size_t index)
{
	return index < REPORT_WHICH_NAMES ? report_which_names[index] : NULL;
}

static const char *name_of_show(size_t index)
{
	return index == 0 ? "all" : NULL;
}

static const char *name_of_order(size_t index)
{
	return index < TOP_ORDERS ? top_order_names[index] : NULL;
}

static const struct {
	const char *option;
	const char *verb;                     /* NULL: every verb that has the option */
	const char *(*name_of)(size_t index); /* NULL after the last one */
} lists[] = {
	{"--format", "run", ci_format_name},
	{"--format", "check", ci_format_name},
	{"--format", "diff", name_of_diff_format},
	{"--format", "report", format_option_name},
	{"--format", "snapshot", format_option_name},
	{"--kinds", NULL, accept_kind_name},
	{"--kind", "report", accept_kind_name},
	{"--color", NULL, name_of_colour},
	{"--engine", "run", name_of_engine},
	{"--state", "report", name_of_state},
	{"--snapshot", "report", name_of_which},
	{"--show", NULL, name_of_show},
	{"--sort", "top", name_of_order},
};

void value_words_print(const char *verb, const char *option)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		if (strcmp(lists[i].option, option) != 0 ||
		    (lists[i].verb && strcmp(lists[i].verb, verb) != 0))
			continue;
		for (size_t j = 0; lists[i].name_of(j); j++)
			puts(lists[i].name_of(j));
		return;
	}
}

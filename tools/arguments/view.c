// SPDX-License-Identifier: MIT
/* See view.h. */
#include "view.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/check/suppressions.h"
#include "tools/symbolize/debug_dirs.h"

_Static_assert(ACCEPT_ALL == REPORT_SHOW_ALL, "accept_number_or_all() gives a view's show");

enum { KEY_SHOW = 1, KEY_FULL, KEY_COLLAPSE, KEY_COLOUR, KEY_DEBUG_DIR };

const char *const colour_names[] = {
	[COLOUR_AUTO] = "auto",
	[COLOUR_ALWAYS] = "always",
	[COLOUR_NEVER] = "never",
};

static error_t add_debug_dir(struct view *view, const char *value)
{
	const char *trouble = debug_dirs_trouble(value);
	void *grown;

	if (trouble)
		accept_refuse(&view->accept, "--debug-dir=", value, trouble);
	grown = reallocarray(view->debug_dirs, view->debug_dir_count + 2,
			     sizeof(*view->debug_dirs));
	if (!grown)
		return ENOMEM;
	view->debug_dirs = grown;
	view->debug_dirs[view->debug_dir_count++] = value;
	view->debug_dirs[view->debug_dir_count] = NULL;
	return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct view *view = state->input;

	switch (key) {
	case KEY_SHOW:
		view->show = accept_number_or_all(&view->accept, "--show=", argument);
		return 0;
	case KEY_FULL:
		view->full = true;
		return 0;
	case KEY_COLLAPSE:
		view->collapse_runtime = true;
		return 0;
	case KEY_COLOUR:
		view->colour = (enum colour)accept_word(&view->accept, "--color=", argument,
							colour_names, COLOUR_NAMES);
		return 0;
	case KEY_DEBUG_DIR:
		return add_debug_dir(view, argument);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* clang-format off */
#define DEBUG_DIR_OPTION \
	{"debug-dir", KEY_DEBUG_DIR, "DIR", 0, \
	 "Look for debug files, or the unstripped program, in DIR; it may also be such a file " \
	 "(may be repeated)", 0}

#define COMMON_OPTIONS \
	{"full", KEY_FULL, NULL, 0, \
	 "Show all groups (without it: 20), and all frames of their stacks", 0}, \
	{"collapse-runtime", KEY_COLLAPSE, NULL, 0, \
	 "Leave out frames of the C library, the loader and the language's own library", 0}, \
	{"color", KEY_COLOUR, "WHEN", 0, \
	 "auto (the default: on a terminal, unless NO_COLOR is set), always or never", 0}, \
	{"colour", KEY_COLOUR, "WHEN", OPTION_ALIAS | OPTION_HIDDEN, NULL, 0}, \
	DEBUG_DIR_OPTION, \
	{0}
/* clang-format on */

const struct argp view_argp = {
	.options =
		(const struct argp_option[]){
			{"show", KEY_SHOW, "N", 0,
			 "Descriptors listed in each group: a number, or all (default: 5)", 0},
			COMMON_OPTIONS,
		},
	.parser = parse,
};

const struct argp view_without_show_argp = {
	.options = (const struct argp_option[]){COMMON_OPTIONS},
	.parser = parse,
};

const struct argp view_debug_dir_argp = {
	.options = (const struct argp_option[]){DEBUG_DIR_OPTION, {0}},
	.parser = parse,
};

const struct argp_child view_and_suppressions[] = {
	{&view_argp, 0, "Display:", 2},
	{&suppressions_argp, 0, "Suppressions:", 3},
	{0},
};

struct report_options view_for(const struct view *view, FILE *file)
{
	struct report_options options = report_options_for(file);

	if (view->colour != COLOUR_AUTO)
		options.colour = view->colour == COLOUR_ALWAYS;
	if (view->show != SHOW_NOT_GIVEN)
		options.show = view->show;
	options.full = view->full;
	options.per_test = view->per_test;
	options.collapse_runtime = view->collapse_runtime;
	return options;
}

void view_finish(struct view *view)
{
	free(view->debug_dirs);
}

// SPDX-License-Identifier: MIT
/* See text_missing.h. Each module is named once, however many of its frames there are. */
#include "text_missing.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum { LIBRARIES_NAMED = 2 };

/* The list. Its heading is written before its first line. */
struct end {
	const struct page *page;
	bool begun;
};

static void add(struct end *end, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct end *end, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (!text)
		return;
	if (!end->begun) {
		fputc('\n', end->page->file);
		page_line(end->page, 0, 0, PAGE_WARNING, "Missing:");
	}
	end->begun = true;
	page_prosef(end->page, 2, 2, PAGE_PLAIN, "- %s", text);
	free(text);
}

/* but: the line of them that is left out; or NULL. */
static void add_lines(struct end *end, const char *what, const char *const *lines, size_t count,
		      const char *but)
{
	for (size_t i = 0; i < count; i++) {
		if (lines[i] == but)
			continue;
		char *line = page_safe(lines[i]);

		add(end, "%s: %s", what, line);
		free(line);
	}
}

static void add_text_troubles(struct end *end, const struct model_snapshot *snapshot)
{
	if (!snapshot->whole)
		add(end, "the snapshot is cut off: it has no last line, so groups and descriptors "
			 "may be "
			 "missing");
	if (snapshot->mixed)
		add(end,
		    "lines of another snapshot, written at the same time, are mixed into this one");
	if (snapshot->unknown_lines)
		add(end, "%zu %s of the snapshot could not be understood", snapshot->unknown_lines,
		    snapshot->unknown_lines == 1 ? "line" : "lines");
	/* The report's first line has the number of inherited descriptors. */
	add_lines(end, "not listed", snapshot->not_listed, snapshot->not_listed_count,
		  snapshot->not_listed_inherited);
	add_lines(end, "not seen", snapshot->not_seen, snapshot->not_seen_count, NULL);
}

/* "python 2.7: fdtrail knows ...; ruby 3.1": languages whose frames could not be read have a
 * reason. */
static void add_languages(struct end *end, const struct model_snapshot *snapshot)
{
	const char *languages = model_field(snapshot, "languages");

	while (languages && *languages) {
		const char *next = strstr(languages, "; ");
		size_t length = next ? (size_t)(next - languages) : strlen(languages);
		char *one = strndup(languages, length), *safe = one ? page_safe(one) : NULL;

		if (one && strstr(one, ": "))
			add(end, "no frames of %s", safe);
		free(safe);
		free(one);
		languages = next ? next + 2 : NULL;
	}
}

/* Totals of all frames in a module. */
struct module {
	const char *path, *build_id, *trouble;
	size_t own, named, with_lines;
	UT_hash_handle hh;
};

static struct module *find_module(struct module **modules, const struct model_frame *frame)
{
	struct module *module = NULL;

	HASH_FIND_STR(*modules, frame->module, module);
	if (module)
		return module;
	module = calloc(1, sizeof(*module));
	if (!module)
		return NULL;
	module->path = frame->module;
	HASH_ADD_KEYPTR(hh, *modules, module->path, strlen(module->path), module);
	return module;
}

static void count_frame(struct module **modules, const struct model_frame *frame)
{
	struct module *module = frame->module ? find_module(modules, frame) : NULL;

	if (!module)
		return;
	module->own += frame->own;
	if (frame->build_id)
		module->build_id = frame->build_id;
	if (frame->trouble)
		module->trouble = frame->trouble;
	for (size_t i = 0; i < frame->location_count; i++) {
		module->named += frame->locations[i].function != NULL;
		module->with_lines += frame->locations[i].file != NULL;
	}
}

static struct module *list_modules(const struct model_snapshot *snapshot)
{
	struct module *modules = NULL;

	for (size_t g = 0; g < model_stacked_count(snapshot); g++) {
		const struct model_group *group = model_stacked(snapshot, g);

		for (size_t s = 0; s < model_all_stacks_count(group); s++)
			for (const struct model_stack *stack = model_all_stacks(group, s); stack;
			     stack = stack->created_by)
				for (size_t f = 0; f < stack->frame_count; f++)
					count_frame(&modules, &stack->frames[f]);
	}
	return modules;
}

static bool is_symbolized(const struct module *modules)
{
	for (const struct module *module = modules; module; module = module->hh.next)
		if (module->named || module->trouble)
			return true;
	return false;
}

static void add_module(struct end *end, const struct module *module)
{
	char *path = page_safe(module->path), *trouble;

	if (module->trouble) {
		trouble = page_safe(module->trouble);
		add(end, "no lines for %s: %s", path, trouble);
		free(trouble);
	} else if (module->own && !module->with_lines) {
		/* Only for the program's own code: the system's libraries have no lines as a
		 * rule. */
		add(end,
		    "no lines for %s: it has no debug information (build with -g, or give "
		    "--debug-dir=DIR or DEBUGINFOD_URLS)",
		    path);
	}
	free(path);
}

/* Names the program's own modules one by one, and libraries only if they are few. */
static void add_modules(struct end *end, const struct module *modules)
{
	const struct module *module;
	size_t libraries = 0;

	for (module = modules; module; module = module->hh.next)
		if (module->own)
			add_module(end, module);
		else
			libraries += module->trouble != NULL;
	for (module = modules; module && libraries <= LIBRARIES_NAMED; module = module->hh.next)
		if (!module->own)
			add_module(end, module);
	if (libraries > LIBRARIES_NAMED)
		add(end,
		    "no lines for %zu libraries: their files are gone, or were rebuilt since the "
		    "snapshot",
		    libraries);
}

static void free_modules(struct module *modules)
{
	struct module *module, *next;

	HASH_ITER(hh, modules, module, next)
	{
		HASH_DEL(modules, module);
		free(module);
	}
}

static void add_lost_frames(struct end *end, const struct model_snapshot *snapshot)
{
	size_t lost = 0;

	for (size_t g = 0; g < model_stacked_count(snapshot); g++) {
		const struct model_group *group = model_stacked(snapshot, g);

		for (size_t s = 0; s < model_all_stacks_count(group); s++)
			lost += model_all_stacks(group, s)->lost;
	}
	if (lost)
		add(end, "%zu %s of stacks are missing in the file", lost,
		    lost == 1 ? "line" : "lines");
}

void text_missing(const struct page *page, const struct model_snapshot *snapshot)
{
	struct end end = {.page = page};
	struct module *modules = list_modules(snapshot);

	add_text_troubles(&end, snapshot);
	if (snapshot->redacted)
		add(&end, "arguments, host, user, addresses and names in home folders are replaced "
			  "(--redact, or FDTRAIL_REDACT)");
	add_languages(&end, snapshot);
	add_lost_frames(&end, snapshot);
	if (is_symbolized(modules))
		add_modules(&end, modules);
	free_modules(modules);
}

// SPDX-License-Identifier: MIT
/*
 * See redact.h. A snapshot is walked twice: first only to find the names that are replaced wherever
 * they stand, because a text may have one before the path that tells it.
 */
#include "redact.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "preload/core/base/base_name.h"
#include "preload/core/redact/redact_text.h"
#include "tools/model/escape.h"
#include "tools/model/model_memory.h"

/* A path that many frames share. The new one stands for itself. */
struct shared {
	const char *from, *to;
	UT_hash_handle hh;
};

struct walk {
	struct substitutes *substitutes;
	struct model_snapshot *snapshot;
	bool replaces; /* the second time */
	struct shared *paths;
};

static const char *keep(struct walk *walk, const char *text)
{
	return obstack_copy0(&walk->snapshot->memory, text, strlen(text));
}

/* Stores text in place of *string, and frees it. */
static void store(struct walk *walk, const char **string, char *text)
{
	if (walk->replaces)
		*string = keep(walk, text);
	free(text);
}

static void share(struct walk *walk, const char *from, const char *to)
{
	struct shared *shared = obstack_alloc(&walk->snapshot->memory, sizeof(*shared));

	*shared = (struct shared){.from = from, .to = to};
	HASH_ADD_PTR(walk->paths, from, shared);
}

/* Whether the path was visited before in this walk; then it is replaced like then. */
static bool was_visited(struct walk *walk, const char **path)
{
	struct shared *shared;

	HASH_FIND_PTR(walk->paths, path, shared);
	if (shared && walk->replaces)
		*path = shared->to;
	return shared != NULL;
}

/* A redacted text, in memory of its own. */
struct text {
	struct redact_output output;
	FILE *file;
	char *bytes;
	size_t size;
};

static void put(struct redact_output *output, const char *bytes, size_t size)
{
	fwrite(bytes, 1, size, ((struct text *)output)->file);
}

static void begin(struct text *text)
{
	*text = (struct text){.output.put = put};
	text->file = open_memstream(&text->bytes, &text->size);
	if (!text->file)
		memory_is_out();
}

/* The text, which the caller frees. */
static char *end(struct text *text)
{
	if (fclose(text->file) != 0)
		memory_is_out();
	return text->bytes;
}

static char *redacted(struct walk *walk, const char *string, enum redact_form form)
{
	struct text text;

	begin(&text);
	redact_text(walk->substitutes, string, form, walk->snapshot->program, &text.output);
	return end(&text);
}

static void visit(struct walk *walk, const char **string, enum redact_form form)
{
	if (*string)
		store(walk, string, redacted(walk, *string, form));
}

static void visit_address(struct walk *walk, const char **string)
{
	struct text text;

	if (!*string)
		return;
	begin(&text);
	redact_address(walk->substitutes, *string, walk->snapshot->program, &text.output);
	store(walk, string, end(&text));
}

static void visit_lines(struct walk *walk, const char **lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		visit(walk, &lines[i], REDACT_LINE);
}

/* The file's name of a module, or a source file, in a home stands alone in texts: "opened in
 * libown.so+0x12". */
static void visit_file(struct walk *walk, const char **path)
{
	const char *before = *path, *name;
	char *text;

	if (!*path || was_visited(walk, path))
		return;
	text = redacted(walk, *path, REDACT_PATH);
	name = base_name(*path);
	if (!walk->replaces && *name && strcmp(name, base_name(text)) != 0)
		substitutes_everywhere(walk->substitutes, SUBSTITUTE_NAME, name, strlen(name));
	store(walk, path, text);
	share(walk, before, *path);
	if (*path != before)
		share(walk, *path, *path);
}

static void visit_stack(struct walk *walk, struct model_stack *stack)
{
	for (; stack; stack = stack->created_by) {
		visit(walk, &stack->incomplete, REDACT_LINE);
		for (size_t i = 0; i < stack->frame_count; i++) {
			struct model_frame *frame = &stack->frames[i];

			visit_file(walk, &frame->module);
			visit(walk, &frame->trouble, REDACT_LINE);
			for (size_t j = 0; j < frame->location_count; j++)
				visit_file(walk, &frame->locations[j].file);
		}
	}
}

static void visit_descriptor(struct walk *walk, struct model_descriptor *descriptor)
{
	visit(walk, &descriptor->text, REDACT_ABOUT_FD);
	if (descriptor->what && kind_is_socket(descriptor->kind))
		visit(walk, &descriptor->what, REDACT_ABOUT_FD);
	else
		visit(walk, &descriptor->what, REDACT_PATH);
	visit_address(walk, &descriptor->local);
	visit_address(walk, &descriptor->peer);
	visit(walk, &descriptor->thread_name, REDACT_LINE);
}

static void visit_group(struct walk *walk, struct model_group *group)
{
	visit(walk, &group->sentence, REDACT_SENTENCE);
	visit(walk, &group->place, REDACT_SENTENCE);
	visit(walk, &group->last_used, REDACT_SENTENCE);
	visit(walk, &group->reason, REDACT_LINE);
	visit_lines(walk, group->reason_lines, group->reason_line_count);
	for (size_t i = 0; i < group->note_count; i++)
		visit(walk, &group->notes[i].line, REDACT_SENTENCE);
	for (size_t i = 0; i < group->stack_count; i++)
		visit_stack(walk, &group->stacks[i]);
	for (size_t i = 0; i < group->descriptor_count; i++)
		visit_descriptor(walk, &group->descriptors[i]);
}

/* Replaces each argument as a whole. The first one is the program's path. */
static void visit_arguments(struct walk *walk)
{
	struct model_snapshot *snapshot = walk->snapshot;

	for (size_t i = 0; i < snapshot->argument_count; i++) {
		const char **argument = &snapshot->arguments[i];

		if (i == 0) {
			visit_file(walk, argument);
			continue;
		}
		if (!walk->replaces)
			redact_learn_argument(walk->substitutes, *argument);
		else
			*argument =
				keep(walk, substitutes_for(walk->substitutes, SUBSTITUTE_ARGUMENT,
							   *argument, strlen(*argument)));
	}
}

/* The command line as written: made of the arguments again. */
static char *written_command(const struct model_snapshot *snapshot)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		memory_is_out();
	for (size_t i = 0; i < snapshot->argument_count; i++) {
		fputs(i ? " " : "", out);
		escape_put_word(out, snapshot->arguments[i]);
	}
	if (snapshot->command_cut)
		fputs(" ...", out);
	if (fclose(out) != 0)
		memory_is_out();
	return text;
}

static void visit_host(struct walk *walk)
{
	const char **host = &walk->snapshot->host;

	if (!*host)
		return;
	if (!walk->replaces)
		redact_learn_host(walk->substitutes, *host);
	else
		*host = keep(walk, substitutes_for(walk->substitutes, SUBSTITUTE_HOST, *host,
						   strlen(*host)));
}

/* Header lines as written. Those of the members above are taken out: they say the same again. */
static void visit_fields(struct walk *walk)
{
	struct model_snapshot *snapshot = walk->snapshot;
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->field_count; i++) {
		struct model_field field = snapshot->fields[i];

		if (strcmp(field.name, "command") == 0 || strcmp(field.name, "host") == 0 ||
		    strcmp(field.name, "process") == 0)
			continue;
		if (strcmp(field.name, "versions") != 0)
			visit(walk, &field.value, REDACT_LINE);
		if (walk->replaces)
			snapshot->fields[kept++] = field;
	}
	if (walk->replaces)
		snapshot->field_count = kept;
}

/* The line that counts the inherited ones is known by its place in memory. */
static void visit_not_listed(struct walk *walk)
{
	struct model_snapshot *snapshot = walk->snapshot;

	for (size_t i = 0; i < snapshot->not_listed_count; i++) {
		bool inherited = snapshot->not_listed[i] == snapshot->not_listed_inherited;

		visit(walk, &snapshot->not_listed[i], REDACT_LINE);
		if (inherited)
			snapshot->not_listed_inherited = snapshot->not_listed[i];
	}
}

static void visit_all(struct walk *walk)
{
	struct model_snapshot *snapshot = walk->snapshot;

	visit_host(walk);
	visit_arguments(walk);
	visit_fields(walk);
	visit(walk, &snapshot->source, REDACT_PATH);
	visit(walk, &snapshot->why, REDACT_LINE);
	visit(walk, &snapshot->unread, REDACT_LINE);
	visit(walk, &snapshot->nothing, REDACT_LINE);
	for (size_t i = 0; i < snapshot->module_count; i++) {
		visit_file(walk, &snapshot->modules[i].path);
		visit(walk, &snapshot->modules[i].trouble, REDACT_LINE);
	}
	for (size_t i = 0; i < model_stacked_count(snapshot); i++)
		visit_group(walk, model_stacked(snapshot, i));
	visit_not_listed(walk);
	visit_lines(walk, snapshot->not_seen, snapshot->not_seen_count);
	visit_lines(walk, snapshot->notes, snapshot->note_count);
	visit(walk, &snapshot->program, REDACT_LINE);
}

void redact_snapshot(struct substitutes *substitutes, struct model_snapshot *snapshot)
{
	struct walk walk = {.substitutes = substitutes, .snapshot = snapshot};

	visit_all(&walk);
	HASH_CLEAR(hh, walk.paths); /* its items are the snapshot's */
	walk.replaces = true;
	visit_all(&walk);
	HASH_CLEAR(hh, walk.paths);
	snapshot->command = NULL;
	if (snapshot->argument_count) {
		char *command = written_command(snapshot);

		snapshot->command = obstack_copy0(&snapshot->memory, command, strlen(command));
		free(command);
	}
	snapshot->user = MODEL_UNKNOWN;
	snapshot->redacted = true;
	if (substitutes_failed(substitutes))
		memory_is_out();
}

static void list_one(const char *name, const char *word, void *file)
{
	escape_put(file, name);
	fprintf(file, " -> %s\n", word);
}

void redact_list(const struct substitutes *substitutes, FILE *file)
{
	substitutes_each(substitutes, list_one, file);
}

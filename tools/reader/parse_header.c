// SPDX-License-Identifier: MIT
/*
 * Parses header lines. Only names of the grammar are accepted, because lines of the program's own
 * log, which may stand between them, have colons, too.
 */
#include <string.h>

#include "parse.h"
#include "snapshot_end.h"

static const char *const names[] = {
	"why",      "limit reached", "end",    "number",   "when",        "process", "asked in",
	"command",  "uptime",        "forked", "attached", "descriptors", "peak",    "peaks",
	"versions", "host",          "kinds",  "unclosed", "languages",   "misuses", "redacted",
};

bool parse_field(struct parse *parse, struct scan line, struct model_field *field)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct scan at = line;

		if (!scan_words(&at, names[i]) || !scan_words(&at, ":"))
			continue;
		if (!scan_words(&at, " ") && !scan_at_end(&at))
			return false;
		field->name = names[i];
		field->value = obstack_copy0(parse->memory, at.at, (size_t)(at.end - at.at));
		return true;
	}
	return false;
}

/* "4711 server, parent 1 (init), user 1000" */
static void take_process(struct parse *parse, struct model_snapshot *snapshot, struct scan line)
{
	struct span word;

	if (!scan_number(&line, &snapshot->pid) || !scan_words(&line, " ") ||
	    !scan_word(&line, &word))
		return;
	snapshot->program = span_unquote(word, parse->memory);
	if (scan_words(&line, ", parent ") && scan_number(&line, &snapshot->parent) &&
	    scan_words(&line, " ("))
		(void)(scan_word(&line, &word) && scan_words(&line, ")"));
	if (scan_words(&line, ", user "))
		scan_number(&line, &snapshot->user);
}

static void take_command(struct parse *parse, struct model_snapshot *snapshot, const char *value,
			 struct scan line)
{
	struct list arguments = {0};
	struct span word;

	snapshot->command = value;
	while (!snapshot->command_cut && scan_word(&line, &word)) {
		const char **argument = list_add(&arguments, sizeof(*argument));

		*argument = span_unquote(word, parse->memory);
		snapshot->command_cut = scan_words(&line, " (cut)");
		if (!scan_words(&line, " "))
			break;
	}
	snapshot->arguments =
		list_move(&arguments, sizeof(char *), &snapshot->argument_count, parse->memory);
	list_finish(&arguments);
}

/* "15 open, limit 1024 (1 %)". The kernel reports unlimited as the largest number. */
static void take_descriptors(struct model_snapshot *snapshot, struct scan line)
{
	if (scan_number(&line, &snapshot->open) && scan_words(&line, " open, limit "))
		scan_number(&line, &snapshot->limit);
}

/* "at most 100 open at once, 0.3s after the start; 103 with the inherited" */
static void take_misuses(struct model_snapshot *snapshot, struct scan line)
{
	int64_t total;

	if (scan_number(&line, &total) && scan_at_end(&line))
		snapshot->misuse_total = total;
}

static void take_peak(struct model_snapshot *snapshot, struct scan line)
{
	int64_t peak, all;
	double reached;

	snapshot->peak_at_most = scan_words(&line, "at most ");
	if (!scan_number(&line, &peak) || !scan_words(&line, " open at once"))
		return;
	snapshot->peak = snapshot->peak_all = peak;
	if (scan_words(&line, ", ") && scan_duration(&line, &reached) &&
	    scan_words(&line, " after the start"))
		snapshot->peak_reached = reached;
	if (scan_words(&line, "; ") && scan_number(&line, &all))
		snapshot->peak_all = all;
}

/* "3 listed; 17 more stacks, at most 49 open at once" */
static void take_unlisted(struct model_snapshot *snapshot, struct scan line)
{
	int64_t listed, stacks, most;

	if (!scan_number(&line, &listed) || !scan_words(&line, " listed; ") ||
	    !scan_number(&line, &stacks) ||
	    !(scan_words(&line, " more stacks, at most ") ||
	      scan_words(&line, " more stack, at most ")) ||
	    !scan_number(&line, &most))
		return;
	snapshot->unlisted_stacks = stacks;
	snapshot->unlisted_most = most;
}

/* "10 in 8 groups; 5 inherited", "0; 5 inherited", "unknown: process 7 is private ..." */
static void take_unclosed(struct model_snapshot *snapshot, struct scan line)
{
	int64_t groups;

	if (scan_words(&line, "unknown: "))
		snapshot->unread = line.at; /* to the end of the field's value, which is a string */
	if (!scan_number(&line, &snapshot->unclosed))
		return;
	if (scan_words(&line, " in ") && scan_number(&line, &groups))
		(void)(scan_words(&line, " groups") || scan_words(&line, " group"));
	if (scan_words(&line, "; "))
		scan_number(&line, &snapshot->inherited);
}

static void take(struct parse *parse, struct model_snapshot *snapshot,
		 const struct model_field *field)
{
	struct scan line = {field->value, field->value + strlen(field->value)};
	struct span value = {line.at, line.end};

	if (strcmp(field->name, "why") == 0)
		snapshot->why = span_unescape(value, parse->memory);
	else if (strcmp(field->name, "when") == 0)
		snapshot->when = field->value;
	else if (strcmp(field->name, "host") == 0)
		snapshot->host = span_unescape(value, parse->memory);
	else if (strcmp(field->name, "number") == 0)
		scan_number(&line, &snapshot->number);
	else if (strcmp(field->name, "uptime") == 0)
		scan_duration(&line, &snapshot->uptime);
	else if (strcmp(field->name, "forked") == 0)
		scan_duration(&line, &snapshot->forked);
	else if (strcmp(field->name, "attached") == 0)
		scan_duration(&line, &snapshot->attached);
	else if (strcmp(field->name, "process") == 0)
		take_process(parse, snapshot, line);
	else if (strcmp(field->name, "command") == 0)
		take_command(parse, snapshot, field->value, line);
	else if (strcmp(field->name, "descriptors") == 0)
		take_descriptors(snapshot, line);
	else if (strcmp(field->name, "peak") == 0)
		take_peak(snapshot, line);
	else if (strcmp(field->name, "peaks") == 0)
		take_unlisted(snapshot, line);
	else if (strcmp(field->name, "unclosed") == 0)
		take_unclosed(snapshot, line);
	else if (strcmp(field->name, "misuses") == 0)
		take_misuses(snapshot, line);
	else if (strcmp(field->name, "redacted") == 0)
		snapshot->redacted = true;
}

void parse_header(struct parse *parse, struct model_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->field_count; i++)
		take(parse, snapshot, &snapshot->fields[i]);
	snapshot->end = snapshot_end(model_field(snapshot, "end"), snapshot->why);
	snapshot->own_signal = snapshot_is_own_signal(snapshot->why);
}

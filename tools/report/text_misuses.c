// SPDX-License-Identifier: MIT
/* See text_misuses.h. */
#include "text_misuses.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "heading.h"
#include "tools/model/stack_lines.h"
#include "text_stack.h"

enum { INDENT = 3 };

static const struct {
	const char *one, *many;
	const char *heading; /* with the number */
	const char *effect;  /* after the time of the first one */
	const char *unknown; /* instead of the stack of the close before; NULL: nothing */
	const char *opened;  /* heading of the opening stack */
	const char *advice;
} kinds[] = {
	[MODEL_DOUBLE_CLOSE] =
		{
			"double close",
			"double closes",
			"Double close of descriptor %" PRId64,
			": it failed with EBADF",
			"by an untraced call, or by another thread at the same moment",
			"was opened at",
			"The second close hits whatever has been given the number by then. Close "
			"it in one place, and forget the number there.",
		},
	[MODEL_USE_AFTER_CLOSE] =
		{
			"use after close",
			"uses after a close",
			"Use of descriptor %" PRId64 " after its close",
			": it failed with EBADF",
			"by an untraced call, or by another thread at the same moment",
			"was opened at",
			"The call hits whatever has been given the number by then. Stop its use "
			"before the close.",
		},
	[MODEL_CLOSE_OF_OTHER] =
		{
			"close of another's descriptor",
			"closes of others' descriptors",
			"Close of descriptor %" PRId64 ", which is another one by now",
			"",
			"at an unknown place",
			"opened since at",
			"This code closes twice, and has closed a descriptor of other code, whose "
			"reads and writes fail now or reach another file.",
		},
	[MODEL_COPY_OVER_OTHER] =
		{
			"copy over another's descriptor",
			"copies over others' descriptors",
			"Copy over descriptor %" PRId64 ", which is another one by now",
			"",
			"at an unknown place",
			"opened since at",
			"Between the close and the copy another thread was given the number, and "
			"the copy has closed its descriptor. Leave the close out: dup2() closes "
			"the old descriptor itself.",
		},
	[MODEL_CLOSE_OF_STREAM] =
		{
			"close of a stream's descriptor",
			"closes of streams' descriptors",
			"Close of descriptor %" PRId64 ", which belongs to a stream",
			"",
			NULL,
			"was opened at",
			"Only fclose(), pclose() or closedir() may close it. The stream loses what "
			"it has buffered, and its own close hits whatever has been given the "
			"number by then.",
		},
	[MODEL_STANDARD] =
		{
			"open at a standard number",
			"opens at standard numbers",
			"Open at the standard number %" PRId64,
			": the number had been closed",
			"at an unknown place",
			"was opened at",
			"Now the program's input comes from there, or what it prints goes there. "
			"Don't close 0, 1 and 2: open /dev/null, and dup2() it over them.",
		},
};

char *text_misuses_sentence(const struct model_snapshot *snapshot)
{
	const char *between = "";
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!snapshot->misuse_count || !(out = open_memstream(&text, &size)))
		return NULL;
	for (int kind = 0; kind < MODEL_MISUSE_KINDS; kind++) {
		int64_t times = 0;

		for (size_t i = 0; i < snapshot->misuse_count; i++)
			if (snapshot->misuses[i].kind == (enum model_misuse_kind)kind)
				times = model_add(times, snapshot->misuses[i].times);
		if (!times)
			continue;
		fprintf(out, "%s%" PRId64 " %s", between, times,
			page_plural(times, kinds[kind].one, kinds[kind].many));
		between = ", ";
	}
	fclose(out);
	return text;
}

/* The innermost line of the program's own code, in a sentence; or NULL. */
static char *place_of(const struct page *page, const struct model_misuse *misuse)
{
	const struct model_stack *stack = model_stack(&misuse->of, MODEL_MISUSED_AT);
	const struct model_frame *frame;
	size_t location;

	frame = stack ? heading_frame(&misuse->of, stack, &location) : NULL;
	return frame ? heading_frame_line(page, frame, location) : NULL;
}

static void put_stack(const struct page *page, const struct model_misuse *misuse,
		      enum model_stack_role role, const char *heading,
		      const struct report_options *options)
{
	const struct model_stack *stack = model_stack(&misuse->of, role);

	if (stack)
		text_stack(page, heading, stack, NULL, text_frames_of(options));
}

static void put_misuse(const struct page *page, const struct model_misuse *misuse,
		       const struct report_options *options, bool *advised)
{
	char *what = page_format(kinds[misuse->kind].heading, misuse->fd);
	char *place = place_of(page, misuse);
	char *call = misuse->call ? page_safe(misuse->call) : NULL;
	char when[32];

	fputc('\n', page->file);
	page_linef(page, 0, INDENT, PAGE_STRONG, "%s%s%s%s", what, place ? ", in " : "",
		   place ? place : "", misuse->of.suppressed ? " (suppressed)" : "");
	page_linef(page, INDENT, INDENT, PAGE_PLAIN, "%" PRId64 " %s%s%s%s%s%s%s", misuse->times,
		   page_plural(misuse->times, "time", "times"), call ? " by " : "",
		   call ? call : "", call ? "()" : "",
		   misuse->first >= 0 ? ", the first after " : "",
		   misuse->first >= 0 ? page_duration(misuse->first, when) : "",
		   kinds[misuse->kind].effect);
	put_stack(page, misuse, MODEL_MISUSED_AT, "here", options);
	if (model_stack(&misuse->of, MODEL_CLOSED_BEFORE_AT))
		put_stack(page, misuse, MODEL_CLOSED_BEFORE_AT, "closed before at", options);
	else if (kinds[misuse->kind].unknown)
		page_prosef(page, INDENT, INDENT, PAGE_PLAIN, "closed before %s",
			    kinds[misuse->kind].unknown);
	put_stack(page, misuse, MODEL_OPENED_AT, kinds[misuse->kind].opened, options);
	if (!*advised)
		page_prosef(page, INDENT, 0, PAGE_PLAIN, "What to do: %s",
			    kinds[misuse->kind].advice);
	*advised = true;
	free(what);
	free(place);
	free(call);
}

void text_misuses(const struct page *page, const struct model_snapshot *snapshot,
		  const struct report_options *options)
{
	bool advised[MODEL_MISUSE_KINDS] = {false};

	for (size_t i = 0; i < snapshot->misuse_count; i++)
		put_misuse(page, &snapshot->misuses[i], options,
			   &advised[snapshot->misuses[i].kind]);
}

// SPDX-License-Identifier: MIT
/* See misuse_text.h. */
#include "misuse_text.h"

#include "escape_text.h"

static const char *const sentences[MISUSE_KIND_COUNT] = {
	[MISUSE_DOUBLE_CLOSE] = "double close of ",
	[MISUSE_USE] = "use after close of ",
	[MISUSE_CLOSE_OF_OTHER] = "close of another's ",
	[MISUSE_COPY_OVER_OTHER] = "copy over another's ",
	[MISUSE_OF_STREAM] = "close of a stream's ",
	[MISUSE_STANDARD] = "open at standard number ",
};

void misuses_add(struct frames *frames, const struct ledger *ledger)
{
	struct misuse misuse;
	struct stack_view view;
	uint64_t count;

	for (uint32_t i = 0; misuse_table_get(&ledger->misuses, i, &misuse, &count); i++) {
		const uint32_t stacks[] = {misuse.here.stack, misuse.closed.stack,
					   misuse.opened.stack};

		for (size_t j = 0; j < sizeof(stacks) / sizeof(*stacks); j++)
			if (stack_table_view(&ledger->stacks, stacks[j], &view))
				frames_add(frames, &view);
	}
}

/* Writes a place of the misuse; nothing if it isn't known. */
static void put_place(const struct describe *describe, struct frames *frames, const char *heading,
		      struct misuse_place place)
{
	struct writer *writer = describe->writer;
	struct stack_view view;

	if (place.stack < STACK_FIRST ||
	    !stack_table_view(&describe->request->ledger->stacks, place.stack, &view))
		return;
	put_string(writer, "  ");
	put_string(writer, heading);
	if (place.thread) {
		put_string(writer, " (thread ");
		put_unsigned(writer, place.thread);
		put_char(writer, ')');
	}
	put_string(writer, ":\n");
	frames_put(frames, writer, &view);
}

static void put_misuse(const struct describe *describe, struct frames *frames,
		       const struct misuse *misuse, uint64_t count, uint32_t number)
{
	struct writer *writer = describe->writer;
	struct stack_view view;

	put_string(writer, "\nmisuse ");
	put_unsigned(writer, number);
	put_string(writer, ": ");
	put_string(writer, sentences[misuse->kind]);
	put_unsigned(writer, (uint64_t)misuse->fd);
	put_string(writer, ", ");
	if (stack_table_view(&describe->request->ledger->stacks, misuse->here.stack, &view))
		frames_put_origin(frames, writer, &view);
	else
		put_string(writer, "at an unknown place");
	if (misuse->call) {
		put_string(writer, "\n  call: ");
		put_string(writer, misuse->call);
	}
	put_string(writer, "\n  times: ");
	put_unsigned(writer, count);
	put_string(writer, "\n  first: ");
	put_duration(writer, (uint64_t)misuse->at * LEDGER_TICK_MS);
	put_string(writer, " after the start\n");
	put_place(describe, frames, "misused at", misuse->here);
	if (misuse->closed.stack >= STACK_FIRST)
		put_place(describe, frames, "closed before at", misuse->closed);
	else if (misuse->kind == MISUSE_STANDARD)
		put_string(writer, "  closed before: at an unknown place\n");
	else if (misuse->kind != MISUSE_OF_STREAM)
		put_string(writer, "  closed before: by an untraced call, or by another thread at "
				   "this moment\n");
	put_place(describe, frames,
		  misuse_hits_other(misuse->kind) ? "opened since at" : "was opened at",
		  misuse->opened);
}

void misuses_put_header(const struct describe *describe)
{
	const struct misuse_table *table = &describe->request->ledger->misuses;

	if (!describe->request->misuse)
		return;
	put_string(describe->writer, "misuses: ");
	put_unsigned(describe->writer, atomic_load(&table->total));
	put_char(describe->writer, '\n');
}

void misuses_put(const struct describe *describe, struct frames *frames)
{
	const struct misuse_table *table = &describe->request->ledger->misuses;
	struct misuse misuse;
	uint64_t count;

	for (uint32_t i = 0; misuse_table_get(table, i, &misuse, &count); i++)
		put_misuse(describe, frames, &misuse, count, i + 1);
}

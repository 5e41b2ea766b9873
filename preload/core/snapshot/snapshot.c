// SPDX-License-Identifier: MIT
/*
 * See snapshot.h. The order is: list what is open, make groups, find the names of the frames to
 * print, write. Nothing is written before all of that is known, so that a lack of memory doesn't
 * leave half a text.
 */
#include "snapshot.h"

#include "preload/core/base/monotonic.h"
#include "census.h"
#include "children.h"
#include "connect_stack.h"
#include "describe.h"
#include "endpoint.h"
#include "footer.h"
#include "frame.h"
#include "group.h"
#include "group_text.h"
#include "header.h"
#include "misuse_text.h"
#include "module_path.h"
#include "peak.h"
#include "proc.h"
#include "redact_lines.h"
#include "escape_text.h"
#include "scratch.h"
#include "thread_names.h"
#include "writer.h"

static size_t before_size(const struct snapshot_request *request)
{
	return (size_t)request->before_end * sizeof(*request->before) + 1;
}

bool snapshot_begin_before(struct snapshot_request *request)
{
	struct ledger *ledger = request->ledger;
	struct ledger_words *copy;

	request->before_end = ledger_end(ledger);
	copy = memory_map(before_size(request));
	for (int fd = ledger_next(ledger, 0); copy && fd >= 0 && fd < request->before_end;
	     fd = ledger_next(ledger, fd + 1))
		ledger_read(ledger, fd, NULL, &copy[fd]);
	request->before = copy;
	return copy != NULL;
}

void snapshot_end_before(struct snapshot_request *request)
{
	memory_unmap((void *)request->before, before_size(request));
	request->before = NULL;
}

struct snapshot {
	const struct snapshot_request *request;
	struct scratch scratch;
	struct census census;
	struct groups groups;
	struct peaks *peaks;
	struct frames frames;
	struct thread_names *threads;
	struct writer *writer;
};

static bool collect_names(struct snapshot *snapshot)
{
	const struct ledger *ledger = snapshot->request->ledger;

	if (!frames_init(&snapshot->frames, ledger, snapshot->request->namer, &snapshot->scratch))
		return false;
	for (size_t i = 0; i < snapshot->groups.count; i++) {
		const struct group *group = &snapshot->groups.list[i];

		if (group->has_stack)
			frames_add(&snapshot->frames, &group->view);
		if (group->has_user)
			frames_add(&snapshot->frames, &group->user);
		connect_stack_add(&snapshot->frames, group, ledger);
		for (uint32_t j = 0; group->closers && j < group->closers->count; j++)
			frames_add(&snapshot->frames, &group->closers->list[j].view);
	}
	for (size_t i = 0; i < snapshot->peaks->count; i++)
		frames_add(&snapshot->frames, &snapshot->peaks->list[i].view);
	misuses_add(&snapshot->frames, ledger);
	module_paths_find(&ledger->modules);
	frames_resolve(&snapshot->frames);
	return true;
}

static bool prepare(struct snapshot *snapshot)
{
	const struct snapshot_request *request = snapshot->request;
	struct scratch *scratch = &snapshot->scratch;

	snapshot->threads = scratch_alloc(scratch, sizeof(*snapshot->threads));
	snapshot->writer = scratch_alloc(scratch, sizeof(*snapshot->writer));
	snapshot->peaks = scratch_alloc(scratch, sizeof(*snapshot->peaks));
	if (!snapshot->threads || !snapshot->writer || !snapshot->peaks)
		return false;
	if (request->target && !request->target->traced &&
	    !endpoints_find(&snapshot->census, scratch))
		return false;
	if (!groups_make(&snapshot->groups, &snapshot->census, request, scratch))
		return false;
	peaks_find(snapshot->peaks, &snapshot->groups, request);
	return collect_names(snapshot);
}

static void put_nothing(struct writer *writer, const struct census *census)
{
	put_string(writer,
		   census->unwanted
			   ? "\nNothing that this program opened is left open, of these kinds.\n"
			   : "\nNothing that this program opened is left open.\n");
}

static bool has_output(const struct snapshot_request *request)
{
	return request->output >= 0 || request->sink;
}

static void find_rings(struct describe *describe, const struct census *census)
{
	for (size_t i = 0; i < census->count; i++)
		if (census->descriptors[i].kind == KIND_IO_URING && describe->rings++ == 0)
			describe->ring = census->descriptors[i].fd;
}

/* Replaces what shall stay private. If that fails, nothing is written. */
static void redact(const struct snapshot_request *request, struct writer *writer)
{
	struct writer_text text;

	if (!request->substitutes || !writer_take(writer, &text))
		return;
	if (!redact_lines(request->substitutes, text.bytes, text.used, request->program, writer))
		writer->error = ENOMEM;
	memory_unmap(text.bytes, text.size);
}

static void write_text(struct snapshot *snapshot, struct snapshot_result *result)
{
	struct writer *writer = snapshot->writer;
	struct snapshot_request with_output = *snapshot->request;
	struct children children = {0};
	struct describe describe = {
		.writer = writer,
		.children = &children,
		.request = snapshot->request,
		.threads = snapshot->threads,
		.numbered = snapshot->request->target || proc_has_our_numbers(),
	};

	if (with_output.open_output)
		with_output.open_output(&with_output, with_output.open_output_data);
	if (!has_output(&with_output))
		return;
	snapshot->threads->pid = describe.numbered ? snapshot->request->pid : 0;
	writer_open(writer, with_output.output, with_output.sink);
	writer->instead = snapshot->request->instead;
	writer->instead_data = snapshot->request->instead_data;
	if (snapshot->request->substitutes)
		writer_hold(writer);
	find_rings(&describe, &snapshot->census);
	if (describe.numbered)
		children_find(&children, snapshot->request->pid);
	header_put(&describe, &snapshot->census, &snapshot->groups, snapshot->peaks);
	if (snapshot->census.unclosed == 0 && !snapshot->request->unread)
		put_nothing(writer, &snapshot->census);
	for (size_t i = 0; i < snapshot->groups.count && !writer->error; i++)
		group_put(&describe, &snapshot->frames, &snapshot->groups.list[i], i + 1);
	misuses_put(&describe, &snapshot->frames);
	for (size_t i = 0; i < snapshot->peaks->count && !writer->error; i++)
		peak_put(&describe, &snapshot->frames, &snapshot->peaks->list[i], i + 1);
	footer_put(&describe, &snapshot->census, &snapshot->frames);
	redact(snapshot->request, writer);
	result->whole = writer_is_whole(writer);
	if (result->whole && snapshot->request->lets_go)
		census_let_go(&snapshot->census, &with_output);
	result->written = writer_close(writer);
	result->error = writer->error;
}

/* The next snapshot measures growth from the live counts of this one. */
static void set_live_before(const struct stack_table *stacks)
{
	uint32_t end = atomic_load(&stacks->count);

	for (uint32_t id = STACK_OVERFLOW; id < end; id++) {
		struct stack_figures *figures = stack_table_figures(stacks, id);
		if (figures)
			atomic_store(&figures->live_before, atomic_load(&figures->live));
	}
}

void snapshot_take(const struct snapshot_request *request, struct snapshot_result *result)
{
	struct snapshot snapshot = {.request = request};

	*result = (struct snapshot_result){0};
	int failed = 0;

	if (request->unread)
		snapshot.census.now_ms = (uint64_t)monotonic_ms();
	else
		failed = census_take(&snapshot.census, request, &snapshot.scratch);
	result->unclosed = snapshot.census.unclosed;
	result->open = snapshot.census.open;
	result->needed = !failed &&
			 (snapshot.census.unclosed || !request->only_unclosed || request->unread ||
			  peaks_are_held(request) || atomic_load(&request->ledger->misuses.total));
	if (failed) {
		result->error = failed;
	} else if (result->needed && (has_output(request) || request->open_output)) {
		if (prepare(&snapshot))
			write_text(&snapshot, result);
		else
			result->error = ENOMEM;
	}
	if (result->written && !request->unread)
		set_live_before(&request->ledger->stacks);
	scratch_release(&snapshot.scratch);
}

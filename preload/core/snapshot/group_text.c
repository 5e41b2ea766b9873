// SPDX-License-Identifier: MIT
/* See group_text.h. */
#include "group_text.h"

#include "connect_stack.h"
#include "endpoint.h"
#include "escape_text.h"
#include "group_note.h"

static void put_count(struct writer *writer, const struct group *group)
{
	put_unsigned(writer, group->count);
	put_char(writer, ' ');
	if (group->kind == KIND_MIXED)
		put_string(writer, group->count == 1 ? "descriptor" : "descriptors");
	else
		put_string(writer, kind_noun(group->kind, group->count));
}

/* " in CLOSE_WAIT", or " (3 in CLOSE_WAIT, 2 in ESTABLISHED)"; CLOSE_WAIT comes first. */
static void put_states(struct writer *writer, const struct group *group)
{
	const char *between = " (";

	if (group->kind != KIND_TCP)
		return;
	for (unsigned int i = 0; i < TCP_STATE_COUNT; i++) {
		unsigned int state = i == 0 ? TCP_STATE_CLOSE_WAIT : i;
		const char *name = socket_state_name(state);

		if ((i && state == TCP_STATE_CLOSE_WAIT) || !name || !group->states[state])
			continue;
		if (group->states[state] == group->count) {
			put_string(writer, " in ");
			put_string(writer, name);
			return;
		}
		put_string(writer, between);
		put_unsigned(writer, group->states[state]);
		put_string(writer, " in ");
		put_string(writer, name);
		between = ", ";
	}
	if (between[0] == ',')
		put_char(writer, ')');
}

static bool all_came_by(const struct group *group, enum fd_origin origin)
{
	for (size_t i = 0; i < group->count; i++)
		if (group->members[i]->entry.origin != origin)
			return false;
	return true;
}

/* Writes where they were opened, and where they were last used if that is another place. */
static void put_places(struct writer *writer, const struct frames *frames,
		       const struct group *group)
{
	frames_put_origin(frames, writer, &group->view);
	if (group->has_user && !group->shared &&
	    !frames_same_origin(frames, &group->view, &group->user)) {
		put_string(writer, ", last used ");
		frames_put_origin(frames, writer, &group->user);
	}
}

/* Whether a program has opened them that has executed this one. */
static bool came_by_exec(const struct group *group)
{
	return group->members[0]->entry.before_exec;
}

/* Writes which of the programs, that have executed each other, has opened them. */
static void put_generation(const struct describe *describe, const struct group *group)
{
	uint32_t generation = group->members[0]->entry.dup_of;

	if (group->class != DESCRIPTOR_INHERITED || !came_by_exec(group) ||
	    generation == LEDGER_NO_FD)
		return;
	put_string(describe->writer, "  generation: ");
	put_unsigned(describe->writer, generation);
	put_string(describe->writer, " of ");
	put_unsigned(describe->writer, describe->request->ledger->exec_generation);
	put_char(describe->writer, '\n');
}

static void put_origin(struct writer *writer, const struct frames *frames,
		       const struct group *group)
{
	if (group->class == DESCRIPTOR_UNSEEN) {
		put_string(writer, ", opened by an untraced call");
		return;
	}
	if (group->class == DESCRIPTOR_UNTRACED) {
		put_string(writer, ", opener unknown");
		return;
	}
	if (group->class == DESCRIPTOR_INHERITED)
		put_string(writer, !group->has_stack     ? ", inherited"
				   : came_by_exec(group) ? ", inherited through exec"
							 : ", inherited through fork");
	if (group->class == DESCRIPTOR_INHERITED && !group->has_stack) {
		if (group->used) {
			put_string(writer, ", last used ");
			frames_put_origin(frames, writer, &group->user);
		}
		return;
	}
	if (all_came_by(group, FD_DUPLICATED))
		put_string(writer, ", duplicated ");
	else if (all_came_by(group, FD_RECEIVED))
		put_string(writer, ", received ");
	else
		put_string(writer, ", opened ");
	if (group->has_stack && group->stack != STACK_OVERFLOW)
		put_places(writer, frames, group);
	else
		put_string(writer, "at an unknown place");
}

static void put_note(struct writer *writer, enum group_note note)
{
	for (const char *const *line = group_note_lines(note); *line; line++) {
		put_string(writer, "  note: ");
		put_string(writer, *line);
		put_char(writer, '\n');
	}
}

/* Whether a submission to io_uring(7) can have opened it: IORING_OP_OPENAT, IORING_OP_ACCEPT,
 * IORING_OP_SOCKET, IORING_OP_PIPE. */
static bool ring_can_open(enum kind kind)
{
	return kind <= KIND_PIPE || kind == KIND_SHM;
}

static void put_ring(const struct describe *describe)
{
	struct writer *writer = describe->writer;

	put_string(writer, "  note: ");
	put_string(writer, *group_note_lines(NOTE_IO_URING));
	put_string(writer, "descriptor ");
	put_unsigned(writer, (uint64_t)describe->ring);
	put_string(writer, describe->rings > 1 ? " is one of " : " is a ring.\n");
	if (describe->rings == 1)
		return;
	put_unsigned(writer, describe->rings);
	put_string(writer, " rings.\n");
}

/* Whether all descriptors are of one file that has no name in the file system. */
static bool all_of_one_nameless(const struct group *group)
{
	const struct descriptor *first = group->members[0];

	if (group->count < 2 || !first->stat.inode || first->stat.links ||
	    (group->kind != KIND_FILE && group->kind != KIND_MEMFD))
		return false;
	for (size_t i = 1; i < group->count; i++)
		if (!proc_stat_same(&group->members[i]->stat, &first->stat))
			return false;
	return true;
}

static void put_notes(const struct describe *describe, const struct frames *frames,
		      const struct group *group)
{
	struct writer *writer = describe->writer;

	if (group->class == DESCRIPTOR_UNSEEN)
		put_string(writer,
			   "  reason: no hook saw them open: a raw system call, io_uring, a "
			   "call inside\n  reason: libc, or one that had not yet returned\n");
	if (group->class == DESCRIPTOR_UNSEEN && describe->rings && ring_can_open(group->kind))
		put_ring(describe);
	if (group->class == DESCRIPTOR_UNTRACED)
		put_string(writer, "  reason: the process is not traced\n");
	if (group->states[TCP_STATE_CLOSE_WAIT])
		put_note(writer, group->class == DESCRIPTOR_UNTRACED ? NOTE_CLOSE_WAIT_UNTRACED
								     : NOTE_CLOSE_WAIT);
	if (group->has_user && !group->used)
		put_note(writer, group->shared ? NOTE_LAST_USER_SHARED : NOTE_LAST_USER);
	else if (group->has_stack && describe->request->unknown_user &&
		 frames_pool(frames, &group->view))
		put_note(writer, describe->request->unknown_user);
	if (group->members[0]->endpoint && group->count > 1) {
		put_string(writer, "  note: ");
		endpoint_put(writer, group->members[0]->endpoint);
		put_char(writer, '\n');
	} else if (all_of_one_nameless(group)) {
		put_note(writer, group->kind == KIND_MEMFD ? NOTE_SAME_MEMORY : NOTE_SAME_DELETED);
	}
	if (group->stack == STACK_OVERFLOW)
		put_note(writer, NOTE_OVERFLOW);
	if (group->class == DESCRIPTOR_OPENED && !group->has_stack)
		put_note(writer, NOTE_NO_STACK);
}

static void put_figures(const struct describe *describe, const struct group *group)
{
	struct writer *writer = describe->writer;

	if (group->kind == KIND_MIXED || group->class == DESCRIPTOR_UNSEEN ||
	    group->class == DESCRIPTOR_UNTRACED ||
	    (group->class == DESCRIPTOR_INHERITED && !group->has_stack))
		return;
	if (group->count > 1 && !came_by_exec(group)) {
		put_string(writer, "  ages: ");
		put_duration(writer, group->newest_ms);
		if (group->oldest_ms / 100 != group->newest_ms / 100) {
			put_string(writer, " to ");
			put_duration(writer, group->oldest_ms);
		}
		put_char(writer, '\n');
	}
	if (!group->has_stack || group->class != DESCRIPTOR_OPENED)
		return;
	put_string(writer, "  stack: ");
	put_unsigned(writer, group->opened);
	put_string(writer, " opened, ");
	put_unsigned(writer, group->closed);
	put_string(writer, " closed, ");
	put_unsigned(writer, group->live);
	put_string(writer, " live");
	if (describe->request->number > 1) {
		put_string(writer, group->growth < 0 ? ", " : ", +");
		put_signed(writer, group->growth);
		put_string(writer, " since the last snapshot");
	}
	put_string(writer, describe->request->closes_unseen ? "; peak at most " : "; peak ");
	put_unsigned(writer, group->peak);
	put_char(writer, '\n');
}

static void put_stacks(const struct describe *describe, struct frames *frames,
		       const struct group *group)
{
	struct writer *writer = describe->writer;
	struct connect_stack connect;

	bool opened = group->has_stack && group->stack != STACK_OVERFLOW;

	if (opened) {
		put_string(writer, "  opened at:\n");
		frames_put(frames, writer, &group->view);
	}
	if (group->used) {
		put_string(writer, "  last used at:\n");
		frames_put(frames, writer, &group->user);
	}
	if (!opened)
		return;
	if (group->has_user && !group->used) {
		put_string(writer, group->shared ? "  last HTTP request by (one of several):\n"
						 : "  last HTTP request by:\n");
		frames_put(frames, writer, &group->user);
	}
	if (!connect_stack_choose(&connect, frames, group, describe->request->ledger))
		return;
	put_string(writer, "  connected at");
	if (connect.count < group->count) {
		put_string(writer, " (");
		put_unsigned(writer, connect.count);
		put_string(writer, " of ");
		put_unsigned(writer, group->count);
		if (connect.more) {
			put_string(writer, ", ");
			put_unsigned(writer, connect.more);
			put_string(writer, connect.more == 1 ? " other stack" : " other stacks");
		}
		put_char(writer, ')');
	}
	put_string(writer, ":\n");
	frames_put(frames, writer, &connect.view);
}

/* Writes where the descriptors of the same stack were closed. It comes after the open ones, where
 * older readers pass over it. */
static void put_closers(struct writer *writer, struct frames *frames, const struct group *group)
{
	const struct group_closers *closers = group->closers;
	uint64_t known = closers->others + closers->untraced;

	for (uint32_t i = 0; i < closers->count; i++) {
		put_string(writer, "  closed at (");
		put_unsigned(writer, closers->list[i].count);
		put_string(writer, "):\n");
		frames_put(frames, writer, &closers->list[i].view);
		known += closers->list[i].count;
	}
	if (closers->others) {
		put_string(writer, "  closed at other stacks: ");
		put_unsigned(writer, closers->others);
		put_string(writer, " at ");
		put_unsigned(writer, closers->other_stacks);
		put_char(writer, '\n');
	}
	if (closers->untraced) {
		put_string(writer, "  closed by untraced calls: ");
		put_unsigned(writer, closers->untraced);
		put_char(writer, '\n');
	}
	if (group->closed > known) {
		put_string(writer, "  closed at unknown places: ");
		put_unsigned(writer, group->closed - known);
		put_char(writer, '\n');
	}
}

void group_put(const struct describe *describe, struct frames *frames, const struct group *group,
	       size_t number)
{
	struct writer *writer = describe->writer;
	size_t show = describe->request->show;

	put_string(writer, "\ngroup ");
	put_unsigned(writer, number);
	put_string(writer, ": ");
	put_count(writer, group);
	put_states(writer, group);
	put_origin(writer, frames, group);
	put_char(writer, '\n');
	put_notes(describe, frames, group);
	put_generation(describe, group);
	put_figures(describe, group);
	put_stacks(describe, frames, group);
	put_string(writer, "  descriptors:\n");
	for (size_t i = 0; i < group->count && (i < show || show == SNAPSHOT_SHOW_ALL); i++)
		describe_put(describe, group->members[i]);
	if (show != SNAPSHOT_SHOW_ALL && group->count > show) {
		put_string(writer, "    and ");
		put_unsigned(writer, group->count - show);
		put_string(writer, " more (FDTRAIL_SHOW=all lists them)\n");
	}
	if (group->closers)
		put_closers(writer, frames, group);
}

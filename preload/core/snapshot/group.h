// SPDX-License-Identifier: MIT
/*
 * Puts descriptors into groups: one per opening stack and kind, the likeliest leak first. If the
 * last user of a connection, or of any descriptor, is known, it splits a group, because the code
 * that opens a connection and the code that leaks it may differ. In a forked process inherited
 * descriptors are grouped by the stack that opened them, too. Descriptors that were open at the
 * start are one group of all kinds, but for those whose last user is known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "census.h"
#include "descriptor.h"
#include "scratch.h"
#include "snapshot.h"
#include "socket_state.h"

#define KIND_MIXED KIND_COUNT

/* The stacks that closed the descriptors of an opening stack. */
struct group_closers {
	uint64_t untraced;     /* by calls that no hook has seen */
	uint64_t others;       /* at stacks that are not in list .. */
	uint32_t other_stacks; /* .. the number of these */
	uint32_t count;
	struct {
		struct stack_view view;
		uint64_t count;
	} list[]; /* the most frequent first */
};

struct group {
	enum descriptor_class class;
	enum kind kind;              /* or KIND_MIXED */
	uint32_t stack;              /* STACK_NONE: not known */
	struct descriptor **members; /* oldest first */
	size_t count;
	size_t states[TCP_STATE_COUNT]; /* number in each TCP state; [0]: without a state */
	uint64_t oldest_ms, newest_ms;

	bool has_stack; /* view is filled in */
	struct stack_view view;
	uint64_t opened, closed, live; /* the stack's counts, read once */
	uint32_t peak;                 /* the most that were live at once */
	int64_t growth;                /* of live, since the last snapshot; 0 in the first one */

	struct group_closers *closers; /* NULL: none are known */

	bool has_user; /* user is the stack of the last request over these connections, or if .. */
	bool used;     /* .. this is set of the last use of these descriptors */
	bool shared;   /* user may be one of several at the same time */
	struct stack_view user;
};

struct groups {
	struct group *list;
	size_t count;
	size_t unclosed; /* number of groups that aren't inherited; these come first */
};

/* Makes groups of the census' descriptors, in their final order. They live as long as the scratch
 * and the census. False: no memory. Async-signal-safe. */
bool groups_make(struct groups *groups, const struct census *census,
		 const struct snapshot_request *request, struct scratch *scratch);

// SPDX-License-Identifier: MIT
/*
 * Descriptors in groups: one per opening stack and kind, those first that look most like a leak.
 * Where it is known who used a connection last, that splits a group: the one that opened a
 * connection, and the one that leaks it, may be two. A forked process's inherited descriptors are
 * grouped by the stack that opened them, too; what was open at start is one group of all kinds.
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

struct group {
	enum descriptor_class class;
	enum kind kind;              /* or KIND_MIXED */
	uint32_t stack;              /* STACK_NONE: not known */
	struct descriptor **members; /* oldest first */
	size_t count;
	size_t states[TCP_STATE_COUNT]; /* how many are in each TCP state; [0]: none */
	uint64_t oldest_ms, newest_ms;

	bool has_stack; /* view is filled in */
	struct stack_view view;
	uint64_t opened, closed, live; /* the stack's figures, read once */
	uint32_t peak;                 /* the most of them that were live at once */
	int64_t growth;                /* of live, since the last snapshot; 0 in the first one */

	bool has_user; /* user is filled in: the stack of the last request over these connections */
	bool shared;   /* .. which may have been one of several at a time */
	struct stack_view user;
};

struct groups {
	struct group *list;
	size_t count;
	size_t unclosed; /* how many of them are not inherited; these come first */
};

/* Makes the groups of what census lists, in their final order. False: there was no memory. */
bool groups_make(struct groups *groups, const struct census *census,
		 const struct snapshot_request *request, struct scratch *scratch);

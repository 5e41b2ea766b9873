// SPDX-License-Identifier: MIT
/*
 * Who used a connection last. Go's net/http keeps connections and gives them to other requests, so
 * the stack that opened one may belong to an innocent caller; the one that leaks it is the last
 * that sent a request over it and never closed the body. A breakpoint at the start of
 * (*persistConn).roundTrip sees every request of HTTP/1 with its connection, in the goroutine of
 * the caller.
 *
 * For the engine: where to break, and which descriptor a hit is about. The stack is
 * go_stack_take's, and goes to ledger_used(): the last user is part of what makes a group.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

#include "preload/core/capture/local_memory.h"
#include "breakpoint.h"
#include "go_program.h"

/* Fills in where to break. False: the program has no net/http that we know (or none at all). */
bool go_http_breakpoints(struct go_program *program, struct breakpoints *breakpoints);

/* A note for connections whose last request is not known, though net/http opened them: that who
 * opened one may not be who leaks it, and why no more is known; asked: whether it was to be. Lines,
 * then NULL; or NULL: there is nothing to note. */
const char *const *go_http_note(const struct go_program *program,
				const struct breakpoints *breakpoints, bool asked);

struct go_http_use {
	int fd; /* as the program has it; the ledger must know it as a socket, or it is not believed
		 */
	bool shared; /* HTTP/2: many requests at a time share the connection */
	uint64_t
		transport; /* the address of the Transport that the connection is of; 0: not known */
};

/* What a thread that stopped at breakpoint `index` is about to use. False: not known. When there is
 * no stack for it, the connection's last user must be forgotten: ledger_used() with STACK_NONE. */
bool go_http_use(struct go_program *program, int index, const struct user_regs_struct *registers,
		 struct memory *memory, struct go_http_use *use);

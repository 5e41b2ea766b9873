// SPDX-License-Identifier: MIT
/*
 * Finds the last user of a connection. Go's net/http keeps connections and reuses them for other
 * requests, so the stack that opened one may belong to an innocent caller. The code that leaks it
 * is the last that sent a request over it and never closed the body. A breakpoint at the start of
 * (*persistConn).roundTrip sees every HTTP/1 request with its connection, in the goroutine of the
 * caller.
 *
 * The engine learns here where to break, and which descriptor a hit is about. It takes the stack by
 * go_stack_take, and hands it to ledger_used(): descriptors are grouped by the last user, too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/user.h>

#include "preload/core/capture/local_memory.h"
#include "preload/core/snapshot/group_note.h"
#include "breakpoint.h"
#include "go_program.h"

/* Fills in where to break. False: the program has no net/http, or none that we know. */
bool go_http_breakpoints(struct go_program *program, struct breakpoints *breakpoints);

/* A note for connections that net/http opened, and whose last request isn't known: it warns that
 * the code that opened one may not be the one that leaks it, and says why the last request isn't
 * known. asked: whether requests were to be noted. NOTE_OTHER: there is nothing to note. */
enum group_note go_http_note(const struct go_program *program,
			     const struct breakpoints *breakpoints, bool asked);

/* Places in a persistConn, for code that finds the descriptor and the Transport itself. */
struct go_http_layout {
	uint32_t connection, transport; /* offsets, plus 1; 0: not yet known */
	/* Method tables of net.Conn: of types that begin with a netFD (TCPConn, UnixConn), and of
	 * tls.Conn, which begins with a net.Conn. 0: not yet seen. */
	uintptr_t sockets[2], wrapper;
};

/* Adds to layout what the connection at receiver, whose request has just been found to be this use,
 * tells. */
struct go_http_use;
void go_http_learn(const struct go_program *program, struct memory *memory, uintptr_t receiver,
		   const struct go_http_use *use, struct go_http_layout *layout);

struct go_http_use {
	int fd;             /* the program's; only valid if the ledger knows it as a socket */
	bool shared;        /* HTTP/2: several requests at a time share the connection */
	uint64_t transport; /* address of the connection's Transport; 0: not known */
};

/* Fills in which connection a thread that stopped at breakpoint `index` is about to use. False: not
 * known. If the caller gets no stack for it, it must forget the connection's last user:
 * ledger_used() with STACK_NONE. */
bool go_http_use(struct go_program *program, int index, const struct user_regs_struct *registers,
		 struct memory *memory, struct go_http_use *use);

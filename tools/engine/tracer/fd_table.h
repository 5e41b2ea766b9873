// SPDX-License-Identifier: MIT
/*
 * A descriptor table of the traced program, as the kernel has them: shared by the threads of a
 * process and by what was cloned with CLONE_FILES, copied by fork, made unshared by exec. Each has
 * a ledger.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"

struct fd_table {
	struct ledger ledger;
	struct arena arena;
	unsigned int users;
	bool missed; /* the program may have opened what the ledger has not, for its memory or its
		      * folder in /proc could not be read */
	uint64_t serial;                /* that no other table has, or had */
	struct table_request *requests; /* by descriptor */
	size_t request_room;
};

/* The HTTP requests over a connection, where they are known. */
struct table_request {
	uint64_t transport; /* the address of its Transport; 0: not known */
	uint32_t count;
	bool missed; /* a request of this number could not be counted: no count is known any more */
};

/* An empty one with one user, or NULL: no memory. */
struct fd_table *fd_table_create(void);

/* One more user; returns it. NULL is accepted, by the next, too. */
struct fd_table *fd_table_share(struct fd_table *table);
/* One user less; the last one's gives everything back. */
void fd_table_release(struct fd_table *table);

/* What fork makes of it: a table of its own in which everything is from before the fork. NULL: no
 * memory. */
struct fd_table *fd_table_fork(const struct fd_table *table);

/* What unshare(CLONE_FILES) makes of it: the same, and the caller's use moves to it. The table
 * itself when nobody else uses it. NULL: no memory, and nothing was changed. */
struct fd_table *fd_table_unshare(struct fd_table *table);

/* Records every number that is open in process pid and has no entry, as entry says. False: which
 * are open can't be read. */
bool fd_table_note_open(struct fd_table *table, int pid, const struct ledger_entry *entry);

/* Notes a request over descriptor fd by this Transport (0: not known). again: the ledger knows an
 * earlier one over this connection. A copy of a table knows of none. */
void table_note_request(struct fd_table *table, int fd, uint64_t transport, bool again);

/* The requests over fd, since the ledger has known a user of it; NULL: not known. */
const struct table_request *table_requests(const struct fd_table *table, int fd);

/* Takes out every entry whose number is not open in process pid any more, as far as that can be
 * seen. */
void fd_table_forget_closed(struct fd_table *table, int pid);

// SPDX-License-Identifier: MIT
/*
 * A descriptor table of the traced program, as in the kernel: threads of a process share one, and
 * so do processes cloned with CLONE_FILES; fork copies it, exec unshares it. Each table has a
 * ledger.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "preload/core/ledger/mark_file.h"
#include "tools/engine/planted/plant.h"

struct fd_table {
	struct ledger ledger;
	struct arena arena;
	unsigned int users;
	bool missed;     /* the ledger may lack what the program opened, because its memory or its
		      * folder in /proc couldn't be read */
	uint64_t serial; /* no other table has it, or ever had */
	struct plant *plant; /* whose memory has the ledger's slots; NULL: they are our own */
	struct table_request *requests; /* by descriptor */
	size_t request_room;
};

/* The HTTP requests over a connection, as far as they are known. */
struct table_request {
	uint64_t transport; /* the address of its Transport; 0: not known */
	uint32_t count;
	bool missed; /* a request over this descriptor couldn't be counted, so count is wrong */
};

/* The file whose lines are marks in all tables; NULL: none. */
extern const struct mark_file *fd_table_marks;

/* Makes an empty table with one user. NULL: no memory. */
struct fd_table *fd_table_create(void);

/* Adds a user, and returns table. NULL is accepted. */
struct fd_table *fd_table_share(struct fd_table *table);
/* Removes a user; the last one frees the table. NULL is accepted. */
void fd_table_release(struct fd_table *table);

/* Copies the table as fork does; all entries of the copy are marked as from before the fork. NULL:
 * no memory. */
struct fd_table *fd_table_fork(const struct fd_table *table);

/* Does what unshare(CLONE_FILES) does: copies the table, and moves the caller's use to the copy.
 * Returns the table itself if it has no other user. NULL: no memory, and nothing has changed. */
struct fd_table *fd_table_unshare(struct fd_table *table);

/* Adds this entry for every descriptor that is open in process pid and has none. False: /proc
 * doesn't show which are open. */
bool fd_table_note_open(struct fd_table *table, int pid, const struct ledger_entry *entry);

/* Counts requests over descriptor fd by this Transport (0: not known). again: the ledger knows an
 * earlier request over this connection. A copy of a table has no counts. */
void table_note_requests(struct fd_table *table, int fd, uint64_t transport, bool again,
			 uint32_t count);

/* The requests over fd since the ledger first knew a user of it. NULL: not known. */
const struct table_request *table_requests(const struct fd_table *table, int fd);

/* Removes every entry whose descriptor is no longer open in process pid, as far as /proc shows
 * it. */
void fd_table_forget_closed(struct fd_table *table, int pid);

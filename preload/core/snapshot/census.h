// SPDX-License-Identifier: MIT
/*
 * The count: every descriptor that is open in the frozen table, held against the ledger. This is
 * where a snapshot's truth is made: what the ledger has and the kernel has not is taken out of the
 * ledger, what the kernel has and the ledger has not is said to be unseen. Called once by
 * snapshot.c.
 */
#pragma once

#include "descriptor.h"
#include "frozen_table.h"
#include "scratch.h"
#include "snapshot.h"

struct census {
	struct descriptor *descriptors;
	size_t count;              /* those that the snapshot lists */
	struct frozen_table table; /* what is open in our table, our output included */
	size_t open;               /* the hidden ones included */
	uint64_t now_ms;           /* CLOCK_MONOTONIC at the count */
	bool numbered;    /* the process is under its own number in /proc: not so in a PID namespace
			   * without a /proc of its own */
	size_t inherited; /* the hidden ones included */
	size_t closing;   /* a close had begun */
	size_t changing;  /* opened or closed around the moment of the copy */
	size_t forgotten; /* were in the ledger, and closed by something unseen */
	size_t unwanted;  /* not inherited, but of kinds that are not asked for */
	size_t unclosed;  /* opened or unseen, of the wanted kinds */
};

/* Fills in census. 0, or ENOMEM, or ENOSYS where a seccomp filter leaves no way to list
 * descriptors. */
int census_take(struct census *census, const struct snapshot_request *request,
		struct scratch *scratch);

/* Whether the descriptor is of a kind that request->kinds names. A descriptor of unknown kind
 * always is. */
bool census_wants(const struct snapshot_request *request, const struct descriptor *descriptor);

/* Closes our copies of sockets, pipes, terminals and what has no file (epoll and its kin). While we
 * hold them, a peer does not hear that the program has closed its end, an address stays in use, and
 * epoll goes on to tell of a closed number. Files stay open until we end: to close one may wait for
 * a file server. Our output stays open, and so does 2, where messages go. */
void census_let_go(const struct census *census, const struct snapshot_request *request);

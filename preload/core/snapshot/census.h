// SPDX-License-Identifier: MIT
/*
 * The count: every descriptor that is open in the frozen table, compared with the ledger. This
 * makes a snapshot true: entries of descriptors that are closed in the kernel are taken out of the
 * ledger, and descriptors that the ledger does not have are listed as opened by an untraced call.
 * Called once by snapshot.c.
 */
#pragma once

#include "descriptor.h"
#include "frozen_table.h"
#include "scratch.h"
#include "snapshot.h"

struct census {
	struct descriptor *descriptors;
	size_t count;              /* those that the snapshot lists */
	struct frozen_table table; /* the numbers that are open in our table, with our output */
	size_t open;               /* the hidden ones included */
	uint64_t now_ms;           /* CLOCK_MONOTONIC at the count */
	bool numbered;           /* the process has its own number in /proc: not in a PID namespace
			   * without a /proc of its own */
	size_t inherited;        /* the hidden ones included */
	size_t inherited_listed; /* of these, the ones that are listed */
	size_t closing;          /* a close had begun */
	size_t changing;         /* opened or closed around the moment of the copy */
	size_t forgotten;        /* were in the ledger, and an untraced call has closed them */
	size_t unwanted;         /* not inherited, but not of the wanted kinds */
	size_t unclosed;         /* opened or unseen, of the wanted kinds */
};

/* Fills in census. 0, or ENOMEM, or ENOSYS where a seccomp filter leaves no way to list
 * descriptors. */
int census_take(struct census *census, const struct snapshot_request *request,
		struct scratch *scratch);

/* Whether the descriptor is of a kind that request->kinds names. A descriptor of unknown kind
 * always is. */
bool census_wants(const struct snapshot_request *request, const struct descriptor *descriptor);

/* Closes our copies of sockets, pipes, terminals and descriptors without a file (epoll and its
 * kin). While we hold them, a peer does not notice that the program has closed its end, an address
 * stays in use, and epoll still reports a closed number. Files stay open until we end, because
 * closing one may wait for a file server. Our output stays open, and so does 2, for messages. */
void census_let_go(const struct census *census, const struct snapshot_request *request);

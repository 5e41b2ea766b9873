// SPDX-License-Identifier: MIT
/*
 * Descriptors that are open and have no record. A hook records a descriptor after its real call has
 * returned, so a snapshot may come in between; and a call that no hook sees is never recorded. The
 * snapshot must tell the two apart. This file owns the sequence of questions, in this order:
 *
 *     1. A thread that waits for this snapshot has noted the number (request->in_flight).
 *     2. A record comes, or the number is closed, while the snapshot naps: 12 ms at most.
 *     3. The same while threads that want a processor wait for one: half a second at most. Numbers
 *        that the last snapshot has listed are not waited for.
 *
 * A number that one of these explains was "being opened at that moment"; all others are listed as
 * opened by an untraced call. The page for the whole protocol, with the hooks' part, is
 * preload/runtime/README.md. Called by census.c; async-signal-safe.
 */
#pragma once

#include "census.h"
#include "snapshot.h"

/* Question 1: whether a thread that waits for the snapshot has just received fd. */
bool unrecorded_in_flight(const struct snapshot_request *request, int fd);

/* Questions 1 to 3 for all descriptors of class DESCRIPTOR_UNSEEN: makes those that are explained
 * DESCRIPTOR_CHANGING, and corrects the census' counts. Waits only in the program itself, because
 * the ledger of another process is filled by the process that waits for this snapshot. Keeps the
 * others in request->unseen, for the next snapshot. */
void unrecorded_wait(struct census *census, const struct snapshot_request *request);

/* Whether fd is open in the program now, whose table is not the frozen one: 1, 0, or -1 if that
 * can't be seen. */
int unrecorded_open_now(const struct census *census, const struct snapshot_request *request,
			int fd);

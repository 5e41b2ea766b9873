// SPDX-License-Identifier: MIT
/*
 * Descriptors that are open and have no record. A hook records a descriptor after its real call has
 * returned, so a snapshot may come in between; and a call that no hook sees is never recorded. The
 * snapshot must tell the two apart. This file owns the sequence of questions, in this order:
 *
 *     1. Is a thread that waits for this snapshot getting the number? (request->in_flight)
 *     2. Is a thread recording it now, has one recorded it since, or is it closed by now? This is
 *        asked again after naps, for 12 ms at most.
 *     3. The same while threads that may stand in a hook wait for a processor: half a second at
 *        most. The snapshot does not wait for numbers that the last one has listed.
 *     4. Is there still a thread in a hook that has had no processor? Then a new number may be
 *        its: this counts for ten seconds from the first snapshot that has seen the number.
 *
 * A number with one yes was "being opened at that moment"; all others are listed as opened by an
 * untraced call. The page for the whole protocol, with the hooks' part, is
 * preload/runtime/README.md. Called by census.c; async-signal-safe.
 */
#pragma once

#include "census.h"
#include "snapshot.h"

/* Question 1: whether a thread that waits for the snapshot has just received fd. */
bool unrecorded_in_flight(const struct snapshot_request *request, int fd);

/* Questions 1 to 4 for all descriptors of class DESCRIPTOR_UNSEEN: makes those that are explained
 * DESCRIPTOR_CHANGING, and corrects the census' counts. Waits only in the program itself, because
 * the ledger of another process is filled by the process that waits for this snapshot. Keeps the
 * others in request->unseen, for the next snapshot. */
void unrecorded_wait(struct census *census, const struct snapshot_request *request);

/* Whether fd is open in the program now, whose table is not the frozen one: 1, 0, or -1 if that
 * can't be seen. */
int unrecorded_open_now(const struct census *census, const struct snapshot_request *request,
			int fd);

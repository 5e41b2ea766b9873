// SPDX-License-Identifier: MIT
/*
 * Takes a snapshot of another process. preload/core/snapshot/ describes the descriptors of the
 * process that it runs in. So a helper process copies the other one's (pidfd_getfd(2), Linux 5.6)
 * to the same numbers in its own table, and runs the snapshot writer there. Descriptors that can't
 * be copied, because the kernel is older or forbids it, are described from /proc alone, and the
 * text says that less is known.
 *
 * The other process is never stopped, signalled or written to. A file that it closes in the
 * meantime stays open until the helper has ended: usually for some milliseconds.
 *
 * Used by `fdtrail snapshot` and `fdtrail check --pid` for programs that are not traced, and by the
 * ptrace engine, which has a ledger for its program.
 */
#pragma once

#include <stddef.h>

#include "preload/core/snapshot/snapshot.h"

enum { REMOTE_PROGRAM_SIZE = 64, REMOTE_TROUBLE_SIZE = 256 };

/* Fills in a request for a process that is not traced: no ledger, so the openers are unknown; all
 * kinds; every descriptor listed; started_ms from the process' start. The caller sets output, which
 * is -1. The process' name is kept in program, of REMOTE_PROGRAM_SIZE bytes. Returns 0, or a
 * negative errno: -ESRCH; -EINVAL for a process without descriptors (a kernel thread, a zombie), or
 * for a thread that isn't a process. */
int outside_request(struct snapshot_request *request, int pid, char *program);

/* Takes and writes a snapshot of process request->pid. The request is as for snapshot_take, with
 * these differences: ledger NULL means that the process is not traced; before and before_end are
 * not used; output is any descriptor of ours. The ledger is read, corrected, and its
 * counters are set, as snapshot_take does in a traced program. No other thread may use it at the
 * same time.
 *
 * Returns 0 and fills in result, or a negative errno: -ESRCH no such process, -EACCES the kernel
 * hides it from us, -ENOMEM, or an error of fork(2). Signals are blocked in the calling thread and
 * in the helper until this returns. */
int outside_snapshot(const struct snapshot_request *request, struct snapshot_result *result);

/* The same for a caller that has the ledger of a running process. request->before is used
 * (snapshot_begin_before). When the descriptors have been copied, this calls copied(data) in the
 * calling process, to record what the process has received in the meantime. Descriptors that have
 * changed since `before` are then not listed as known. */
int outside_snapshot_watched(const struct snapshot_request *request, struct snapshot_result *result,
			     void (*copied)(void *data), void *data);

/* Writes the snapshot of a process for which one of the two above failed with error: it says why,
 * and that the open descriptors aren't known. */
void outside_unread(const struct snapshot_request *request, int error,
		    struct snapshot_result *result);

/* Writes one line to text, without a newline, that explains why process pid can't be inspected;
 * error is the negative errno of the functions above. text has size bytes (REMOTE_TROUBLE_SIZE).
 * Returns text. */
const char *outside_trouble(int pid, int error, char *text, size_t size);

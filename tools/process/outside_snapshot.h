// SPDX-License-Identifier: MIT
/*
 * A snapshot of another process. preload/core/snapshot/ describes the descriptors of the process
 * that it runs in; so a helper process takes copies of the other one's (pidfd_getfd(2), Linux 5.6)
 * and puts each at the same number in a table of its own, and the one snapshot writer works on
 * that. What can't be copied, because the kernel is older or does not allow it, is described from
 * /proc alone, and the text says that less is known.
 *
 * The other process is never stopped, signalled or written to. What it closes in that moment stays
 * open until the helper has ended: usually for some milliseconds.
 *
 * Used by `fdtrail snapshot` and `fdtrail check --pid` for programs that are not traced, and by the
 * ptrace engine, which has a ledger for its program.
 */
#pragma once

#include <stddef.h>

#include "preload/core/snapshot/snapshot.h"

enum { REMOTE_PROGRAM_SIZE = 64, REMOTE_TROUBLE_SIZE = 256 };

/* Fills in a request for a process that is not traced: no ledger (groups are "opener unknown"),
 * all kinds, every descriptor listed, started_ms from the process' start. output stays -1 until the
 * caller sets it. program, of REMOTE_PROGRAM_SIZE bytes, is where the process' name is kept.
 * Returns 0, or a negative errno: -ESRCH, or -EINVAL for what has no descriptors (a kernel thread,
 * a zombie) or is a thread and no process. */
int outside_request(struct snapshot_request *request, int pid, char *program);

/* Takes and writes a snapshot of process request->pid. The request is as for snapshot_take, with
 * these differences: ledger NULL means that the process is not traced; before, before_end and
 * hidden are not used; output is any descriptor of ours. The ledger is read, corrected and its
 * figures are set in our own memory, as snapshot_take does in a traced program: nobody else may use
 * it meanwhile.
 *
 * Returns 0 and fills in result, or a negative errno: -ESRCH no such process, -EACCES the kernel
 * lets us see nothing of it, -ENOMEM, or what fork(2) says. Signals are blocked in the calling
 * thread and in the helper meanwhile. */
int outside_snapshot(const struct snapshot_request *request, struct snapshot_result *result);

/* The same for who holds the ledger of a process that runs on: request->before is used
 * (snapshot_begin_before), and when the descriptors have been copied, copied(data) is called here,
 * to record what the process was being given meanwhile. What has changed since `before` is then not
 * listed as known. */
int outside_snapshot_watched(const struct snapshot_request *request, struct snapshot_result *result,
			     void (*copied)(void *data), void *data);

/* Writes the snapshot of a process that one of the two above could not look at, with that error: it
 * says why, and that nothing is known of what is open. Call it in a process of ours. */
void outside_unread(const struct snapshot_request *request, int error,
		    struct snapshot_result *result);

/* One line, without a newline, on why nothing can be known of process pid: what the negative errno
 * of the two above means here. text has REMOTE_TROUBLE_SIZE bytes. Returns text. */
const char *outside_trouble(int pid, int error, char *text, size_t size);

// SPDX-License-Identifier: MIT
/*
 * Snapshots as a gzipped profile for `go tool pprof` and other readers of profile.proto. A sample
 * is the descriptors of one kind and state that a stack has opened. Its values are their number
 * (open_fds/count, shown by default) and the sum of their ages (age/milliseconds, in which old and
 * many weigh most). Ages are those of the listed descriptors; a comment says so if not all are
 * listed.
 *
 * Connections whose last HTTP request is known (Go) count for that request, under "[last HTTP
 * request]", because the code that opened a reused connection may be innocent.
 *
 * Samples have labels: kind, state, program, pid, and stack, the id that the other formats use. A
 * group without a stack is a sample in "[inherited]", "[opened by an untraced call]", ... The
 * stacks of ancestor goroutines follow their descendant's after "[created by]".
 *
 * If no name is known in a module, it has no functions in the profile, so that pprof looks them up
 * if it has the file. In a module with names, a frame without one is called module+0xoffset.
 */
#pragma once

#include "format.h"

/* As struct format's write; takes only the newest snapshot of each process. */
int pprof_write(const struct model_snapshot *const *snapshots, size_t count,
		const struct export_options *options, FILE *file);

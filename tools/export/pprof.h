// SPDX-License-Identifier: MIT
/*
 * Snapshots as a profile for `go tool pprof` and what else reads profile.proto: gzip'd. A sample is
 * the descriptors of one kind and state that a stack has opened: how many (open_fds/count, the one
 * that is shown by default), and the sum of their ages (age/milliseconds: what is old and many
 * weighs most). Ages are those of the descriptors that the snapshot lists; a comment says so when
 * it lists not all.
 *
 * Connections whose last HTTP request is known (Go) count for that request, under "[last HTTP
 * request]": who opened a connection that serves many may be innocent.
 *
 * Samples have labels: kind, state, program, pid, and stack, the id that the other formats use.
 * What has no stack is a sample in "[inherited]", "[opened by an untraced call]", ...; the stacks
 * of the goroutines that one descends from follow it behind "[created by]".
 *
 * A module of which no name is known has no function in the profile, so that pprof looks for them
 * where it has the file. In a module with names a frame without one is called module+0xoffset.
 */
#pragma once

#include "format.h"

int pprof_write(const struct model_snapshot *const *snapshots, size_t count,
		const struct export_options *options, FILE *file);

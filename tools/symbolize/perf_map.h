// SPDX-License-Identifier: MIT
/*
 * Names of code that a just-in-time compiler has made: /tmp/perf-PID.map, which JVMs, Node and
 * others write for perf(1) when they are asked to (tools/perf/Documentation/jit-interface.txt in
 * Linux): lines of "START SIZE NAME", start and size hexadecimal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_map_name {
	uint64_t address;
	char *name; /* NULL: not known; else to be freed by the caller */
};

/*
 * Looks up names, which are sorted by address. Of entries that overlap the last one counts: code is
 * thrown away and its place used again.
 *
 * The file stands in a folder that everybody writes to. It is read only if it belongs to us or to
 * root, is a regular file and no link, and was written to since the process began (not_before,
 * seconds since 1970; 0: not known): a number of a process is used again. Returns 0, -ENOENT when
 * there is none, or another negative errno, -EPERM when it is not to be trusted.
 */
int perf_map_find(const char *folder, int64_t pid, double not_before, struct perf_map_name *names,
		  size_t count);

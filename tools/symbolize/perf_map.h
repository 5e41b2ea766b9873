// SPDX-License-Identifier: MIT
/*
 * Reads names of generated code from /tmp/perf-PID.map, which JVMs, Node and others write for
 * perf(1) if they are asked to (tools/perf/Documentation/jit-interface.txt in Linux). Its lines are
 * "START SIZE NAME", start and size hexadecimal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_map_name {
	uint64_t address;
	char *name; /* NULL: not known; else the caller frees it */
};

/*
 * Looks up names, an array of count items sorted by address. If entries overlap, the last one
 * counts, because discarded code's memory is reused.
 *
 * The file lies in a folder that everybody can write to. It is read only if it belongs to us or to
 * root, is a regular file and not a link, and was written to since the process began (not_before,
 * seconds since 1970; 0: not known), because process ids are reused. Returns 0; -ENOENT if there is
 * no file; -EPERM if it is not trusted; or another negative errno.
 */
int perf_map_find(const char *folder, int64_t pid, double not_before, struct perf_map_name *names,
		  size_t count);

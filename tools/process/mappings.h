// SPDX-License-Identifier: MIT
/*
 * The parser of /proc/PID/maps: the mappings of another process. Used by remote_memory.c to find
 * the ELF file that an address lies in, and by loaded_tracer.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
	uintptr_t start, end;
	uint64_t offset; /* in the file */
	uint64_t inode;  /* 0: no file */
	uint32_t device; /* of the file, as the kernel prints it: major << 20 | minor */
	bool executable, writable;
	const char *path; /* "" for anonymous memory; "[vdso]" and the like unchanged; without "
			   * (deleted)" */
};

struct mappings {
	struct mapping *list; /* in rising order of addresses */
	size_t count;
	char *text; /* the paths point into this */
};

/* Reads the mappings of process pid. 0, or a negative errno, and then mappings is empty: -ENOENT
 * there is no such process, -ESRCH it has no memory, because it is ending or a kernel thread. Free
 * them with mappings_finish, which also accepts empty ones. */
int mappings_read(struct mappings *mappings, int pid);
void mappings_finish(struct mappings *mappings);

/* The mapping that address lies in, or NULL. It belongs to mappings. */
const struct mapping *mappings_find(const struct mappings *mappings, uintptr_t address);

// SPDX-License-Identifier: MIT
/*
 * What is mapped where in another process: /proc/PID/maps, parsed. Used by remote_memory.c to find
 * the ELF file that an address lies in.
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
	const char *path; /* "" for anonymous memory; "[vdso]" and such as they are; without "
			     (deleted)" */
};

struct mappings {
	struct mapping *list; /* by rising address */
	size_t count;
	char *text; /* what the paths lie in */
};

/* Reads the mappings of process pid. 0, or a negative errno; mappings is then empty. */
int mappings_read(struct mappings *mappings, int pid);
void mappings_finish(struct mappings *mappings);

/* The mapping that address lies in, or NULL. */
const struct mapping *mappings_find(const struct mappings *mappings, uintptr_t address);

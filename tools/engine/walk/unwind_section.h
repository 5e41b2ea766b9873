// SPDX-License-Identifier: MIT
/*
 * Finds .eh_frame in a binary that has no .eh_frame_hdr, by the section headers of its file, which
 * strip(1) leaves in place. The bytes are read from the process; the file only tells where they
 * are. Used by remote_object.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/process/mappings.h"
#include "remote_memory.h"

struct unwind_section {
	uint8_t *bytes; /* the caller frees them */
	size_t size;
	uintptr_t address;
};

/* Reads the section of the object whose ELF header lies at the beginning of mapping. False: there
 * is none, or it can't be read. */
bool unwind_section_read(struct unwind_section *section, struct remote_memory *memory,
			 const struct object *object, const struct mapping *mapping);

// SPDX-License-Identifier: MIT
/* See build_id.h. */
#include "build_id.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

enum { NT_GO_BUILD_ID = 4 }; /* src/cmd/link/internal/ld/elf.go */

/* Name and description are padded to 4 bytes, whatever p_align says. */
static size_t padded(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

size_t build_id_find(const void *notes, size_t size, size_t readable, const uint8_t **id)
{
	const uint8_t *start = notes;
	bool behind_go = false;

	for (size_t at = 0; at < size || behind_go;) {
		Elf64_Nhdr note;

		if (at > readable || readable - at < sizeof(note))
			return 0;
		memcpy(&note, start + at, sizeof(note));
		at += sizeof(note);
		size_t name = padded(note.n_namesz), left = readable - at;
		if (name > left || note.n_descsz > left - name)
			return 0;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(start + at, "GNU", 4) == 0) {
			*id = start + at + name;
			return note.n_descsz;
		}
		behind_go = note.n_type == NT_GO_BUILD_ID && note.n_namesz == 4 &&
			    memcmp(start + at, "Go\0", 4) == 0;
		at += name + padded(note.n_descsz);
	}
	return 0;
}

// SPDX-License-Identifier: MIT
/* See published_signal.h. Nothing that is read there is trusted. */
#include "published_signal.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../preload/runtime/published.h"
#include "../ptrace/mappings.h"
#include "../ptrace/remote_memory.h"

enum { HEADERS_MAX = 32, NOTES_MAX = 1024, SIGNALS = 64 };

static bool read_whole(struct remote_memory *memory, uintptr_t at, void *bytes, size_t size)
{
	return remote_memory_copy(memory, at, bytes, size) == size;
}

/* The word that the note among these says, which lie at address; 0: there is no such note. */
static uint32_t read_word(struct remote_memory *memory, uintptr_t address, size_t size)
{
	uint8_t notes[NOTES_MAX];
	size_t left =
		remote_memory_copy(memory, address, notes, size < NOTES_MAX ? size : NOTES_MAX);

	for (size_t at = 0; left - at >= sizeof(Elf64_Nhdr);) {
		Elf64_Nhdr note;
		int32_t distance;
		uint32_t word;

		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		size_t description = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > left - at || description > left - at - name)
			return 0;
		if (note.n_type == PUBLISHED_SIGNAL_NOTE && note.n_descsz == sizeof(distance) &&
		    note.n_namesz == sizeof(PUBLISHED_OWNER) &&
		    memcmp(notes + at, PUBLISHED_OWNER, sizeof(PUBLISHED_OWNER)) == 0) {
			uintptr_t place = address + at + name;

			memcpy(&distance, notes + at + name, sizeof(distance));
			return read_whole(memory, place + (uintptr_t)(intptr_t)distance, &word,
					  sizeof(word))
				       ? word
				       : 0;
		}
		at += name + description;
	}
	return 0;
}

/* The same for the library whose ELF header is at start. */
static uint32_t read_library(struct remote_memory *memory, uintptr_t start)
{
	Elf64_Ehdr elf;
	Elf64_Phdr headers[HEADERS_MAX];
	uint32_t word = 0;

	if (!read_whole(memory, start, &elf, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phnum > HEADERS_MAX ||
	    elf.e_phentsize != sizeof(*headers) ||
	    !read_whole(memory, start + elf.e_phoff, headers, elf.e_phnum * sizeof(*headers)))
		return 0;
	/* A library's addresses begin at 0, where its ELF header is. */
	for (size_t i = 0; i < elf.e_phnum && !word; i++)
		if (headers[i].p_type == PT_NOTE)
			word = read_word(memory, start + headers[i].p_vaddr, headers[i].p_memsz);
	return word;
}

static bool is_library(const struct mapping *mapping)
{
	const char *name = strrchr(mapping->path, '/');

	return name && mapping->offset == 0 &&
	       strncmp(name, "/libfdtrail.so", strlen("/libfdtrail.so")) == 0;
}

int published_signal_of(int pid)
{
	struct remote_memory *memory = remote_memory_create(pid);
	struct mappings mappings;
	uint32_t word = 0;

	if (!memory)
		return -ENOMEM;
	int error = mappings_read(&mappings, pid);
	for (size_t i = 0; i < mappings.count && !word; i++)
		if (is_library(&mappings.list[i]))
			word = read_library(memory, mappings.list[i].start);
	mappings_finish(&mappings);
	remote_memory_destroy(memory);
	if (error)
		return error;
	if ((word & 0xffff0000u) != PUBLISHED_MARK || (word & 0xffff) > SIGNALS)
		return -ENODATA;
	return (int)(word & 0xffff);
}

// SPDX-License-Identifier: MIT
/* See loaded_tracer.h. Nothing that is read from the process is trusted. */
#include "loaded_tracer.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "preload/core/policy/signal_note.h"
#include "mappings.h"
#include "process_memory.h"

#define LIBRARY "/libfdtrail.so"

enum { HEADERS_MAX = 32, NOTES_MAX = 1024, SIGNALS = 64 };

static bool read_whole(int pid, uintptr_t at, void *bytes, size_t size)
{
	return process_memory_read(pid, at, bytes, size) == size;
}

bool tracer_note_find(const uint8_t *notes, size_t size, uint32_t type, int64_t *target)
{
	for (size_t at = 0; size - at >= sizeof(Elf64_Nhdr);) {
		Elf64_Nhdr note;
		int32_t distance;

		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		size_t description = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		if (name > size - at || description > size - at - name)
			return false;
		if (note.n_type == type && note.n_descsz == sizeof(distance) &&
		    note.n_namesz == sizeof(SIGNAL_NOTE_OWNER) &&
		    memcmp(notes + at, SIGNAL_NOTE_OWNER, sizeof(SIGNAL_NOTE_OWNER)) == 0) {
			memcpy(&distance, notes + at + name, sizeof(distance));
			*target = (int64_t)(at + name) + distance;
			return true;
		}
		at += name + description;
	}
	return false;
}

/* Whether our note of this type is among the notes at address. Sets *word to the address that the
 * note refers to. */
static bool find_note(int pid, uintptr_t address, size_t size, uint32_t type, uintptr_t *word)
{
	uint8_t notes[NOTES_MAX];
	size_t got = process_memory_read(pid, address, notes, size < NOTES_MAX ? size : NOTES_MAX);
	int64_t target;

	if (!tracer_note_find(notes, got, type, &target))
		return false;
	*word = address + (uintptr_t)target;
	return true;
}

/* The same for all notes of the library whose ELF header is at start. */
static bool find_in_library(int pid, uintptr_t start, uint32_t type, uintptr_t *word)
{
	Elf64_Ehdr elf;
	Elf64_Phdr headers[HEADERS_MAX];
	bool found = false;

	if (!read_whole(pid, start, &elf, sizeof(elf)) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_phnum > HEADERS_MAX ||
	    elf.e_phentsize != sizeof(*headers) || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    !read_whole(pid, start + elf.e_phoff, headers, elf.e_phnum * sizeof(*headers)))
		return false;
	/* A library's addresses begin at 0, where its ELF header is. */
	for (size_t i = 0; i < elf.e_phnum && !found; i++)
		if (headers[i].p_type == PT_NOTE)
			found = find_note(pid, start + headers[i].p_vaddr, headers[i].p_memsz, type,
					  word);
	return found;
}

/* Whether the library is in process pid, whatever its file's name. Sets *word to the address
 * that its note of this type refers to. */
static bool find_in_process(int pid, const struct mappings *mappings, uint32_t type,
			    uintptr_t *word)
{
	for (size_t i = 0; i < mappings->count; i++)
		if (mappings->list[i].offset == 0 && mappings->list[i].path[0] == '/' &&
		    find_in_library(pid, mappings->list[i].start, type, word))
			return true;
	return false;
}

/* Reads what the library's note of this type refers to, and sets *place to its address. */
static bool read_noted(int pid, const struct mappings *mappings, uint32_t type, void *bytes,
		       size_t size, uintptr_t *place)
{
	return find_in_process(pid, mappings, type, place) && read_whole(pid, *place, bytes, size);
}

/* Whether a file of the library's name is mapped. It may be another file, but the note can't be
 * read if we may not ptrace(2) the process. */
static bool is_named(const struct mappings *mappings)
{
	for (size_t i = 0; i < mappings->count; i++) {
		const char *name = strrchr(mappings->list[i].path, '/');

		if (name && strncmp(name, LIBRARY, strlen(LIBRARY)) == 0 &&
		    (!name[strlen(LIBRARY)] || name[strlen(LIBRARY)] == '.'))
			return true;
	}
	return false;
}

/* Whether `fdtrail attach` has loaded the library, and it does nothing now. */
static bool is_idle(int pid, const struct mappings *mappings)
{
	struct attach_door door;
	uintptr_t place;

	if (!read_noted(pid, mappings, ATTACH_NOTE_TYPE, &door, sizeof(door), &place))
		return false;
	uint32_t state = atomic_load(&door.state);
	return state == ATTACH_ASLEEP || state == ATTACH_IDLE || state == ATTACH_FAILED;
}

int loaded_tracer_find(int pid)
{
	struct mappings mappings;
	uintptr_t word;

	int error = mappings_read(&mappings, pid);
	bool found =
		is_named(&mappings) || find_in_process(pid, &mappings, SIGNAL_NOTE_TYPE, &word);
	if (found && is_idle(pid, &mappings))
		found = false;
	mappings_finish(&mappings);
	return error ? error : found;
}

/* The same by the process' id alone. 0 or a negative errno: -ENOENT there is no such note. */
static int read_noted_of(int pid, uint32_t type, void *bytes, size_t size, uintptr_t *place)
{
	struct mappings mappings;

	int error = mappings_read(&mappings, pid);
	if (!error && !read_noted(pid, &mappings, type, bytes, size, place))
		error = -ENOENT;
	mappings_finish(&mappings);
	return error;
}

int loaded_tracer_door(int pid, struct attach_door *door, uintptr_t *place)
{
	return read_noted_of(pid, ATTACH_NOTE_TYPE, door, sizeof(*door), place);
}

int loaded_tracer_answer(int pid, uintptr_t *place)
{
	struct answer_box box;
	int error = read_noted_of(pid, ANSWER_NOTE_TYPE, &box, sizeof(box), place);

	return !error && box.version != ANSWER_VERSION ? -ENOENT : error;
}

int loaded_tracer_signal(int pid)
{
	struct mappings mappings;
	uintptr_t place;
	uint32_t word = 0;

	int error = mappings_read(&mappings, pid);
	if (!read_noted(pid, &mappings, SIGNAL_NOTE_TYPE, &word, sizeof(word), &place))
		word = 0;
	mappings_finish(&mappings);
	if (error)
		return error;
	if ((word & 0xffff0000u) != SIGNAL_NOTE_MARK || (word & 0xffff) > SIGNALS)
		return -ENODATA;
	return (int)(word & 0xffff);
}

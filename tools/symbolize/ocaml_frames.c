// SPDX-License-Identifier: MIT
/*
 * See ocaml_frames.h. caml_frametable is a list of pointers to tables, one for each module of the
 * program, that ends with NULL. A table is a 64-bit count, then so many descriptors:
 *
 *     u64 return address; u16 frame size and flags; u16 count of live values; u16 each of these
 *     FRAME_ALLOCATES: u8 count of allocations; u8 each of these
 *     FRAME_HAS_LINES: aligned to 4, u32 distance to the location; one for each allocation, 0: none
 *     aligned to 8
 *
 * A location is two 32-bit words, and that of the next outer function follows if INFO_MORE is set.
 * The first word has the distance from here to the name: an i32 distance from there to the file's
 * name, in long locations 8 bytes that are not needed here, and the function's name.
 */
#include "ocaml_frames.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "go_elf.h"

enum {
	TABLES_MAX = 1 << 16,
	FRAMES_MAX = 1 << 24,
	NAME_MAX_SIZE = 4096,

	FRAME_HAS_LINES = 1,
	FRAME_ALLOCATES = 2,
	FRAME_OF_C = 0xffff, /* the outermost frame of OCaml, without lines */

	INFO_MORE = 1,
	INFO_NAME = 0x3fffffc,

	SHORT_NAME = 4, /* offset of the function's name after the distance to the file's */
	LONG_NAME = 12,
	COLUMN_START = 4, /* offset of the column there, in long locations */

	COLUMN_MOST = 0xff, /* in OCaml 4: this or more */
};

/* Set in the second word of long locations, which came with the end of a location. Before, it was a
 * bit of the line, which no source file is long enough for. */
static const uint32_t info_long = 0x80000000;

struct frame {
	uint64_t return_address;
	uint64_t location; /* address */
};

struct ocaml_frames {
	struct go_elf elf;
	struct frame *items;
	size_t count, room;
	bool has_ends; /* locations have the format with ends */
};

static bool read_at(const struct go_elf *elf, uint64_t address, void *to, size_t size)
{
	uint64_t available;
	const uint8_t *bytes = go_elf_bytes(elf, address, &available);

	if (!bytes || available < size)
		return false;
	memcpy(to, bytes, size);
	return true;
}

static const char *string_at(const struct go_elf *elf, uint64_t address)
{
	uint64_t available;
	const uint8_t *bytes = go_elf_bytes(elf, address, &available);

	if (!bytes)
		return NULL;
	if (available > NAME_MAX_SIZE)
		available = NAME_MAX_SIZE;
	return memchr(bytes, '\0', available) ? (const char *)bytes : NULL;
}

static bool is_code(const struct go_elf *elf, uint64_t address)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const Elf64_Phdr *segment = &elf->segments[i];

		/* A call may be a segment's last instruction. */
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) &&
		    address > segment->p_vaddr && address - segment->p_vaddr <= segment->p_memsz)
			return true;
	}
	return false;
}

static uint64_t align(uint64_t address, uint64_t to)
{
	return (address + to - 1) & -to;
}

static int add_frame(struct ocaml_frames *frames, uint64_t return_address, uint64_t location)
{
	if (frames->count == frames->room) {
		size_t room = frames->room ? 2 * frames->room : 256;
		struct frame *items =
			room > FRAMES_MAX ? NULL : realloc(frames->items, room * sizeof(*items));

		if (!items)
			return -ENOMEM;
		frames->items = items;
		frames->room = room;
	}
	frames->items[frames->count++] =
		(struct frame){.return_address = return_address, .location = location};
	return 0;
}

/* Reads the descriptor at *at, adds it if it has lines, and moves *at behind it. */
static int read_frame(struct ocaml_frames *frames, uint64_t *at)
{
	uint64_t return_address, next = *at + sizeof(return_address);
	uint16_t head[2]; /* size and flags, live values */
	uint8_t distances = 1;
	uint64_t location = 0;

	if (!go_elf_pointer(&frames->elf, *at, &return_address) ||
	    !read_at(&frames->elf, next, head, sizeof(head)) ||
	    !is_code(&frames->elf, return_address))
		return -ENOEXEC;
	next += sizeof(head) + head[1] * sizeof(uint16_t);
	if (head[0] == FRAME_OF_C) {
		*at = align(next, sizeof(uint64_t));
		return 0;
	}
	if (head[0] & FRAME_ALLOCATES) {
		if (!read_at(&frames->elf, next, &distances, sizeof(distances)))
			return -ENOEXEC;
		next += sizeof(distances) + distances;
	}
	if (head[0] & FRAME_HAS_LINES) {
		next = align(next, sizeof(uint32_t));
		for (uint8_t i = 0; i < distances; i++, next += sizeof(uint32_t)) {
			uint32_t distance;

			if (!read_at(&frames->elf, next, &distance, sizeof(distance)))
				return -ENOEXEC;
			if (!location && distance)
				location = next + distance;
		}
	}
	*at = align(next, sizeof(uint64_t));
	return location ? add_frame(frames, return_address, location) : 0;
}

static int read_table(struct ocaml_frames *frames, uint64_t at)
{
	uint64_t count;
	int result = 0;

	if (!read_at(&frames->elf, at, &count, sizeof(count)))
		return -ENOEXEC;
	at += sizeof(count);
	/* A descriptor that the file does not have ends the loop. */
	for (uint64_t i = 0; i < count && result == 0; i++)
		result = read_frame(frames, &at);
	return result;
}

static int read_tables(struct ocaml_frames *frames, uint64_t tables)
{
	for (size_t i = 0; i < TABLES_MAX; i++) {
		uint64_t table;
		int result;

		if (!go_elf_pointer(&frames->elf, tables + i * sizeof(table), &table))
			return -ENOEXEC;
		if (!table)
			return 0;
		result = read_table(frames, table);
		if (result < 0)
			return result;
	}
	return -ENOEXEC;
}

/* Whether one of the locations is long. Every program has such: they are in the standard
 * library. */
static bool any_is_long(const struct ocaml_frames *frames)
{
	for (size_t i = 0; i < frames->count; i++) {
		uint32_t info[2] = {INFO_MORE};

		for (size_t depth = 0; depth < OCAML_LOCATIONS_MAX && (info[0] & INFO_MORE);
		     depth++) {
			if (!read_at(&frames->elf, frames->items[i].location + depth * sizeof(info),
				     info, sizeof(info)))
				break;
			if (info[1] & info_long)
				return true;
		}
	}
	return false;
}

/* Fills in line and column of a location whose name is at this address. */
static bool unpack(const struct ocaml_frames *frames, uint32_t info, uint64_t name,
		   struct ocaml_location *location)
{
	uint16_t column;

	if (!frames->has_ends) {
		location->line = (int)(info >> 12);
		column = info >> 4 & 0xff;
		location->column = column == COLUMN_MOST ? 0 : column + 1;
	} else if (info & info_long) {
		if (!read_at(&frames->elf, name + COLUMN_START, &column, sizeof(column)))
			return false;
		location->line = (int)(info >> 12 & 0x7ffff);
		location->column = column + 1;
	} else {
		location->line = (int)(info >> 19);
		location->column = (int)(info >> 10 & 0x3f) + 1;
	}
	return true;
}

/* Fills in the locations of a frame. 0: one of them is damaged, or there are too many. */
static size_t read_locations(const struct ocaml_frames *frames, const struct frame *frame,
			     struct ocaml_location *locations)
{
	uint32_t info[2];
	size_t count = 0;

	do {
		uint64_t at = frame->location + count * sizeof(info), name;
		struct ocaml_location *location = &locations[count];
		int32_t to_file;

		if (count == OCAML_LOCATIONS_MAX || !read_at(&frames->elf, at, info, sizeof(info)))
			return 0;
		name = at + (info[0] & INFO_NAME);
		if (!read_at(&frames->elf, name, &to_file, sizeof(to_file)) ||
		    !unpack(frames, info[1], name, location))
			return 0;
		location->file = string_at(&frames->elf, name + (uint64_t)(int64_t)to_file);
		location->function =
			string_at(&frames->elf,
				  name + (frames->has_ends && (info[1] & info_long) ? LONG_NAME
										    : SHORT_NAME));
		if (!location->file || !location->function)
			return 0;
		count++;
	} while (info[0] & INFO_MORE);
	return count;
}

static bool all_are_readable(const struct ocaml_frames *frames)
{
	struct ocaml_location locations[OCAML_LOCATIONS_MAX];

	for (size_t i = 0; i < frames->count; i++)
		if (!read_locations(frames, &frames->items[i], locations))
			return false;
	return true;
}

static int compare_frames(const void *left, const void *right)
{
	const struct frame *a = left, *b = right;

	return (a->return_address > b->return_address) - (a->return_address < b->return_address);
}

struct ocaml_frames *ocaml_frames_create(const void *elf, size_t size, uint64_t tables)
{
	struct ocaml_frames *frames = calloc(1, sizeof(*frames));
	int result;

	if (!frames)
		return NULL;
	result = go_elf_init(&frames->elf, elf, size);
	if (result == 0)
		result = read_tables(frames, tables);
	if (result == 0) {
		frames->has_ends = any_is_long(frames);
		if (!frames->count || !all_are_readable(frames))
			result = -ENOEXEC;
	}
	if (result < 0) {
		ocaml_frames_destroy(frames);
		errno = result == -ENOMEM ? ENOMEM : 0;
		return NULL;
	}
	qsort(frames->items, frames->count, sizeof(*frames->items), compare_frames);
	return frames;
}

void ocaml_frames_destroy(struct ocaml_frames *frames)
{
	if (!frames)
		return;
	go_elf_destroy(&frames->elf);
	free(frames->items);
	free(frames);
}

size_t ocaml_frames_locations(const struct ocaml_frames *frames, uint64_t return_address,
			      struct ocaml_location locations[OCAML_LOCATIONS_MAX])
{
	const struct frame key = {.return_address = return_address};
	const struct frame *frame =
		bsearch(&key, frames->items, frames->count, sizeof(key), compare_frames);

	return frame ? read_locations(frames, frame, locations) : 0;
}

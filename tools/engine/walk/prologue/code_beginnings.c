// SPDX-License-Identifier: MIT
/* See code_beginnings.h. */
#include "code_beginnings.h"

#include <elf.h>
#include <stdlib.h>

#include "tools/process/process_memory.h"
#include "x86_instruction.h"

enum {
	DYNAMIC_MAX = 128, /* entries of a dynamic section; linkers write some 30 */
	PIECE = 64 * 1024, /* bytes of data that are read at once */
};

struct scan {
	int pid;
	uintptr_t start; /* of the code .. */
	size_t size;
	const uint8_t *code; /* .. and a copy of it */
	struct code_beginnings *found;
};

static bool add(struct scan *scan, uint64_t address, uint32_t jumped_to)
{
	uint64_t offset = address - scan->start;

	if (offset >= scan->size)
		return true;
	if (scan->found->count == scan->found->room) {
		size_t room = scan->found->room ? scan->found->room * 2 : 4096;
		uint32_t *list = realloc(scan->found->list, room * sizeof(*list));

		if (!list)
			return false;
		scan->found->list = list;
		scan->found->room = room;
	}
	scan->found->list[scan->found->count++] = (uint32_t)offset << 1 | jumped_to;
	return true;
}

/* Adds the targets of all bytes in the code that look like a call (E8), a jump (E9), or an
 * instruction that loads an address (lea, 8D, relative to rip; mov, B8 to BF and C7, in programs at
 * fixed addresses). */
static bool scan_code(struct scan *scan)
{
	for (size_t at = 0; at + 6 <= scan->size; at++) {
		const uint8_t *code = scan->code + at;
		uint64_t behind = scan->start + at;
		bool good = true;

		if (code[0] == 0xe8)
			good = add(scan, behind + 5 + (uint64_t)(int64_t)x86_displacement(code + 1),
				   0);
		else if (code[0] == 0xe9)
			good = add(scan, behind + 5 + (uint64_t)(int64_t)x86_displacement(code + 1),
				   JUMPED_TO);
		else if (code[0] == 0x8d && (code[1] & 0xc7) == 0x05)
			good = add(scan, behind + 6 + (uint64_t)(int64_t)x86_displacement(code + 2),
				   0);
		else if ((code[0] & 0xf8) == 0xb8)
			good = add(scan, (uint32_t)x86_displacement(code + 1), 0);
		else if (code[0] == 0xc7 && (code[1] & 0xf8) == 0xc0)
			good = add(scan, (uint32_t)x86_displacement(code + 2), 0);
		if (!good)
			return false;
	}
	return true;
}

/* The address of the table that the dynamic section names with this tag; 0: none. glibc's dynamic
 * linker replaces the addresses in the section by run-time ones, musl's doesn't. */
static uintptr_t dynamic_table(struct scan *scan, const struct object *object, uintptr_t dynamic,
			       Elf64_Sxword tag)
{
	Elf64_Dyn entry;

	for (int i = 0; i < DYNAMIC_MAX; i++, dynamic += sizeof(entry)) {
		if (process_memory_read(scan->pid, dynamic, &entry, sizeof(entry)) !=
			    sizeof(entry) ||
		    entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == tag)
			return entry.d_un.d_ptr +
			       (entry.d_un.d_ptr < object->bias ? object->bias : 0);
	}
	return 0;
}

/* Adds the functions that other objects call by name: all symbols. The symbol table ends where the
 * strings begin. */
static bool scan_symbols(struct scan *scan, const struct object *object, uintptr_t dynamic)
{
	uintptr_t symbols = dynamic_table(scan, object, dynamic, DT_SYMTAB);
	uintptr_t end = dynamic_table(scan, object, dynamic, DT_STRTAB);
	Elf64_Sym piece[PIECE / sizeof(Elf64_Sym)];
	bool good = true;

	if (end < symbols || end > object->end)
		return true;
	for (uintptr_t at = symbols; at && at < end && good; at += sizeof(piece)) {
		size_t wanted = end - at < sizeof(piece) ? end - at : sizeof(piece);
		size_t got = process_memory_read(scan->pid, at, piece, wanted);

		for (size_t i = 0; i < got / sizeof(*piece) && good; i++)
			if (piece[i].st_shndx != SHN_UNDEF &&
			    ELF64_ST_TYPE(piece[i].st_info) == STT_FUNC)
				good = add(scan, object->bias + piece[i].st_value, 0);
	}
	return good;
}

/* Adds the pointers in data, as in tables of functions. */
static bool scan_data(struct scan *scan, uintptr_t from, uintptr_t to)
{
	uintptr_t piece[PIECE / sizeof(uintptr_t)];

	for (uintptr_t at = (from + 7) & ~(uintptr_t)7; at < to; at += PIECE) {
		size_t wanted = to - at < PIECE ? to - at : (size_t)PIECE;
		size_t got = process_memory_read(scan->pid, at, piece, wanted);

		for (size_t i = 0; i < got / sizeof(*piece); i++)
			if (!add(scan, piece[i], 0))
				return false;
	}
	return true;
}

static int rising(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static void sort(struct code_beginnings *found)
{
	size_t kept = 0;

	if (!found->count)
		return;
	qsort(found->list, found->count, sizeof(*found->list), rising);
	for (size_t i = 0; i < found->count; i++)
		if (i == 0 || found->list[i] >> 1 != found->list[kept - 1] >> 1)
			found->list[kept++] = found->list[i];
	found->count = kept;
}

bool code_beginnings_find(struct code_beginnings *beginnings, int pid, const struct object *object,
			  const uint8_t *code, size_t size, uintptr_t dynamic, uintptr_t entry)
{
	struct scan scan = {
		.pid = pid,
		.start = object->code_start,
		.size = size,
		.code = code,
		.found = beginnings,
	};

	*beginnings = (struct code_beginnings){0};
	if (!add(&scan, entry, 0) || !scan_code(&scan) || !scan_symbols(&scan, object, dynamic) ||
	    !scan_data(&scan, object->start, object->code_start) ||
	    !scan_data(&scan, object->code_end, object->end)) {
		code_beginnings_finish(beginnings);
		return false;
	}
	sort(beginnings);
	return true;
}

void code_beginnings_finish(struct code_beginnings *beginnings)
{
	free(beginnings->list);
	*beginnings = (struct code_beginnings){0};
}

size_t code_beginnings_up_to(const struct code_beginnings *beginnings, uint32_t offset)
{
	size_t low = 0, high = beginnings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (beginnings->list[middle] >> 1 <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

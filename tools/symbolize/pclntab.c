// SPDX-License-Identifier: MIT
/*
 * See pclntab.h. This file finds the table and its parts, looks up functions by address, and reads
 * the pc-value tables. It copies nothing and trusts nothing: a table is accepted only after its
 * header and its list of functions have been checked, and every later read is checked against the
 * size of the file.
 */
#include "pclntab.h"

#include <errno.h>
#include <stdlib.h>

#include "pclntab_layout.h"

enum {
	MAGIC_1_16 = 0xfffffffa,
	MAGIC_1_18 = 0xfffffff0,
	MAGIC_1_20 = 0xfffffff1,
	FUNCTIONS_MAX = 1 << 24,
	CANDIDATES_MAX = 64,      /* most headers that are tried in a file without sections */
	STRING_MAX = 8192,        /* most bytes of a name */
	VALUE_STEPS = 1 << 20,    /* most steps for one value */
	CREATION_STEPS = 1 << 26, /* most steps to accept a file */
};

static const struct pclntab_func func_1_16 = {8, 20, 24, 28, 32, 36, 40, 44};
static const struct pclntab_func func_1_18 = {4, 16, 20, 24, 28, 32, 36, 40};
static const struct pclntab_func func_1_20 = {4, 16, 20, 24, 28, 32, 40, 44};

const struct pclntab_func *pclntab_func_layout(const struct pclntab *table)
{
	switch (table->version) {
	case PCLNTAB_GO_1_16:
		return &func_1_16;
	case PCLNTAB_GO_1_18:
		return &func_1_18;
	case PCLNTAB_GO_1_20:
		break;
	}
	return &func_1_20;
}

/* Reads the entry address and the place of the function with this index; for index == count, the
 * end of the last function. */
static bool function_at(const struct pclntab *table, uint64_t index, uint64_t *entry,
			uint64_t *place)
{
	uint64_t at = table->functions.start;
	uint32_t words[4] = {0};

	if (table->version == PCLNTAB_GO_1_16) {
		at += index * 16;
		if (!pclntab_u32(table, at + 8, &words[2]) && index < table->count)
			return false;
		*place = words[2];
		return go_elf_pointer(&table->elf, table->address + at, entry);
	}
	at += index * 8;
	if (!pclntab_u32(table, at, &words[0]) ||
	    (!pclntab_u32(table, at + 4, &words[1]) && index < table->count))
		return false;
	*entry = table->text + words[0];
	*place = words[1];
	return true;
}

/* Whether the list of functions is valid: in order, each with its own place in the table. */
static bool functions_valid(const struct pclntab *table)
{
	uint64_t before = 0, entry, place;
	uint32_t size = pclntab_func_layout(table)->size;

	for (uint64_t i = 0; i <= table->count; i++) {
		if (!function_at(table, i, &entry, &place) || entry < before)
			return false;
		if (i < table->count &&
		    (place > table->functions.size || table->functions.size - place < size))
			return false;
		before = entry;
	}
	return true;
}

/* Finds the parts. They follow one another in this order, and the last ends with the table. */
static bool take_parts(struct pclntab *table)
{
	unsigned int first = table->version == PCLNTAB_GO_1_16 ? 2 : 3;
	struct pclntab_part *parts[] = {&table->names, &table->units, &table->files, &table->values,
					&table->functions};
	size_t count = sizeof(parts) / sizeof(*parts);
	uint64_t end = table->size;

	for (size_t i = count; i-- > 0;) {
		uint64_t start;

		memcpy(&start, table->bytes + 8 + (first + i) * 8, sizeof(start));
		if (start < 8 + (first + count) * 8 || start > end)
			return false;
		*parts[i] = (struct pclntab_part){start, end - start};
		end = start;
	}
	return true;
}

/* Reads the table's header at address. False: it is not such a header. */
static bool take_header(struct pclntab *table, uint64_t address)
{
	uint32_t magic, rest;

	table->bytes = go_elf_bytes(&table->elf, address, &table->size);
	table->address = address;
	table->module = 0;
	if (!table->bytes || table->size < 8 + 8 * 8 || !pclntab_u32(table, 0, &magic) ||
	    !pclntab_u32(table, 4, &rest))
		return false;
	/* The rest of the header's first 8 bytes: two zero bytes, the quantum of instruction
	 * lengths, the size of a pointer. */
	table->quantum = rest >> 16 & 0xff;
	if ((rest & 0xffff) != 0 || rest >> 24 != 8 || !table->quantum || table->quantum > 4)
		return false;
	if (magic == MAGIC_1_16)
		table->version = PCLNTAB_GO_1_16;
	else if (magic == MAGIC_1_18)
		table->version = PCLNTAB_GO_1_18;
	else if (magic == MAGIC_1_20)
		table->version = PCLNTAB_GO_1_20;
	else
		return false;
	memcpy(&table->count, table->bytes + 8, sizeof(table->count));
	if (table->count == 0 || table->count > FUNCTIONS_MAX || !take_parts(table))
		return false;
	if (++table->candidates > CANDIDATES_MAX)
		return false;
	table->text = 0;
	if (table->version != PCLNTAB_GO_1_16 &&
	    !go_elf_pointer(&table->elf, address + 24, &table->text))
		return false;
	pclntab_find_module(table);
	/* If the module data is not found: a program that Go's own linker linked has its text
	 * there. */
	if (!table->text && table->version != PCLNTAB_GO_1_16) {
		uint64_t size;
		go_elf_section(&table->elf, ".text", &table->text, &size);
	}
	return functions_valid(table);
}

/* Finds the table of a file without section headers: the magic number may be anywhere in the loaded
 * bytes. */
static bool scan(struct pclntab *table)
{
	for (size_t i = 0; i < table->elf.segment_count; i++) {
		const Elf64_Phdr *segment = &table->elf.segments[i];
		uint64_t size, at = -segment->p_vaddr & 7;
		const uint8_t *bytes = segment->p_type != PT_LOAD
					       ? NULL
					       : go_elf_bytes(&table->elf, segment->p_vaddr, &size);

		for (; bytes && at + 8 <= size; at += 8) {
			uint32_t magic;

			memcpy(&magic, bytes + at, sizeof(magic));
			if (magic >= MAGIC_1_18 && take_header(table, segment->p_vaddr + at))
				return true;
		}
	}
	return false;
}

static const char *const sections[] = {".gopclntab", ".data.rel.ro.gopclntab"};
enum { SECTIONS = sizeof(sections) / sizeof(*sections) };

static bool find_table(struct pclntab *table)
{
	uint64_t address, size;

	for (size_t i = 0; i < SECTIONS; i++)
		if (go_elf_section(&table->elf, sections[i], &address, &size) &&
		    take_header(table, address))
			return true;
	return scan(table);
}

struct pclntab *pclntab_create(const void *elf, size_t size)
{
	struct pclntab *table = calloc(1, sizeof(*table));
	int result;

	if (!table) {
		errno = ENOMEM;
		return NULL;
	}
	table->steps = &table->steps_left;
	table->steps_left = CREATION_STEPS;
	result = go_elf_init(&table->elf, elf, size);
	if (result == 0 && find_table(table)) {
		pclntab_find_inlining(table);
		table->steps_left = UINT64_MAX;
		return table;
	}
	pclntab_destroy(table);
	errno = result == -ENOMEM ? ENOMEM : 0;
	return NULL;
}

void pclntab_destroy(struct pclntab *table)
{
	if (!table)
		return;
	go_elf_destroy(&table->elf);
	free(table);
}

bool pclntab_is_there(const void *bytes, size_t size)
{
	struct go_elf elf;
	uint64_t address, section_size;
	bool found = false;

	if (go_elf_init(&elf, bytes, size) < 0)
		return false;
	for (size_t i = 0; i < SECTIONS && !found; i++)
		found = go_elf_section(&elf, sections[i], &address, &section_size);
	go_elf_destroy(&elf);
	return found;
}

enum pclntab_version pclntab_version(const struct pclntab *table)
{
	return table->version;
}

const char *pclntab_string(const struct pclntab *table, const struct pclntab_part *part,
			   uint64_t offset)
{
	const char *string;

	if (offset >= part->size)
		return NULL;
	string = (const char *)table->bytes + part->start + offset;
	uint64_t size = part->size - offset;
	return memchr(string, 0, size < STRING_MAX ? size : STRING_MAX) ? string : NULL;
}

/* Fills in function from its _func. */
static bool take_function(const struct pclntab *table, uint64_t index,
			  struct pclntab_function *function)
{
	const struct pclntab_func *layout = pclntab_func_layout(table);
	uint64_t place, next;
	uint32_t name, id;

	if (!function_at(table, index, &function->entry, &place) ||
	    !function_at(table, index + 1, &function->end, &next))
		return false;
	function->offset = table->functions.start + place;
	if (!pclntab_u32(table, function->offset + layout->name, &name) ||
	    !pclntab_u32(table, function->offset + layout->id, &id))
		return false;
	function->name = pclntab_string(table, &table->names, name);
	function->id = (uint8_t)id;
	function->flags = (uint8_t)(id >> 8);
	return function->name && *function->name;
}

bool pclntab_find(const struct pclntab *table, uint64_t pc, struct pclntab_function *function)
{
	uint64_t low = 0, high = table->count, entry, place;

	/* entry[low] <= pc < entry[high] */
	if (!function_at(table, low, &entry, &place) || pc < entry ||
	    !function_at(table, high, &entry, &place) || pc >= entry)
		return false;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (!function_at(table, middle, &entry, &place))
			return false;
		if (pc < entry)
			high = middle;
		else
			low = middle;
	}
	return take_function(table, low, function);
}

void pclntab_entries(const struct pclntab *table, const char *const *names, uint64_t *entries,
		     size_t count)
{
	struct pclntab_function function;

	memset(entries, 0, count * sizeof(*entries));
	for (uint64_t i = 0; i < table->count; i++) {
		if (!take_function(table, i, &function))
			continue;
		for (size_t name = 0; name < count; name++)
			if (!entries[name] && strcmp(function.name, names[name]) == 0)
				entries[name] = function.entry;
	}
}

/* Reads a number of 7 bits a byte, lowest first. */
static bool read_varint(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 35 && *at < end; shift += 7) {
		uint8_t byte = *(*at)++;

		*value |= (uint32_t)(byte & 0x7f) << (shift < 32 ? shift : 31);
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

bool pclntab_value(const struct pclntab *table, const struct pclntab_function *function,
		   uint32_t values, uint64_t pc, int32_t *value)
{
	const uint8_t *at = table->bytes + table->values.start;
	const uint8_t *end = at + table->values.size;
	uint64_t to = function->entry;
	uint32_t current = UINT32_MAX, change, length, steps = VALUE_STEPS;

	/* 0 means that there is no table. */
	if (values == 0 || values >= table->values.size)
		return false;
	at += values;
	for (bool first = true; read_varint(&at, end, &change); first = false) {
		if (steps-- == 0 || *table->steps == 0 || (change == 0 && !first) ||
		    !read_varint(&at, end, &length))
			return false;
		(*table->steps)--;
		current += change & 1 ? ~(change >> 1) : change >> 1;
		to += (uint64_t)length * table->quantum;
		if (pc < to) {
			*value = (int32_t)current;
			return true;
		}
	}
	return false;
}

bool pclntab_pcdata(const struct pclntab *table, const struct pclntab_function *function,
		    uint32_t number, uint32_t *values)
{
	const struct pclntab_func *layout = pclntab_func_layout(table);
	uint32_t count;

	return pclntab_u32(table, function->offset + layout->npcdata, &count) && number < count &&
	       pclntab_u32(table, function->offset + layout->size + number * 4ull, values);
}

int32_t pclntab_frame_size(const struct pclntab *table, const struct pclntab_function *function,
			   uint64_t pc)
{
	uint32_t values;
	int32_t size;

	if (!pclntab_u32(table, function->offset + pclntab_func_layout(table)->pcsp, &values) ||
	    !pclntab_value(table, function, values, pc, &size))
		return -1;
	return size;
}

void pclntab_line(const struct pclntab *table, const struct pclntab_function *function, uint64_t pc,
		  const char **file, int *line)
{
	const struct pclntab_func *layout = pclntab_func_layout(table);
	uint32_t values, unit, name;
	int32_t value;

	*file = NULL;
	*line = 0;
	if (pclntab_u32(table, function->offset + layout->pcln, &values) &&
	    pclntab_value(table, function, values, pc, &value) && value > 0)
		*line = value;
	/* The file's number is relative to its compilation unit. */
	if (!pclntab_u32(table, function->offset + layout->pcfile, &values) ||
	    !pclntab_value(table, function, values, pc, &value) || value < 0 ||
	    !pclntab_u32(table, function->offset + layout->unit, &unit))
		return;
	uint64_t at = ((uint64_t)unit + (uint32_t)value) * 4;
	if (at < table->units.size && pclntab_u32(table, table->units.start + at, &name) &&
	    name != UINT32_MAX)
		*file = pclntab_string(table, &table->files, name);
}

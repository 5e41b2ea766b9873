// SPDX-License-Identifier: MIT
/* See unwind_table.h. The format is that of the Linux Standard Base, "Exception Frames" (10.6.1).
 */
#include "unwind_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Pointer encodings: LSB 10.5.1, "DWARF Exception Header Encoding". */
enum {
	ENCODING_ABSOLUTE = 0x00,
	ENCODING_ULEB128 = 0x01,
	ENCODING_UDATA2 = 0x02,
	ENCODING_UDATA4 = 0x03,
	ENCODING_UDATA8 = 0x04,
	ENCODING_SLEB128 = 0x09,
	ENCODING_SDATA2 = 0x0a,
	ENCODING_SDATA4 = 0x0b,
	ENCODING_SDATA8 = 0x0c,
	ENCODING_FORMAT = 0x0f,
	ENCODING_RELATIVE = 0x70,
	ENCODING_PC_RELATIVE = 0x10,
	ENCODING_INDIRECT = 0x80,
	ENCODING_OMITTED = 0xff,
};

/* version 1, pointer pcrel|sdata4, count udata4, table datarel|sdata4 */
#define TABLE_ENCODINGS 0x3b031b01u

/* A place in the bytes, and where they end. A read past the end sets bad. */
struct bytes {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t take(struct bytes *bytes, size_t size)
{
	uint64_t value = 0;

	if (bytes->bad || (size_t)(bytes->end - bytes->at) < size) {
		bytes->bad = true;
		return 0;
	}
	memcpy(&value, bytes->at, size); /* this machine's byte order is the file's:
					  * little-endian */
	bytes->at += size;
	return value;
}

static uint64_t take_leb128(struct bytes *bytes, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned int shift = 0;

	do {
		byte = take(bytes, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80 && !bytes->bad);
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~UINT64_C(0) << shift;
	return value;
}

/* Reads a value in one of the formats. The base that it is relative to is not added. */
static uint64_t take_encoded(struct bytes *bytes, uint8_t encoding)
{
	switch (encoding & ENCODING_FORMAT) {
	case ENCODING_ABSOLUTE:
	case ENCODING_UDATA8:
	case ENCODING_SDATA8:
		return take(bytes, 8);
	case ENCODING_UDATA4:
		return take(bytes, 4);
	case ENCODING_SDATA4:
		return (uint64_t)(int64_t)(int32_t)take(bytes, 4);
	case ENCODING_UDATA2:
		return take(bytes, 2);
	case ENCODING_SDATA2:
		return (uint64_t)(int64_t)(int16_t)take(bytes, 2);
	case ENCODING_ULEB128:
		return take_leb128(bytes, false);
	case ENCODING_SLEB128:
		return take_leb128(bytes, true);
	default:
		bytes->bad = true;
		return 0;
	}
}

/* The encoding of the pointers in a CIE's FDEs. ENCODING_OMITTED: the CIE can't be parsed. */
static uint8_t pointer_encoding(struct bytes record)
{
	uint64_t version = take(&record, 1);
	const uint8_t *augmentation = record.at;
	uint8_t encoding = ENCODING_ABSOLUTE;

	while (take(&record, 1))
		;
	if (record.bad || (version != 1 && version != 3))
		return ENCODING_OMITTED;
	if (!*augmentation)
		return encoding;
	if (*augmentation != 'z')
		return ENCODING_OMITTED;
	take_leb128(&record, false); /* code alignment */
	take_leb128(&record, true);  /* data alignment */
	if (version == 1)
		take(&record, 1); /* column of the return address */
	else
		take_leb128(&record, false);
	take_leb128(&record, false); /* length of the augmentation data */
	for (augmentation++; *augmentation; augmentation++) {
		switch (*augmentation) {
		case 'R':
			encoding = (uint8_t)take(&record, 1);
			return record.bad ? ENCODING_OMITTED : encoding;
		case 'P':
			encoding = (uint8_t)take(&record, 1);
			take_encoded(&record, encoding);
			encoding = ENCODING_ABSOLUTE;
			break;
		case 'L':
			take(&record, 1);
			break;
		case 'S':
		case 'B':
			break;
		default:
			return ENCODING_OMITTED;
		}
	}
	return record.bad ? ENCODING_OMITTED : encoding;
}

struct builder {
	const uint8_t *frames;
	size_t size;
	uint64_t address, base;
	uint64_t common;  /* offset of the CIE that was parsed last .. */
	uint8_t encoding; /* .. and its pointer_encoding */
	struct unwind_table *table;
	uint32_t room;
};

/* Takes the record (CIE or FDE) at offset, without its length, and moves offset to its end. False:
 * there is no more. */
static bool next_record(const struct builder *builder, size_t *offset, struct bytes *record)
{
	struct bytes rest = {.at = builder->frames + *offset,
			     .end = builder->frames + builder->size};
	uint64_t length = take(&rest, 4);

	if (length == UINT32_MAX)
		length = take(&rest, 8);
	if (rest.bad || length > (uint64_t)(rest.end - rest.at))
		return false;
	*record = (struct bytes){.at = rest.at, .end = rest.at + length};
	*offset = (size_t)(record->end - builder->frames);
	return true;
}

static uint8_t encoding_of(struct builder *builder, uint64_t common)
{
	size_t offset = common;
	struct bytes record;

	if (common == builder->common)
		return builder->encoding;
	builder->common = common;
	builder->encoding = ENCODING_OMITTED;
	if (common < builder->size && next_record(builder, &offset, &record) &&
	    take(&record, 4) == 0 && !record.bad)
		builder->encoding = pointer_encoding(record);
	return builder->encoding;
}

static bool add(struct builder *builder, uint64_t start, uint64_t description)
{
	struct unwind_table *table = builder->table;
	int64_t from = (int64_t)(start - builder->base);
	int64_t to = (int64_t)(description - builder->base);

	if (from != (int32_t)from || to != (int32_t)to)
		return true;
	if (!table || table->count == builder->room) {
		uint32_t count = table ? table->count : 0;
		uint32_t room = builder->room ? builder->room * 2 : 1024;
		size_t bytes = sizeof(*table) + (size_t)room * sizeof(*table->entries);

		struct unwind_table *larger = realloc(table, bytes);

		if (!larger)
			return false;
		table = larger;
		table->count = count;
		builder->table = table;
		builder->room = room;
	}
	table->entries[table->count++] =
		(struct unwind_entry){.start = (int32_t)from, .description = (int32_t)to};
	return true;
}

/* Adds the FDE that begins at offset; record begins at its first field. False: no memory. */
static bool take_description(struct builder *builder, size_t offset, struct bytes record)
{
	uint64_t at = (uint64_t)(record.at - builder->frames);
	uint64_t back = take(&record, 4);

	if (record.bad || back > at)
		return true;
	uint8_t encoding = encoding_of(builder, at - back);
	if (encoding == ENCODING_OMITTED || encoding & ENCODING_INDIRECT)
		return true;

	uint64_t place = builder->address + (uint64_t)(record.at - builder->frames);
	uint64_t start = take_encoded(&record, encoding);
	uint64_t length = take_encoded(&record, encoding & ENCODING_FORMAT);
	if (record.bad || !length)
		return true;
	switch (encoding & ENCODING_RELATIVE) {
	case ENCODING_ABSOLUTE:
		break;
	case ENCODING_PC_RELATIVE:
		start += place;
		break;
	default:
		return true;
	}
	return add(builder, start, builder->address + offset);
}

static int by_start(const void *left, const void *right)
{
	const struct unwind_entry *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->description > b->description) - (a->description < b->description);
}

static struct unwind_table *finish(struct unwind_table *table, size_t *table_size)
{
	uint32_t kept = 0;

	if (table->count)
		qsort(table->entries, table->count, sizeof(*table->entries), by_start);
	for (uint32_t i = 0; i < table->count; i++)
		if (i == 0 || table->entries[i].start != table->entries[kept - 1].start)
			table->entries[kept++] = table->entries[i];
	table->encodings = TABLE_ENCODINGS;
	table->frames = 0;
	table->count = kept;

	/* The table is read in words of 8 bytes, so its size must be a multiple of 8. */
	size_t bytes = sizeof(*table) + kept * sizeof(*table->entries), whole = (bytes + 7) / 8 * 8;
	struct unwind_table *exact = realloc(table, whole);
	if (!exact) {
		free(table);
		return NULL;
	}
	memset((char *)exact + bytes, 0, whole - bytes);
	*table_size = whole;
	return exact;
}

struct unwind_table *unwind_table_build(const uint8_t *frames, size_t size, uint64_t address,
					uint64_t base, size_t *table_size)
{
	struct builder builder = {
		.frames = frames,
		.size = size,
		.address = address,
		.base = base,
		.common = UINT64_MAX,
	};
	struct bytes record;

	for (size_t offset = 0, at; at = offset, next_record(&builder, &offset, &record);) {
		struct bytes id = record;

		/* A length of zero ends the section, or the part that one object file has in it. */
		if (record.at == record.end || take(&id, 4) == 0 || id.bad)
			continue;
		if (!take_description(&builder, at, record)) {
			free(builder.table);
			return NULL;
		}
	}
	return builder.table ? finish(builder.table, table_size) : NULL;
}

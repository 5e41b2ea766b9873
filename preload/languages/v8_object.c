// SPDX-License-Identifier: MIT
/* See v8_object.h. */
#include "v8_object.h"

enum {
	STRING_DEPTH = 64,             /* parts of parts that are followed */
	STRING_MAX = 64 * 1024 * 1024, /* characters; a longer source has no lines */
	BYTES_MAX = 16 * 1024 * 1024,
};

bool v8_is_string(uintptr_t object)
{
	uint32_t type;

	return v8_type(object, &type) && type < v8_layout.type_first_no_string;
}

static bool readable(uintptr_t address, size_t size)
{
	for (size_t done = 0; done < size; done += PROVEN_PAGE) {
		size_t part = size - done < PROVEN_PAGE ? size - done : PROVEN_PAGE;

		if (!proven_readable(address + done, part))
			return false;
	}
	return true;
}

/* Part of a string: skip characters from its beginning, then count. */
struct part {
	uintptr_t string;
	uint32_t skip, count;
};

static bool length_of(uintptr_t string, uint32_t *length)
{
	uintptr_t word;

	if (!v8_member(string, v8_layout.string_length & ~7u, &word))
		return false;
	*length = (uint32_t)(word >> 8 * (v8_layout.string_length & 7));
	return *length <= STRING_MAX;
}

/* Gives the characters of a string that holds them itself, or whose program holds them. */
static bool give(uintptr_t characters, uint32_t type, const struct part *part, v8_each_text *each,
		 void *data, bool *more)
{
	bool wide = !(type & v8_layout.string_one_byte);
	size_t width = wide ? 2 : 1;
	struct v8_text text = {
		.characters = (const void *)(characters + part->skip * width),
		.size = part->count,
		.wide = wide,
	};

	if (part->count && !readable((uintptr_t)text.characters, part->count * width))
		return false;
	*more = !part->count || each(data, &text);
	return true;
}

bool v8_string_each(uintptr_t string, v8_each_text *each, void *data)
{
	struct part parts[STRING_DEPTH] = {{.string = string}};
	uint32_t count = 1;
	bool more = true;

	if (!v8_is_string(string) || !length_of(string, &parts[0].count))
		return false;
	for (uint32_t steps = 0; count && more; steps++) {
		struct part part = parts[--count];
		uintptr_t first, second;
		uint32_t type, length, kind;

		if (steps == 1 << 20 || !v8_type(part.string, &type) ||
		    type >= v8_layout.type_first_no_string || !length_of(part.string, &length) ||
		    part.skip > length || part.count > length - part.skip)
			return false;
		kind = type & v8_layout.string_kind_mask;
		if (kind == v8_layout.string_cons) {
			uint32_t left;

			if (!v8_member(part.string, v8_layout.cons_first, &first) ||
			    !v8_member(part.string, v8_layout.cons_second, &second) ||
			    !v8_is_string(first) || !length_of(first, &left) || left > length ||
			    count + 2 > STRING_DEPTH)
				return false;
			uint32_t from_first = part.skip >= left               ? 0
					      : part.count < left - part.skip ? part.count
									      : left - part.skip;
			if (from_first < part.count)
				parts[count++] = (struct part){
					second, part.skip > left ? part.skip - left : 0,
					part.count - from_first};
			if (from_first)
				parts[count++] = (struct part){first, part.skip, from_first};
		} else if (kind == v8_layout.string_sliced) {
			if (!v8_member(part.string, v8_layout.sliced_parent, &first) ||
			    !v8_member(part.string, v8_layout.sliced_offset, &second))
				return false;
			parts[count++] = (struct part){
				first, part.skip + (uint32_t)v8_small(second), part.count};
		} else if (kind == v8_layout.string_thin) {
			if (!v8_member(part.string, v8_layout.thin_actual, &first))
				return false;
			parts[count++] = (struct part){first, part.skip, part.count};
		} else if (kind == v8_layout.string_external) {
			/* Behind the resource V8 keeps where its characters are. */
			if (!v8_member(part.string, v8_layout.external_resource + 8, &first) ||
			    !give(first, type, &part, each, data, &more))
				return false;
		} else if (!give((part.string & ~(uintptr_t)3) + v8_layout.string_data, type, &part,
				 each, data, &more)) {
			return false;
		}
	}
	return true;
}

struct copy {
	char *at, *end; /* end: the place of the last zero */
	uint32_t high;  /* first half of a pair of UTF-16 */
};

/* Adds a character in UTF-8; false: it doesn't fit. */
static bool add_character(struct copy *copy, uint32_t character)
{
	unsigned char bytes[4];
	size_t size;

	if (character < 0x80) {
		bytes[0] = (unsigned char)character;
		size = 1;
	} else if (character < 0x800) {
		bytes[0] = (unsigned char)(0xc0 | character >> 6);
		bytes[1] = (unsigned char)(0x80 | (character & 0x3f));
		size = 2;
	} else if (character < 0x10000) {
		bytes[0] = (unsigned char)(0xe0 | character >> 12);
		bytes[1] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
		bytes[2] = (unsigned char)(0x80 | (character & 0x3f));
		size = 3;
	} else {
		bytes[0] = (unsigned char)(0xf0 | character >> 18);
		bytes[1] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
		bytes[2] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
		bytes[3] = (unsigned char)(0x80 | (character & 0x3f));
		size = 4;
	}
	if ((size_t)(copy->end - copy->at) < size)
		return false;
	memcpy(copy->at, bytes, size);
	copy->at += size;
	return true;
}

static bool add_text(void *data, const struct v8_text *text)
{
	struct copy *copy = data;

	for (uint32_t i = 0; i < text->size; i++) {
		uint32_t character = text->wide ? ((const uint16_t *)text->characters)[i]
						: ((const uint8_t *)text->characters)[i];

		if (character >= 0xd800 && character < 0xdc00) {
			copy->high = character;
			continue;
		}
		if (character >= 0xdc00 && character < 0xe000)
			character = copy->high ? 0x10000 + (copy->high - 0xd800) * 0x400 +
							 character - 0xdc00
					       : 0xfffd;
		copy->high = 0;
		if (!add_character(copy, character))
			return false;
	}
	return true;
}

bool v8_string_copy(uintptr_t string, char *to, size_t size)
{
	struct copy copy = {.at = to, .end = to + size - 1};
	bool read = v8_string_each(string, add_text, &copy);

	*copy.at = '\0';
	return read;
}

bool v8_byte_array(uintptr_t array, struct v8_bytes *bytes)
{
	uint32_t type;
	uintptr_t length;

	if (!v8_type(array, &type) ||
	    (type != v8_layout.type_byte_array && type != v8_layout.type_trusted_byte_array) ||
	    !v8_member(array, v8_layout.array_length, &length) || !v8_is_small(length) ||
	    v8_small(length) < 0 || v8_small(length) > BYTES_MAX)
		return false;
	bytes->at = (const uint8_t *)((array & ~(uintptr_t)3) + v8_layout.array_data);
	bytes->end = bytes->at + v8_small(length);
	return readable((uintptr_t)bytes->at, (size_t)v8_small(length));
}

bool v8_element(uintptr_t array, uint32_t index, uintptr_t *word)
{
	uintptr_t length;

	return v8_member(array, v8_layout.array_length, &length) && v8_is_small(length) &&
	       (int32_t)index >= 0 && (int32_t)index < v8_small(length) &&
	       v8_member(array, v8_layout.array_data + 8 * index, word);
}

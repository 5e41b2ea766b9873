// SPDX-License-Identifier: MIT
/* See python_layout.h. */
#include "python_layout.h"

#include <string.h>

#include "preload/core/capture/proven_memory.h"
#include "python_layout_known.h"

const struct python_layout *python_layout_of(unsigned int major, unsigned int minor)
{
	return major == 3 && minor >= PYTHON_MINOR_FIRST && minor <= PYTHON_MINOR_LAST
		       ? &python_layouts[minor - PYTHON_MINOR_FIRST]
		       : NULL;
}

/* The published structure is a list of words: a cookie, PY_VERSION_HEX, whether the build is
 * free-threaded, then the offsets of one structure after the other. These are their numbers. */
struct published {
	unsigned int minor;
	struct {
		uint8_t finalizing, thread_frame;
		uint8_t frame_size, frame_previous, frame_code, frame_at, frame_owner;
		uint8_t code_size, code_file, code_name, code_qualified, code_lines,
			code_first_line, code_instructions;
		uint8_t object_type, bytes_size, bytes_data;
		uint8_t str_size, str_state, str_length, ascii_size;
		/* 0: not wanted. */
		uint8_t frame_top, generator_state, generator_frame, interpreter_size;
	} words;
};

enum { PUBLISHED_WORDS = 96 };

static const struct published published[] = {
	{
		.minor = 13,
		.words =
			{
				.finalizing = 4,
				.thread_frame = 23,
				.frame_size = 28,
				.frame_previous = 29,
				.frame_code = 30,
				.frame_at = 31,
				.frame_owner = 33,
				.code_size = 34,
				.code_file = 35,
				.code_name = 36,
				.code_qualified = 37,
				.code_lines = 38,
				.code_first_line = 39,
				.code_instructions = 43,
				.object_type = 45,
				.bytes_size = 65,
				.bytes_data = 66,
				.str_size = 67,
				.str_state = 68,
				.str_length = 69,
				.ascii_size = 70,
			},
	},
	{
		.minor = 14,
		.words =
			{
				.finalizing = 4,
				.thread_frame = 26,
				.frame_size = 31,
				.frame_previous = 32,
				.frame_code = 33,
				.frame_at = 34,
				.frame_owner = 36,
				.code_size = 39,
				.code_file = 40,
				.code_name = 41,
				.code_qualified = 42,
				.code_lines = 43,
				.code_first_line = 44,
				.code_instructions = 48,
				.object_type = 51,
				.bytes_size = 75,
				.bytes_data = 76,
				.str_size = 77,
				.str_state = 78,
				.str_length = 79,
				.ascii_size = 80,
				.frame_top = 37,
				.generator_frame = 85,
				.generator_state = 86,
				.interpreter_size = 6,
			},
	},
};

/* A word as an offset. False: it is too large for one, so that the structure isn't what we take it
 * for. */
static bool take(const uint64_t *words, uint8_t number, uint32_t *offset)
{
	enum { OFFSET_MAX = 1 << 20 };

	*offset = (uint32_t)words[number];
	return words[number] && words[number] < OFFSET_MAX;
}

bool python_layout_read(uintptr_t runtime, struct python_layout *layout, const char **trouble)
{
	enum { COOKIE, VERSION, FREE_THREADED };
	const struct published *known = NULL;
	uint64_t words[PUBLISHED_WORDS];
	uint32_t text;

	*trouble = "fdtrail doesn't know this version";
	if (!proven_copy(words, runtime, sizeof(words)) ||
	    memcmp(&words[COOKIE], "xdebugpy", sizeof(words[COOKIE])) != 0)
		return false;
	unsigned int major = words[VERSION] >> 24 & 0xff, minor = words[VERSION] >> 16 & 0xff;
	for (size_t i = 0; i < sizeof(published) / sizeof(*published); i++)
		if (major == 3 && published[i].minor == minor)
			known = &published[i];
	if (!known)
		return false;
	if (words[FREE_THREADED] && minor > 13) {
		*trouble = "fdtrail doesn't know free-threaded builds of this version";
		return false;
	}
	*layout = (struct python_layout){
		.major = 3,
		.minor = (uint8_t)minor,
		.frames = PYTHON_STACK_FRAMES,
		.lines = PYTHON_LOCATIONS,
		/* In a free-threaded build the state's first byte is a member of its own. */
		.state_shift = words[FREE_THREADED] ? 8 : 2,
	};
#define TAKE(member) take(words, known->words.member, &layout->member)
	layout->frame_code = (uint32_t)words[known->words.frame_code]; /* the first member */
	if (!take(words, known->words.finalizing, &layout->runtime_finalizing) ||
	    !TAKE(thread_frame) || !TAKE(frame_size) || !TAKE(frame_previous) || !TAKE(frame_at) ||
	    !TAKE(frame_owner) || !TAKE(code_size) || !TAKE(code_file) || !TAKE(code_name) ||
	    !TAKE(code_qualified) || !TAKE(code_lines) || !TAKE(code_first_line) ||
	    !TAKE(code_instructions) || !TAKE(object_type) || !TAKE(bytes_size) ||
	    !TAKE(bytes_data) || !TAKE(str_state) || !TAKE(str_length) || !TAKE(ascii_size) ||
	    layout->frame_code >= layout->frame_size || layout->frame_size > PROVEN_PAGE ||
	    layout->code_size > PROVEN_PAGE || !take(words, known->words.str_size, &text))
		return false;
	if (known->words.frame_top && (!TAKE(frame_top) || !TAKE(generator_state) ||
				       !TAKE(generator_frame) || !TAKE(interpreter_size)))
		return false;
#undef TAKE
	layout->str_hash = layout->str_length + sizeof(uint64_t);
	/* PyUnicodeObject is PyCompactUnicodeObject and a pointer. */
	layout->compact_size = text - (uint32_t)sizeof(void *);
	return true;
}

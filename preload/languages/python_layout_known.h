// SPDX-License-Identifier: MIT
/*
 * The layouts of CPython 3.8 to 3.12, read from each version's headers with offsetof. They are the
 * same in builds with and without --with-pydebug (3.8 on), but not with Py_TRACE_REFS, whose
 * objects have two more words. They stand in a header so that the compiler can make a walk for each
 * version, with the offsets as constants.
 */
#pragma once

#include "python_layout.h"

enum { PYTHON_MINOR_FIRST = 8, PYTHON_MINOR_LAST = 12 };

#define BEFORE_3_11                                                                                \
	.major = 3, .frames = PYTHON_FRAME_OBJECTS, .thread_frame = 24, .frame_size = 112,         \
	.frame_previous = 24, .frame_code = 32, .code_size = 128, .code_first_line = 40,           \
	.code_file = 104, .code_name = 112, .code_qualified = 112, .code_lines = 120,              \
	.runtime_finalizing = 16
#define OBJECTS                                                                                    \
	.object_type = 8, .bytes_size = 16, .bytes_data = 32, .str_length = 16, .str_hash = 24,    \
	.str_state = 32, .state_shift = 2

static const struct python_layout python_layouts[] = {
	{
		BEFORE_3_11,
		OBJECTS,
		.minor = 8,
		.lines = PYTHON_LNOTAB,
		.frame_at = 104,
		.ascii_size = 48,
		.compact_size = 72,
	},
	{
		BEFORE_3_11,
		OBJECTS,
		.minor = 9,
		.lines = PYTHON_LNOTAB,
		.frame_at = 104,
		.ascii_size = 48,
		.compact_size = 72,
	},
	{
		BEFORE_3_11,
		OBJECTS,
		.minor = 10,
		.lines = PYTHON_LINETABLE,
		.frame_at = 96,
		.thread_cframe = 48,
		.cframe_previous = 8,
		.ascii_size = 48,
		.compact_size = 72,
	},
	{
		OBJECTS,
		.major = 3,
		.minor = 11,
		.frames = PYTHON_ENTRY_FLAGS,
		.lines = PYTHON_LOCATIONS,
		.runtime_finalizing = 24,
		.thread_cframe = 56,
		.cframe_frame = 8,
		.cframe_previous = 16,
		.frame_size = 72,
		.frame_previous = 48,
		.frame_code = 32,
		.frame_at = 56,
		.frame_owner = 69,
		.frame_is_entry = 68,
		.code_size = 184,
		.code_first_line = 72,
		.code_file = 112,
		.code_name = 120,
		.code_qualified = 128,
		.code_lines = 136,
		.code_instructions = 184,
		.ascii_size = 48,
		.compact_size = 72,
	},
	{
		OBJECTS,
		.major = 3,
		.minor = 12,
		.frames = PYTHON_STACK_FRAMES,
		.lines = PYTHON_LOCATIONS,
		.runtime_finalizing = 24,
		.thread_cframe = 56,
		.cframe_previous = 8,
		.frame_size = 72,
		.frame_previous = 8,
		.frame_at = 56,
		.frame_owner = 70,
		.code_size = 192,
		.code_first_line = 68,
		.code_file = 112,
		.code_name = 120,
		.code_qualified = 128,
		.code_lines = 136,
		.code_instructions = 192,
		.ascii_size = 40,
		.compact_size = 56,
	},
};

_Static_assert(sizeof(python_layouts) / sizeof(*python_layouts) ==
		       PYTHON_MINOR_LAST - PYTHON_MINOR_FIRST + 1,
	       "a row for each version");

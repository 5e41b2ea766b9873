// SPDX-License-Identifier: MIT
/*
 * The places of frames in CPython, by version: offsets into its structures. From 3.13 on they come
 * from the interpreter itself, which publishes them for debuggers at the start of _PyRuntime
 * (Include/internal/pycore_debug_offsets.h). Before, they are constants of each version, read from
 * its headers with offsetof.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The form in which a version keeps the frames of a thread. */
enum python_frames {
	/* 3.8 to 3.10: a list of PyFrameObjects, each of which has a native frame of the loop. */
	PYTHON_FRAME_OBJECTS,
	/* 3.11: frames of one native frame are a run up to one with is_entry; a _PyCFrame lies in
	 * each native frame. */
	PYTHON_ENTRY_FLAGS,
	/* 3.12 on: each native frame has a frame of its own in the list, which is no Python frame
	 * and lies in the native frame. */
	PYTHON_STACK_FRAMES,
};

/* The form of the table that maps instructions to lines. */
enum python_lines {
	PYTHON_LNOTAB,    /* to 3.9: Objects/lnotab_notes.txt */
	PYTHON_LINETABLE, /* 3.10: PEP 626 */
	PYTHON_LOCATIONS, /* 3.11 on: PEP 657, Objects/locations.md */
};

struct python_layout {
	uint8_t major, minor;
	enum python_frames frames;
	enum python_lines lines;
	uint32_t runtime_finalizing; /* in _PyRuntime: a word that is not zero while it ends */
	/* PyThreadState. cframe leads to a _PyCFrame, and that to the frame; 0: there is none. */
	uint32_t thread_frame, thread_cframe;
	uint32_t cframe_frame, cframe_previous;
	/* A frame. at: an instruction's number (3.10), offset (before), or address (3.11 on). */
	uint32_t frame_size, frame_previous, frame_code, frame_at, frame_owner, frame_is_entry;
	uint32_t object_type;
	/* PyCodeObject. qualified: co_qualname, or co_name again. instructions: where the code
	 * begins, if at is an address. */
	uint32_t code_size, code_file, code_name, code_qualified, code_lines, code_first_line,
		code_instructions;
	uint32_t bytes_size, bytes_data;
	/* From 3.14 on, else 0: where a frame has the top of its values; a coroutine, its state
	 * and frame; and the size of PyInterpreterState. */
	uint32_t frame_top, generator_state, generator_frame, interpreter_size;
	/* str: the size of PyASCIIObject, where the text of ASCII strings begins; the others'
	 * begins at compact_size. state_shift: how far the kind is from the state's lowest bit. */
	uint32_t str_length, str_hash, str_state, ascii_size, compact_size, state_shift;
};

/* The layout of 3.8 to 3.12; NULL: not known. */
const struct python_layout *python_layout_of(unsigned int major, unsigned int minor);

/* Fills in the layout that a runtime of 3.13 or later publishes at this address. False: it isn't
 * one, or of a version that we don't know; or a free-threaded build of 3.14 on, in which frames
 * run copies of their code. trouble gets the reason. */
bool python_layout_read(uintptr_t runtime, struct python_layout *layout, const char **trouble);

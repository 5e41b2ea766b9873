// SPDX-License-Identifier: MIT
/*
 * The layout of V8's frames and heap objects in this process. V8 exports much of it as v8dbg_*
 * symbols, which are made for debuggers (V8's tools/gen-postmortem-metadata.py; llnode and
 * OpenTelemetry's profiler use them, too). Members that have no such symbol come from a table by
 * V8's version.
 *
 * V8's words are tagged: a small integer has its lowest bit 0 and its value in the upper half, a
 * pointer to a heap object has the lowest bit 1. Offsets here are V8's own, counted from the
 * object's untagged address.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Offsets from a frame pointer are the same in all versions; v8_layout_find checks that. */
enum {
	V8_FP_CONTEXT = -8, /* or the frame's type as a small integer, in frames of other kinds */
	V8_FP_FUNCTION = -16,
	V8_FP_BYTECODES = -32,
	V8_FP_BYTECODE_OFFSET = -40,
};

/* Offsets, instance types, indices. The names after the two underscores of v8dbg_class_*. */
struct v8_layout {
	/* Offsets of members. */
	uint32_t map_type; /* of an object's map, which is the object's first word */
	uint32_t function_shared, function_code;
	uint32_t shared_data, shared_name, shared_script, shared_length, shared_flags;
	uint32_t script_source, script_name, script_line_ends, script_id, script_eval_shared,
		script_eval_position;
	uint32_t bytecodes_data, bytecodes_positions;
	uint32_t code_deoptimization, code_positions, code_start, code_flags, code_size;
	uint32_t
		stream_data; /* an InstructionStream's header; 0: the Code holds its instructions */
	uint32_t array_length, array_data;
	uint32_t string_length, string_data, cons_first, cons_second, sliced_parent, sliced_offset,
		thin_actual, external_resource;
	/* Instance types. */
	uint32_t type_function, type_shared, type_script, type_scope, type_bytecodes, type_code,
		type_byte_array, type_trusted_byte_array, type_first_no_string;
	/* Bits of a string's instance type. */
	uint32_t string_one_byte, string_kind_mask, string_cons, string_external, string_sliced,
		string_thin;
	/* Indices. */
	uint32_t scope_locals, scope_first;
	uint32_t deopt_inlined, deopt_literals, deopt_shared, deopt_inlining;
	/* A code's kind. */
	uint32_t kind_mask, kind_shift, kind_baseline, kind_interpreted;

	uint32_t major, minor;
	uintptr_t module_start, module_end;     /* V8's module */
	uintptr_t builtins_start, builtins_end; /* its code that was generated when it was built */
	const uint8_t *bytecode_sizes; /* for each of the three widths, bytecode_count sizes */
	uint32_t bytecode_count;
	/* The offset from an Isolate of the frame pointer with which generated code has last called
	 * native code (c_entry_fp); 0: it wasn't found. */
	uint32_t exit_frame;
	void *(*isolate)(void); /* v8::Isolate::TryGetCurrent: the calling thread's, or NULL */
};

/* The result of v8_layout_find. */
extern struct v8_layout v8_layout;

enum v8_found { V8_NOT, V8_READABLE, V8_OTHER };

/* Fills in v8_layout. V8_OTHER: V8 is in this process, and trouble says why its frames can't be
 * read. Takes no lock and calls nothing of V8's. */
enum v8_found v8_layout_find(const char **trouble);

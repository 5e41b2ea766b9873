// SPDX-License-Identifier: MIT
/*
 * JavaScript's frames from a stack and a heap of any contents, between pages that can't be read.
 * Each word of the input is a number, a tagged address in the memory, one in generated code, or one
 * outside. A walk must end, and name what it finds or not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/languages/languages.h"
#include "preload/languages/v8_layout.h"
#include "preload/languages/v8_walk.h"
#include "guarded_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE = 64 * 1024, ROOM = 64, BUILTINS = 8192 };

static char *memory;

static void *isolate(void)
{
	return memory;
}

/* Node 20's, as far as the walk and the names need it. */
static void make_layout(void)
{
	v8_layout = (struct v8_layout){
		.map_type = 12,
		.function_shared = 24,
		.function_code = 48,
		.shared_data = 8,
		.shared_name = 16,
		.shared_script = 32,
		.shared_length = 40,
		.shared_flags = 48,
		.script_source = 8,
		.script_name = 16,
		.script_line_ends = 56,
		.script_id = 64,
		.script_eval_shared = 72,
		.bytecodes_data = 54,
		.bytecodes_positions = 32,
		.code_deoptimization = 16,
		.code_positions = 24,
		.code_start = 40,
		.code_flags = 48,
		.code_size = 56,
		.stream_data = 16,
		.array_length = 8,
		.array_data = 16,
		.string_length = 12,
		.string_data = 16,
		.cons_first = 16,
		.cons_second = 24,
		.sliced_parent = 16,
		.sliced_offset = 24,
		.thin_actual = 16,
		.external_resource = 16,
		.type_function = 10,
		.type_shared = 11,
		.type_script = 12,
		.type_scope = 13,
		.type_bytecodes = 14,
		.type_code = 15,
		.type_byte_array = 9,
		.type_first_no_string = 8,
		.string_one_byte = 8,
		.string_kind_mask = 7,
		.string_cons = 1,
		.string_external = 2,
		.string_sliced = 3,
		.string_thin = 5,
		.scope_locals = 2,
		.scope_first = 3,
		.deopt_inlined = 1,
		.deopt_literals = 2,
		.deopt_shared = 6,
		.deopt_inlining = 7,
		.kind_mask = 15,
		.kind_baseline = 11,
		.kind_interpreted = 10,
		.module_start = (uintptr_t)memory,
		.module_end = (uintptr_t)memory + SIZE,
		.builtins_start = (uintptr_t)memory,
		.builtins_end = (uintptr_t)memory + BUILTINS,
		.exit_frame = 16,
		.isolate = isolate,
	};
}

static void make_memory(void)
{
	memory = guarded_memory(SIZE);
	make_layout();
}

/* The low three bits of a word of the input say what it means. */
static uintptr_t meaning(uint64_t word)
{
	uint64_t value = word >> 3;

	switch (word & 7) {
	case 0:
		return value & 0xf; /* an instance type, a length */
	case 1:
		return (uintptr_t)(value & 0xffff) << 32;
	case 2:
		return (uintptr_t)memory + value % BUILTINS;
	case 3:
		return (uintptr_t)memory - GUARD + value % (SIZE + 2 * GUARD);
	case 4:
		return (uintptr_t)memory + value % SIZE / 8 * 8;
	default:
		return ((uintptr_t)memory + value % SIZE / 8 * 8) | 1;
	}
}

/* Walks from code at pc. */
static void walk_from(uintptr_t pc)
{
	struct language_frame frames[ROOM] = {0};
	static struct language_name name;
	struct registers from = {
		.pc = pc,
		.sp = (uintptr_t)memory,
		.fp = (uintptr_t)memory + 64,
	};
	int count = v8_walk(&from, frames, ROOM);

	if (count < 0 || count > ROOM)
		abort();
	/* The stack is equal to itself, and to no other one. */
	if (count && !v8_matches(&from, frames, count))
		abort();
	if (count > 1 && v8_matches(&from, frames, count - 1))
		abort();
	for (int i = 0; i < count; i++) {
		int32_t offsets[INTERPRETER_WORDS];

		if (v8.words(pc, frames[i].stack, offsets) > INTERPRETER_WORDS)
			abort();
	}
	for (int i = 0; i < count; i++)
		if (v8.describe(&frames[i], &name) &&
		    (!*name.function ||
		     strnlen(name.function, sizeof(name.function)) == sizeof(name.function) ||
		     strnlen(name.file, sizeof(name.file)) == sizeof(name.file)))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t word;

	if (!memory)
		make_memory();
	memset(memory, 0, SIZE);
	for (size_t at = 0, to = 0; at + sizeof(word) <= size && to < SIZE; at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		uintptr_t put = meaning(word);
		memcpy(memory + to, &put, sizeof(put));
		to += sizeof(put);
	}
	walk_from((uintptr_t)memory + 8);
	/* Code outside of V8's module: the walk begins at the frame that the isolate has. */
	walk_from((uintptr_t)memory + SIZE + GUARD);
	return 0;
}

// SPDX-License-Identifier: MIT
/*
 * Memory that looks like HotSpot's: a code cache with an interpreter, a compiled method and the
 * stub that C++ enters Java by; two methods of one class; and a thread's stack. For the unit test
 * and the fuzz target, which overwrites it.
 */
#pragma once

#include <string.h>

#include "preload/arch/x86_64/hotspot_frame.h"
#include "preload/languages/hotspot.h"

enum {
	FAKE_WORD = 8,
	FAKE_SHIFT = 7, /* segments of 128 bytes */
	FAKE_CODE = 16 * 1024,
	FAKE_INTERPRETER = 0,
	FAKE_COMPILED = 4096, /* places in the code cache */
	FAKE_STUB = 8192,
	FAKE_HEADER = 256, /* of a CodeBlob; its code follows */
	FAKE_FRAME = 6,    /* words of the compiled method's frame */
	FAKE_IN_NATIVE = 4,
	FAKE_LINE = 12, /* of the outer method's bytecode 3 */
	FAKE_INNER_LINE = 34,
};

struct fake_hotspot {
	struct hotspot vm;
	/* Everything from here on may be overwritten. */
	uint8_t code[FAKE_CODE] __attribute__((aligned(4096)));
	uint8_t map[FAKE_CODE >> FAKE_SHIFT];
	uint64_t high, call_stub;
	uint64_t thread[32], stack[128];
	uint64_t outer[4], inner[4];             /* Method */
	uint64_t outer_const[8], inner_const[8]; /* ConstMethod, its bytecode and its lines */
	uint64_t pool[12], klass[4];
	char class_name[32], outer_name[16], inner_name[16],
		file[16]; /* Symbol: length, then text */
	uint64_t metadata[4], descriptors[8];
	uint8_t scopes[32];
};

static inline void fake_symbol(char *symbol, const char *text)
{
	uint16_t length = (uint16_t)strlen(text);

	memcpy(symbol, &length, sizeof(length));
	memcpy(symbol + 6, text, length);
}

static inline void fake_method(struct fake_hotspot *fake, uint64_t *method, uint64_t *constants,
			       uint16_t name, uint8_t line)
{
	/* After 4 words, 8 bytes of bytecode, then the lines: bytecode 0 is 5 lines before line. */
	uint8_t *lines = (uint8_t *)&constants[5];
	uint16_t code_size = 8, flags = 1;

	method[1] = (uintptr_t)constants;
	constants[1] = (uintptr_t)fake->pool;
	memcpy((char *)constants + 16, &flags, sizeof(flags));
	memcpy((char *)constants + 18, &code_size, sizeof(code_size));
	memcpy((char *)constants + 20, &name, sizeof(name));
	lines[0] = 0xff; /* a large step: bytecode 0, then twice the line, since it has a sign */
	lines[1] = 0;
	lines[2] = (uint8_t)((line - 5) * 2);
	lines[3] = 3 << 3 | 5; /* to bytecode 3 and 5 lines more */
	lines[4] = 0;
}

static inline void fake_blob(struct fake_hotspot *fake, size_t at, size_t end, const char *name)
{
	uint8_t *blob = fake->code + at + 16;

	fake->code[at + 8] = 1; /* used */
	memcpy(blob, &name, sizeof(name));
	for (size_t segment = at >> FAKE_SHIFT; segment < end >> FAKE_SHIFT; segment++)
		fake->map[segment] = segment > at >> FAKE_SHIFT;
}

/* An address in the code of a blob. */
static inline uintptr_t fake_pc(struct fake_hotspot *fake, size_t blob, size_t offset)
{
	return (uintptr_t)fake->code + blob + 16 + FAKE_HEADER + offset;
}

static inline void fake_layout(struct fake_hotspot *fake)
{
	fake->vm = (struct hotspot){
		.call_stub_return = (uintptr_t)&fake->call_stub,
		.thread_anchor = 16,
		.thread_state = 8,
		.thread_base = 64,
		.anchor_sp = 0,
		.anchor_pc = 8,
		.anchor_fp = 16,
		.wrapper_anchor = 8,
		.wrapper_of_frame = (size_t)-6,
		.in_native = FAKE_IN_NATIVE,
		.block_size = 16,
		.block_used = 8,
		.blob_name = 0,
		.blob_frame_size = 8,
		.blob_code_begin = HOTSPOT_NONE,
		.blob_code_offset = 12,
		.blob_mutable_data = HOTSPOT_NONE,
		.nmethod_method = 16,
		.nmethod_compile_id = 24,
		.nmethod_orig_pc = 28,
		.nmethod_stub = 32,
		.nmethod_immutable_data = HOTSPOT_NONE,
		.nmethod_pcs = 36,
		.nmethod_scopes = HOTSPOT_NONE,
		.nmethod_scopes_begin = 40,
		.nmethod_metadata = 48,
		.pc_desc_size = 16,
		.pc_desc_pc = 0,
		.pc_desc_scope = 4,
		.method_const = 8,
		.const_size = 32,
		.const_constants = 8,
		.const_flags = 16,
		.const_code_size = 18,
		.const_name = 20,
		.has_lines = 1,
		.pool_size = 32,
		.pool_holder = 8,
		.pool_file = 16,
		.class_file = HOTSPOT_NONE,
		.class_name = 8,
		.symbol_length = 0,
		.symbol_length_and_count = HOTSPOT_NONE,
		.symbol_body = 6,
		.release = 17,
		.heaps = {{.low = (uintptr_t)fake->code,
			   .map = (uintptr_t)fake->map,
			   .high = (uintptr_t)&fake->high,
			   .shift = FAKE_SHIFT}},
		.heap_count = 1,
	};
}

static inline void fake_put(struct fake_hotspot *fake, size_t blob, size_t member, uint32_t value)
{
	memcpy(fake->code + blob + 16 + member, &value, sizeof(value));
}

/* The compiled method is outer, with inner inlined at code offset 64. */
static inline void fake_compiled(struct fake_hotspot *fake)
{
	uint8_t *blob = fake->code + FAKE_COMPILED + 16;
	uintptr_t outer = (uintptr_t)fake->outer, scopes = (uintptr_t)fake->scopes;
	/* Scopes: the caller's place; method, as the number of a metadata; bytecode plus one. */
	static const uint8_t inlined[] = {0, 5, 2, 4, 0, 0, 1, 4};

	fake_blob(fake, FAKE_COMPILED, FAKE_STUB, "nmethod");
	fake_put(fake, FAKE_COMPILED, fake->vm.blob_frame_size, FAKE_FRAME);
	fake_put(fake, FAKE_COMPILED, fake->vm.blob_code_offset, FAKE_HEADER);
	memcpy(blob + fake->vm.nmethod_method, &outer, sizeof(outer));
	fake_put(fake, FAKE_COMPILED, fake->vm.nmethod_compile_id, 77);
	fake_put(fake, FAKE_COMPILED, fake->vm.nmethod_orig_pc, 2 * FAKE_WORD);
	fake_put(fake, FAKE_COMPILED, fake->vm.nmethod_stub, FAKE_HEADER + 1024);
	memcpy(blob + fake->vm.nmethod_scopes_begin, &scopes, sizeof(scopes));
	fake_put(fake, FAKE_COMPILED, fake->vm.nmethod_pcs,
		 (uint32_t)((uint8_t *)fake->descriptors - blob));
	fake_put(fake, FAKE_COMPILED, fake->vm.nmethod_metadata,
		 (uint32_t)((uint8_t *)fake->metadata - blob));
	fake->metadata[0] = outer;
	fake->metadata[1] = (uintptr_t)fake->inner;
	memcpy(fake->scopes, inlined, sizeof(inlined));
	fake->descriptors[0] = UINT32_MAX;              /* before all */
	fake->descriptors[2] = 64 | (uint64_t)1 << 32;  /* inner in outer */
	fake->descriptors[4] = 128 | (uint64_t)5 << 32; /* outer alone */
	fake->descriptors[6] = INT32_MAX;
}

/* Fills fake with a thread that is in native code, called by inner, which is interpreted and was
 * called by the compiled outer with inner inlined, which C++ code had called. */
static inline void fake_fill(struct fake_hotspot *fake)
{
	uint64_t *stack = fake->stack, *frame = &stack[16], *sender = &stack[24];

	memset(fake, 0, sizeof(*fake));
	fake_layout(fake);
	fake->high = (uintptr_t)fake->code + sizeof(fake->code);
	fake_blob(fake, FAKE_INTERPRETER, FAKE_COMPILED, "Interpreter");
	fake_compiled(fake);
	fake_blob(fake, FAKE_STUB, FAKE_CODE, "StubRoutines (1)");
	fake->call_stub = fake_pc(fake, FAKE_STUB, 32);
	fake_method(fake, fake->outer, fake->outer_const, 1, FAKE_LINE);
	fake_method(fake, fake->inner, fake->inner_const, 2, FAKE_INNER_LINE);
	fake->pool[1] = (uintptr_t)fake->klass;
	fake->pool[2] = 3; /* the file's name */
	fake->pool[5] = (uintptr_t)fake->outer_name;
	fake->pool[6] = (uintptr_t)fake->inner_name;
	fake->pool[7] = (uintptr_t)fake->file;
	fake->klass[1] = (uintptr_t)fake->class_name;
	fake_symbol(fake->class_name, "org/acme/Shop");
	fake_symbol(fake->outer_name, "outer");
	fake_symbol(fake->inner_name, "inner");
	fake_symbol(fake->file, "Shop.java");

	fake->thread[1] = FAKE_IN_NATIVE;
	fake->thread[2] = (uintptr_t)&stack[4];
	fake->thread[3] = fake_pc(fake, FAKE_INTERPRETER, 100);
	fake->thread[4] = (uintptr_t)frame;
	fake->thread[8] = (uintptr_t)&stack[128];
	frame[HOTSPOT_METHOD] = (uintptr_t)fake->inner;
	frame[HOTSPOT_BYTECODE] = (uintptr_t)fake->inner_const + 32 + 3;
	frame[HOTSPOT_CALLER_SP] = (uintptr_t)&stack[20];
	frame[HOTSPOT_RETURN] = fake_pc(fake, FAKE_COMPILED, 64);
	/* The compiled frame is words 20 to 25. The frame of the entry's C++ caller has its frame
	 * pointer at word 40, and a call wrapper without earlier Java frames. */
	(void)sender;
	stack[25] = fake->call_stub;
	stack[24] = (uintptr_t)&stack[40];
	stack[34] = (uintptr_t)&stack[50];
}

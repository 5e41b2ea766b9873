// SPDX-License-Identifier: MIT
/*
 * See hotspot_walk.h.
 *
 * Two words identify a frame. Interpreted: the method, and the address of the bytecode. Compiled:
 * the nmethod (a compiled method's CodeBlob), and the return address in it. The check tells a later
 * method or nmethod at the same address: an nmethod has the number of its compilation, a method the
 * name of its class.
 *
 * Words on the thread's stack and in the code cache are read without asking whether they can be
 * read: both are bounded. The structures of a method are anywhere, so each of their pages is
 * proven.
 */
#include "hotspot_walk.h"

#include <string.h>

#include "preload/arch/x86_64/hotspot_frame.h"
#include "preload/core/capture/proven_memory.h"

enum {
	WORD = sizeof(uintptr_t),
	SEGMENT_FREE = 0xff,   /* in a heap's map: nothing lies here */
	FRAME_WORDS = 1 << 20, /* no frame is larger */
	BLOB_BYTES = 1024,     /* no header of compiled code is larger */
};

/* Code that the virtual machine has made. */
enum code {
	CODE_NONE,
	CODE_INTERPRETER,
	CODE_COMPILED,
	CODE_WRAPPER, /* a compiled method that calls a native one */
	CODE_STUB,
	CODE_KINDS,
};

/* A walk. */
struct place {
	const struct hotspot *vm;
	uintptr_t low, base; /* of the stack that the Java frames lie on */
	uintptr_t pc, sp, fp;
	bool anchored; /* pc is where Java code has called C++ code */
	bool complete; /* the thread's outermost frame has been reached */
};

static bool stack_word(const struct place *place, uintptr_t address, uintptr_t *word)
{
	if (address < place->low || address >= place->base || address % WORD)
		return false;
	*word = word_at(address);
	return true;
}

static const struct hotspot_heap *find_heap(const struct hotspot *vm, uintptr_t pc)
{
	uint32_t count = atomic_load_explicit(&vm->heap_count, memory_order_acquire);

	for (uint32_t i = 0; i < count; i++)
		if (pc >= vm->heaps[i].low && pc < word_at(vm->heaps[i].high))
			return &vm->heaps[i];
	return NULL;
}

bool hotspot_owns(const struct hotspot *vm, uintptr_t pc)
{
	return find_heap(vm, pc) != NULL;
}

/* The kind that a CodeBlob's name says. The names of those that matter are constants of
 * libjvm.so's, so their addresses are remembered. */
static enum code kind_of(uintptr_t name)
{
	static const char *const texts[CODE_KINDS] = {
		[CODE_INTERPRETER] = "Interpreter",
		[CODE_COMPILED] = "nmethod",
		[CODE_WRAPPER] = "native nmethod",
	};
	static _Atomic uintptr_t known[CODE_KINDS];
	char text[WORD];

	for (enum code kind = CODE_INTERPRETER; kind < CODE_STUB; kind++)
		if (atomic_load_explicit(&known[kind], memory_order_relaxed) == name)
			return kind;
	if (!proven_copy(text, name, sizeof(text)))
		return CODE_NONE;
	for (enum code kind = CODE_INTERPRETER; kind < CODE_STUB; kind++) {
		if (memcmp(text, texts[kind], sizeof(text)) == 0) {
			atomic_store_explicit(&known[kind], name, memory_order_relaxed);
			return kind;
		}
	}
	return CODE_STUB;
}

/* The kind of code at pc, and the address of its CodeBlob. */
static enum code code_at(const struct hotspot *vm, uintptr_t pc, uintptr_t *blob)
{
	const struct hotspot_heap *heap = find_heap(vm, pc);

	if (!heap)
		return CODE_NONE;
	/* The map has a byte for each segment: how far it is back to the first one of its block, or
	 * to one from which it is less far. */
	uintptr_t segment = (pc - heap->low) >> heap->shift;
	for (uint8_t back; (back = byte_at(heap->map + segment)) != 0; segment -= back)
		if (back == SEGMENT_FREE || back > segment)
			return CODE_NONE;
	uintptr_t block = heap->low + (segment << heap->shift);
	if (!byte_at(block + vm->block_used))
		return CODE_NONE;
	*blob = block + vm->block_size;
	/* The members of compiled code's header are read without further checks. */
	if (word_at(heap->high) - *blob < BLOB_BYTES)
		return CODE_NONE;
	return kind_of(word_at(*blob + vm->blob_name));
}

static uint32_t mix(uint32_t check, uintptr_t word)
{
	return (check ^ (uint32_t)(word >> 3) ^ (uint32_t)(word >> 32)) * 0x9e3779b1u;
}

static bool method_check(const struct hotspot *vm, uintptr_t method, uint32_t *check)
{
	uintptr_t constants, pool, holder, name;

	if (!method || !proven_word(method + vm->method_const, &constants) ||
	    !proven_word(constants + vm->const_constants, &pool) ||
	    !proven_word(pool + vm->pool_holder, &holder) ||
	    !proven_word(holder + vm->class_name, &name))
		return false;
	*check = mix(mix(mix(0, constants), pool), name);
	return true;
}

static uintptr_t at(uintptr_t fp, int64_t words)
{
	return fp + (uintptr_t)(words * WORD);
}

/* Fills frame with the interpreted frame at place, and goes to its caller. */
static bool take_interpreted(struct place *place, struct language_frame *frame)
{
	uintptr_t fp = place->fp;
	int bytecode = place->vm->release == 8 ? HOTSPOT_BYTECODE_8 : HOTSPOT_BYTECODE;

	frame->stack = fp;
	return stack_word(place, at(fp, HOTSPOT_METHOD), &frame->code) &&
	       stack_word(place, at(fp, bytecode), &frame->at) &&
	       method_check(place->vm, frame->code, &frame->check) &&
	       stack_word(place, at(fp, HOTSPOT_CALLER_SP), &place->sp) && place->sp > fp &&
	       stack_word(place, at(fp, HOTSPOT_RETURN), &place->pc) &&
	       stack_word(place, at(fp, HOTSPOT_CALLER_FP), &place->fp);
}

/* Goes to the caller of the compiled code of blob. */
static bool leave_compiled(struct place *place, uintptr_t blob)
{
	uint32_t words = number_at(blob + place->vm->blob_frame_size);

	if (!words || words > FRAME_WORDS)
		return false;
	place->sp += (uintptr_t)words * WORD;
	return stack_word(place, place->sp - WORD, &place->pc) &&
	       stack_word(place, place->sp - 2 * (uintptr_t)WORD, &place->fp);
}

static bool take_compiled(struct place *place, uintptr_t blob, struct language_frame *frame)
{
	const struct hotspot *vm = place->vm;
	uint32_t original = number_at(blob + vm->nmethod_orig_pc);

	frame->code = blob;
	frame->at = place->pc;
	frame->stack = place->sp;
	frame->check =
		mix(number_at(blob + vm->nmethod_compile_id), word_at(blob + vm->nmethod_method));
	/* The frame of code that is no longer valid returns to a stub instead, and holds the real
	 * return address. */
	if (place->pc >= blob + number_at(blob + vm->nmethod_stub) &&
	    !stack_word(place, place->sp + original, &frame->at))
		return false;
	return leave_compiled(place, blob);
}

/* Goes to the Java frames that an anchor stands for. False: there are none. */
static bool go_to_anchor(struct place *place, uintptr_t anchor)
{
	const struct hotspot *vm = place->vm;

	place->anchored = true;
	place->sp = word_at(anchor + vm->anchor_sp);
	place->fp = word_at(anchor + vm->anchor_fp);
	place->pc = word_at(anchor + vm->anchor_pc);
	place->complete = !place->sp;
	if (!place->sp)
		return false;
	if (!place->low)
		place->low = place->sp - WORD;
	return place->pc || stack_word(place, place->sp - WORD, &place->pc);
}

/* C++ code has called Java code: goes on with the Java code that had called it. */
static bool pass_entry(struct place *place)
{
	const struct hotspot *vm = place->vm;
	uintptr_t wrapper, last;

	return stack_word(place, at(place->fp, (int64_t)vm->wrapper_of_frame), &wrapper) &&
	       stack_word(place, wrapper, &last) &&
	       stack_word(place, wrapper + vm->wrapper_anchor + 2 * WORD, &last) &&
	       go_to_anchor(place, wrapper + vm->wrapper_anchor);
}

/* Goes past a frame, which frame is filled with if it is a Java function's. False: there are no
 * more. */
static bool pass(struct place *place, uintptr_t call_stub, struct language_frame *frame)
{
	bool anchored = place->anchored;
	uintptr_t blob;

	if (place->pc == call_stub)
		return pass_entry(place);
	place->anchored = false;
	switch (code_at(place->vm, place->pc, &blob)) {
	case CODE_INTERPRETER:
		return take_interpreted(place, frame);
	case CODE_WRAPPER:
		/* The frames of a virtual thread lie on its carrier's stack, above the frame of a
		 * wrapper that has called no native method. */
		place->complete = !anchored;
		return anchored && take_compiled(place, blob, frame);
	case CODE_COMPILED:
		return take_compiled(place, blob, frame);
	case CODE_STUB:
		return leave_compiled(place, blob);
	default:
		return false;
	}
}

int hotspot_walk(const struct hotspot *vm, uintptr_t thread, struct language_frame *frames,
		 int room)
{
	struct place place = {.vm = vm, .base = word_at(thread + vm->thread_base)};
	uintptr_t call_stub = word_at(vm->call_stub_return);
	int count = 0;

	if (number_at(thread + vm->thread_state) != vm->in_native ||
	    !go_to_anchor(&place, thread + vm->thread_anchor))
		return 0;
	for (;;) {
		struct language_frame frame = {0};
		uintptr_t before = place.sp;
		bool more = pass(&place, call_stub, &frame) && place.sp > before;

		if (!more) {
			/* A virtual thread that has waited may have frames in Java's heap still,
			 * which come back when the others return. */
			if (count && !place.complete)
				frames[count - 1].flags |= LANGUAGE_UNREAD;
			break;
		}
		if (frame.code && count == room) {
			frames[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		if (frame.code)
			frames[count++] = frame;
	}
	return count;
}

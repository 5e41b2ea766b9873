// SPDX-License-Identifier: MIT
/* See asked.h. */
#include "asked.h"

enum {
	WAYS = 4,     /* places that an address may have */
	ADDRESS = 20, /* a place: a stack's id, and above it the address without its lowest bits */
	ALIGNED = 3,  /* bits */
};

_Static_assert(STACK_LIMIT == 1 << ADDRESS && 47 - ALIGNED + ADDRESS <= 64,
	       "a stack's id and an address fit into a place");

static _Atomic uint64_t *ways_of(struct asked *asked, const void *address)
{
	uint64_t hash = (uintptr_t)address * 0x9e3779b97f4a7c15ULL;

	return &asked->places[(hash >> 40) % ASKED_PLACES / WAYS * WAYS];
}

static uint64_t key_of(const void *address)
{
	return (uint64_t)((uintptr_t)address >> ALIGNED) << ADDRESS;
}

void asked_keep(struct asked *asked, const void *address, uint32_t stack)
{
	_Atomic uint64_t *ways = ways_of(asked, address);
	uint64_t key = key_of(address), word;
	int at = -1;

	for (int i = 0; i < WAYS; i++) {
		word = atomic_load_explicit(&ways[i], memory_order_relaxed);
		if (word >> ADDRESS == key >> ADDRESS) {
			at = i;
			break;
		}
		if (!word && at < 0)
			at = i;
	}
	if (at < 0 && !stack)
		return;
	if (at < 0)
		at = (int)(stack % WAYS);
	atomic_store_explicit(&ways[at], stack ? key | stack : 0, memory_order_release);
}

uint32_t asked_find(struct asked *asked, const void *address)
{
	_Atomic uint64_t *ways = ways_of(asked, address);
	uint64_t key = key_of(address);

	for (int i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load_explicit(&ways[i], memory_order_acquire);

		if (word && word >> ADDRESS == key >> ADDRESS)
			return (uint32_t)word & (STACK_LIMIT - 1);
	}
	return STACK_NONE;
}

struct captured asked_stack(struct capture *capture, struct registers registers)
{
	static _Thread_local struct stack_bounds bounds __attribute__((tls_model("initial-exec")));

	return capture_stack(capture, registers, &bounds);
}

uint32_t asked_caller(struct capture *capture, const void *frame)
{
	const uintptr_t *words = frame;
	struct registers registers = {
		.pc = words[1],
		.sp = (uintptr_t)(words + 2),
		.fp = words[0],
	};

	return asked_stack(capture, registers).stack;
}

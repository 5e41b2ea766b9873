// SPDX-License-Identifier: MIT
/* See end_call.h. */
#include "end_call.h"

#include "preload/arch/branch.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/capture/proven_memory.h"
#include "function_table.h"

bool end_call_find(const char *name, struct loaded_symbol *ending)
{
	uintptr_t target = 0;

	if (!loaded_symbol_find(name, ending))
		return false;
	const uint8_t *code = branch_behind_mark((const uint8_t *)ending->address);
	if ((uintptr_t)code + BRANCH_SIZE == ending->address + ending->size)
		target = branch_target(code);
	if (target)
		function_around(target, ending);
	return true;
}

bool end_call_runs(struct end_call *call, const struct loaded_symbol *ending)
{
	enum { FRAME_WORDS = 256 }; /* most words of ending's frame */
	uintptr_t to, at = call->at, word;

	if (!at)
		return false;
	to = word_at(at);
	if (to == atomic_load_explicit(&call->running, memory_order_relaxed))
		return false;
	if (RAW(gettid) != RAW(getpid))
		return false; /* other threads may go on with the program */
	/* The frame of ending ends with the return address of the call that it makes. */
	for (int i = 0; i < FRAME_WORDS; i++) {
		at -= sizeof(word);
		if (!proven_word(at, &word))
			break;
		if (loaded_symbol_covers(ending, word))
			return true;
	}
	atomic_store_explicit(&call->running, to, memory_order_relaxed);
	return false;
}

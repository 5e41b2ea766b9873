// SPDX-License-Identifier: MIT
/*
 * Stacks that have frames of an interpreted language: finds the languages in the process, gets
 * their frames, and makes one stack of these and the native frames. If there is no such language, a
 * capture costs one load more.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "frame_words.h"
#include "interpreter.h"
#include "mixed_memo.h"

enum { NAMED_FRAMES = 2048, NAMED_NOTHING = LANGUAGE_NAME_LIMIT };

/* A frame and its name, as it was found last. */
struct named_language_frame {
	struct language_frame frame;
	uint32_t name; /* LANGUAGE_NAME_NONE: unused place; NAMED_NOTHING: it stands for nothing */
};

/* In active, beside the languages: the program tells who asks for its work (fdtrail.h). */
#define MIXED_CAUSES (1u << 31)

_Static_assert(LANGUAGES_MAX < 31, "each language has a bit below MIXED_CAUSES");

struct mixed_stacks {
	_Atomic uint32_t active; /* bits of the languages whose frames can be read; MIXED_CAUSES */
	_Atomic uint32_t
		finishing; /* bits of those that may close what the program has left open */
	const struct interpreter *const *list; /* all that we know, up to NULL; or NULL */
	struct mixed_memo memo;
	struct ledger *ledger;
	uint32_t settled;      /* bits of the languages that need not be looked for again */
	uint32_t modules_seen; /* the number of modules at the last search */
	struct named_language_frame *named; /* hash table without chains; NULL: no memory */
};

/* The languages whose frames can be read. */
static inline uint32_t mixed_languages(const struct mixed_stacks *mixed)
{
	return atomic_load_explicit(&mixed->active, memory_order_acquire) & ~MIXED_CAUSES;
}

/* The id of the stack that asked for what the calling thread does now; STACK_NONE: none is known.
 * It becomes part of the thread's stacks if these have no frame of the user's own, or, with
 * ASKED_BY_PROGRAM added, in any case. */
enum { ASKED_BY_PROGRAM = STACK_LIMIT };
extern _Thread_local uint32_t capture_asked __attribute__((tls_model("initial-exec")));

void mixed_init(struct mixed_stacks *mixed, struct ledger *ledger);

/* Begins to look for the languages of this list. The caller must hold the capture lock. */
void mixed_start(struct mixed_stacks *mixed, const struct interpreter *const *list);

/* Calls start() of the languages that were found. Without the capture lock. */
void mixed_prepare(const struct mixed_stacks *mixed, struct capture *capture);

/* Calls loaded() of the languages that were found. In the thread that has the loader's lock. */
void mixed_loaded(const struct mixed_stacks *mixed, struct capture *capture);

/* Looks for languages, if a module has been added since the last search. True: one was found, so
 * that walks may end elsewhere now. The caller must hold the capture lock. */
bool mixed_search(struct mixed_stacks *mixed);

/* To be called when modules have been unloaded: an interpreter may be gone. The caller must hold
 * the capture lock. */
void mixed_look_again(struct mixed_stacks *mixed);

/* The stack of the calling thread, whose native stack is known; STACK_NONE: its merged stack isn't
 * known yet. depth: most frames of a language. words: those of the native stack, or NULL.
 * Async-signal-safe, any thread, no lock. */
struct captured mixed_known(struct mixed_stacks *mixed, const struct registers *from,
			    uint32_t depth, struct captured native, struct frame_words *words);

/* The same for a native stack that was just walked: merges and keeps it. walk holds the frames that
 * native was made of; words: where the native stack keeps its words, or NULL. The caller must hold
 * the capture lock. */
struct captured mixed_make(struct mixed_stacks *mixed, const struct walk *walk,
			   const frame_t *frames, struct captured native,
			   _Atomic(struct frame_words *) *words);

/* struct walk's ends_at; data is a struct mixed_stacks. */
bool mixed_ends_walk(void *data, uintptr_t pc);

/* Whether a language of the program is shutting down, and closes what was left open; and whether
 * one may ever do that. Async-signal-safe. */
static inline bool mixed_may_finish(const struct mixed_stacks *mixed)
{
	return atomic_load_explicit(&mixed->finishing, memory_order_relaxed);
}
bool mixed_is_finishing(const struct mixed_stacks *mixed);

// SPDX-License-Identifier: MIT
/*
 * The interface of one language whose functions have no frames of their own on the native stack:
 * an interpreter or a virtual machine. A stack shows the language's frames in place of the
 * interpreter's own. capture.c knows only this interface; preload/languages/ has the languages.
 *
 * No function here may crash, wait, take a lock of the program's (Python's GIL), run code of the
 * program, allocate from its heap, or change errno. frames() runs on the calling thread's stack in
 * every hooked open, also in a signal handler; it is the cost of an open. All others run under the
 * capture lock on a stack of 64 KiB.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "unwinder.h"

struct capture;

enum {
	/* The native frame in which this frame and those before it run ends with it: its caller is
	 * native code. */
	LANGUAGE_ENTRY = 1,
	/* Only for the last frame: there are more than the caller had room for. */
	LANGUAGE_MORE = 2,
	/* Only for the last frame: there are more, which frames() can't read. */
	LANGUAGE_UNREAD = 4,
	/* mixed_stack.c's: not a frame. code is the id of the stack that asked for what the thread
	 * does. */
	LANGUAGE_ASKED = 8,
};

/* A frame of a language: words that say which code it is and how far it has come. The members
 * before stack are its identity: where they are equal, describe() would give the same name. */
struct language_frame {
	uintptr_t
		code; /* the code object, method, function: any word that describe() understands */
	uintptr_t at; /* the instruction, bytecode index, position: whatever gives the line */
	uint32_t check; /* changes if the code object dies and another comes to lie at its address;
			 * 0: that can't happen */
	uint8_t flags;  /* LANGUAGE_* */
	uint8_t language; /* capture.c's: its number in the list */
	uint16_t inlined; /* frames() leaves it 0; see describe() */
	/* For merging: an address inside the native frame in which it runs (between that frame's
	 * stack pointer and its caller's). 0: not known; then frames up to one with LANGUAGE_ENTRY
	 * take the next native frame for which is_loop() is true. */
	uintptr_t stack;
};

enum { INTERPRETER_WORDS = 4 };

enum { LANGUAGE_FUNCTION_MAX = 256, LANGUAGE_FILE_MAX = 1024 };

/* The name of a frame, as its language's users write it. */
struct language_name {
	char function[LANGUAGE_FUNCTION_MAX]; /* "Client.fetch"; never empty */
	char file[LANGUAGE_FILE_MAX];         /* "": not known */
	uint32_t line;                        /* 0: not known */
	bool library; /* belongs to the language or to an installed library, not to the user */
};

enum detected {
	DETECTED_NOT,     /* not in this process, as far as can be seen */
	DETECTED,         /* its frames can be read */
	DETECTED_LATER,   /* it is here and has not started: ask again at the next new stack */
	DETECTED_UNKNOWN, /* it is here, and its frames can't be read: detection.trouble says why */
};

struct detection {
	char version[32];    /* "3.11.2"; "": not known */
	const char *trouble; /* a static text: "fdtrail doesn't know this version" */
};

struct interpreter {
	const char *name; /* "python": one word, lower case */

	/* Whether the interpreter is in this process. Called at the start, and when a module was
	 * met in a stack for the first time, until it answers something else than DETECTED_NOT; and
	 * again when modules have been unloaded. The loader's functions may not be called:
	 * preload/core/base/loaded_symbol.h finds symbols. */
	enum detected (*detect)(struct detection *detection);

	/* Called once with the process' capture, by the constructor, if detect() has found the
	 * language at the start: before the program's own code, on its stack, without the capture
	 * lock. It may call the language's functions. NULL: there is nothing to do. */
	void (*start)(struct capture *capture);

	/* Called when a library was loaded, before its constructors, and once after start(), if the
	 * language has been found: for a part of it that comes later. The loader holds its lock.
	 * Not all libraries are told (preload/runtime/deepbind.c). NULL: not wanted. */
	void (*loaded)(struct capture *capture);

	/* Fills frames with those of the calling thread, innermost first, at most room of them, and
	 * returns how many; 0 also if the thread runs no code of the language. from: the registers
	 * of the code that called the hooked function. Async-signal-safe. Must check each address
	 * before it reads there: preload/core/capture/proven_memory.h. */
	int (*frames)(const struct registers *from, struct language_frame *frames, int room);

	/* Whether frames() would return these frames, found for the same native stack; a faster way
	 * to find it out, since most opens come from where one has come before. NULL: there is
	 * none. */
	bool (*matches)(const struct registers *from, const struct language_frame *frames,
			int count);

	/* A faster way yet, for frames on the native stack. Gets the return address into a frame
	 * for which is_loop() is true, and its frame pointer; stores the offsets from fp of the
	 * words by which the frame is known. While these words are what they are now, and *moves as
	 * well, frames() finds the same in this frame. Returns the number of words; -1: there is no
	 * such set. Called under the capture lock in the thread with this frame. moves: counts how
	 * often the language may have moved its objects; 0: it can't be counted. NULL: there are no
	 * such words. */
	int (*words)(uintptr_t pc, uintptr_t fp, int32_t offsets[INTERPRETER_WORDS]);
	const _Atomic uint64_t *moves;

	/* Names a frame that frames() has just returned for the calling thread. False: not known.
	 * With inlines, a frame stands for all functions that were compiled into one, so that
	 * frames() needn't find out which: describe() is asked for the innermost one (inlined is
	 * 0), then for its callers (1, 2, ...), until it says that there are no more. It may say so
	 * at once, for code that no user of the language wants to see. */
	bool (*describe)(const struct language_frame *frame, struct language_name *name);
	bool inlines;

	/* frames() knows the stack from the first native frame for which is_loop() is true to the
	 * thread's start. The native walk ends there: generated code has no unwind data and uses
	 * frame pointers for other things, so that a walk finds other frames each time. */
	bool ends_walk;

	/* Whether this address lies in the interpreter's loop or in code that it has generated.
	 * Such native frames are left out of a stack that has frames of the language. NULL: never.
	 */
	bool (*is_loop)(uintptr_t pc);

	/* Whether a module belongs to the interpreter or to an installed library of the language,
	 * so that its native frames are not the user's code. module: the loader's name for it, ""
	 * for the program. NULL: never. */
	bool (*is_library)(const char *module);

	/* Gets each native stack that is walked, innermost frame first: addresses of code, and the
	 * stack pointers after the calls there return. For languages that learn something from it.
	 * NULL: not wanted. */
	void (*walked)(const uintptr_t *pcs, const uintptr_t *sps, uint32_t count);

	/* Whether the interpreter is shutting down, and the calling thread may be closing for it
	 * what the program has left open. Async-signal-safe and cheap: the hook of close() calls
	 * it. NULL: it never closes anything. */
	bool (*is_finishing)(void);
};

// SPDX-License-Identifier: MIT
/*
 * Walks the frames of a thread state. This is the hot part of Python: it runs at every open. A frame
 * costs the loads of its code, instruction and caller, and those of its code object that tell
 * whether this is still the same code.
 */
#include <string.h>

#include "preload/core/capture/proven_memory.h"
#include "python_internal.h"

enum {
	OWNED_BY_STACK = 3, /* enum _frameowner: this and higher values are no Python frames */
	/* A str has at most so many characters, or it isn't one; no file name is that long. */
	TEXT_MAX = 1 << 16,
};

static inline uintptr_t word_at(uintptr_t address)
{
	uintptr_t word;

	memcpy(&word, (const void *)address, sizeof(word));
	return word;
}

/* The file's name by its length and its end; the pointer alone isn't enough, because code that
 * exec() has run dies, and the same addresses come again with the next one. */
static inline uint64_t file_mark(const struct python_layout *layout, uintptr_t file)
{
	uintptr_t length, end;

	if (!proven_word(file + layout->str_length, &length) || length < sizeof(end) ||
	    length > TEXT_MAX ||
	    !proven_word(file + layout->ascii_size + length - sizeof(end), &end))
		return length;
	return end ^ length << 56;
}

/* See language_frame.check. Code objects are never moved, but they die. */
static inline uint32_t check_of(const struct python_layout *layout, uintptr_t code)
{
	uintptr_t file, name, hash = 0;
	uint64_t mark;

	if (!proven_readable(code, layout->code_size))
		return 0;
	file = word_at(code + layout->code_file);
	name = word_at(code + layout->code_name);
	proven_word(name + layout->str_hash, &hash); /* names are interned, so they have one */
	mark = file ^ name << 20 ^ word_at(code + layout->code_lines) << 7 ^
	       word_at(code + layout->code_first_line);
	mark = (mark ^ hash) * 0x9e3779b97f4a7c15ULL ^ file_mark(layout, file);
	mark *= 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(mark >> 32) | 1;
}

static inline void take_frame(const struct python_layout *layout, uintptr_t frame,
			      struct language_frame *taken)
{
	/* From 3.14 on the low bits are a tag (_PyStackRef). */
	uintptr_t code = word_at(frame + layout->frame_code) & ~(uintptr_t)7;
	uintptr_t at = word_at(frame + layout->frame_at);

	*taken = (struct language_frame){
		.code = code,
		.at = layout->code_instructions ? at - code - layout->code_instructions
						: (uint32_t)at,
		.check = check_of(layout, code),
	};
	/* f_lasti counts instructions in 3.10, and bytes before. */
	if (layout->lines == PYTHON_LINETABLE)
		taken->at *= 2;
}

/* All frames from first to the last one run in the native frame that this address lies in. */
static void end_run(struct language_frame *frames, int first, int count, uintptr_t stack)
{
	for (int i = first; i < count; i++)
		frames[i].stack = stack;
	if (count > first)
		frames[count - 1].flags |= LANGUAGE_ENTRY;
}

int python_walk(const struct python_layout *layout, uintptr_t thread, struct language_frame *frames,
		int room)
{
	uintptr_t frame = 0, cframe = 0;
	int count = 0, first = 0, shims = 0;

	if (layout->thread_cframe && !proven_word(thread + layout->thread_cframe, &cframe))
		return 0;
	if (!proven_word(layout->frames == PYTHON_FRAME_OBJECTS || !layout->thread_cframe
				 ? thread + layout->thread_frame
				 : cframe + layout->cframe_frame,
			 &frame))
		return 0;
	while (frame && proven_readable(frame, layout->frame_size)) {
		bool is_shim = layout->frames == PYTHON_STACK_FRAMES &&
			       *(const uint8_t *)(frame + layout->frame_owner) >= OWNED_BY_STACK;

		if (is_shim ? shims++ > room : count == room) {
			if (count)
				frames[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		if (is_shim) {
			end_run(frames, first, count, frame);
			first = count;
		} else {
			take_frame(layout, frame, &frames[count++]);
		}
		if (layout->frames == PYTHON_FRAME_OBJECTS ||
		    (layout->frames == PYTHON_ENTRY_FLAGS &&
		     *(const uint8_t *)(frame + layout->frame_is_entry))) {
			end_run(frames, first, count, cframe);
			first = count;
			if (cframe && !proven_word(cframe + layout->cframe_previous, &cframe))
				cframe = 0;
		}
		frame = word_at(frame + layout->frame_previous);
	}
	return count;
}

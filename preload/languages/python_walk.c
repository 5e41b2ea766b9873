// SPDX-License-Identifier: MIT
/*
 * Walks the frames of a thread state. This is the hot part of Python: it runs at every open. A
 * frame costs the loads of its code, instruction and caller, and those of its code object that tell
 * whether this is still the same code.
 */
#include <stdatomic.h>
#include <string.h>

#include "preload/core/capture/proven_memory.h"
#include "python_internal.h"
#include "python_layout_known.h"

enum {
	OWNED_BY_STACK = 3, /* enum _frameowner: this and higher values are no Python frames */
	/* A str has at most so many characters, or it isn't one; no file name is that long. */
	TEXT_MAX = 1 << 16,
};

/* The code of the frames that the interpreter puts between the call of a class and its __init__,
 * once one was met; it is the interpreter's own, and never dies (_Py_InitCleanup, from 3.12 on).
 * Before: no address of code. */
static _Atomic uintptr_t trampoline = 1;

/* A walk's place, and what it has found out. */
struct place {
	uintptr_t frame, cframe;
	uintptr_t page;     /* the frame's page, which is proven; PROVEN_NONE: none yet */
	uintptr_t file;     /* the last file name, .. */
	uint64_t file_mark; /* .. and its mark */
};

/* Each function here is compiled into the walk of each version. */
#define INTO_WALK static inline __attribute__((always_inline))

/* A file's name by its length and its end; the pointer alone isn't enough, because code that
 * exec() has run dies, and the same addresses come again with the next one. */
INTO_WALK uint64_t mark_file(const struct python_layout *layout, uintptr_t file)
{
	uintptr_t length = 0, end;

	if (!proven_word(file + layout->str_length, &length) || length < sizeof(end) ||
	    length > TEXT_MAX ||
	    !proven_word(file + layout->ascii_size + length - sizeof(end), &end))
		return length;
	return end ^ length << 56;
}

/* See language_frame.check. Code objects are never moved, but they die. The code object must be
 * readable. */
INTO_WALK uint32_t check_of(const struct python_layout *layout, uintptr_t code, struct place *place)
{
	uintptr_t file, name, hash = 0;
	uint64_t mark;

	file = word_at(code + layout->code_file);
	if (file != place->file) {
		place->file = file;
		place->file_mark = mark_file(layout, file);
	}
	name = word_at(code + layout->code_name);
	proven_word(name + layout->str_hash, &hash); /* names are interned, so they have one */
	mark = file ^ name << 20 ^ word_at(code + layout->code_lines) << 7 ^
	       word_at(code + layout->code_first_line);
	mark = (mark ^ hash) * 0x9e3779b97f4a7c15ULL ^ place->file_mark;
	return (uint32_t)(mark ^ mark >> 32) | 1;
}

INTO_WALK bool begin(const struct python_layout *layout, uintptr_t thread, struct place *place)
{
	*place = (struct place){.page = PROVEN_NONE};
	if (layout->thread_cframe && !proven_word(thread + layout->thread_cframe, &place->cframe))
		return false;
	return proven_word(layout->frames == PYTHON_FRAME_OBJECTS || !layout->thread_cframe
				   ? thread + layout->thread_frame
				   : place->cframe + layout->cframe_frame,
			   &place->frame);
}

/* Whether there is a frame, which can be read. Most frames of a thread lie side by side. */
INTO_WALK bool there_is(const struct python_layout *layout, struct place *place)
{
	uintptr_t frame = place->frame;
	uintptr_t last = (frame + layout->frame_size - 1) & -(uintptr_t)PROVEN_PAGE;

	if (!frame)
		return false;
	if (__builtin_expect(
		    (frame & -(uintptr_t)PROVEN_PAGE) == place->page && last == place->page, 1))
		return true;
	place->page = last;
	return proven_readable(frame, layout->frame_size);
}

/* From 3.14 on the low bits are a tag (_PyStackRef). */
INTO_WALK uintptr_t code_of(const struct python_layout *layout, uintptr_t frame)
{
	return word_at(frame + layout->frame_code) & ~(uintptr_t)7;
}

INTO_WALK uintptr_t instruction_of(const struct python_layout *layout, uintptr_t frame,
				   uintptr_t code)
{
	uintptr_t at = word_at(frame + layout->frame_at);

	if (layout->code_instructions)
		return at - code - layout->code_instructions;
	/* f_lasti is an int, and counts instructions in 3.10, and bytes before. */
	return layout->lines == PYTHON_LINETABLE ? 2 * (uint32_t)at : (uint32_t)at;
}

INTO_WALK bool is_shim(const struct python_layout *layout, uintptr_t frame)
{
	return layout->frames == PYTHON_STACK_FRAMES &&
	       byte_at(frame + layout->frame_owner) >= OWNED_BY_STACK;
}

INTO_WALK bool is_trampoline(const struct python_layout *layout, uintptr_t frame)
{
	return layout->minor >= 12 &&
	       code_of(layout, frame) == atomic_load_explicit(&trampoline, memory_order_relaxed);
}

/* Whether this code, which can be read, is that of a trampoline: it has no line, and its name is
 * its file, too. */
INTO_WALK bool learn_trampoline(const struct python_layout *layout, uintptr_t code)
{
	static const char text[] = "__init__";
	uintptr_t end;

	if (layout->minor < 12)
		return false;
	uintptr_t name = word_at(code + layout->code_name);
	if (name != word_at(code + layout->code_file) ||
	    (uint32_t)word_at(code + layout->code_first_line))
		return false;
	memcpy(&end, text, sizeof(end));
	if (mark_file(layout, name) != (end ^ (sizeof(text) - 1) << 56))
		return false;
	atomic_store_explicit(&trampoline, code, memory_order_relaxed);
	return true;
}

/* Whether a run ends with this frame, as far as the frame itself tells. */
INTO_WALK bool is_entry(const struct python_layout *layout, uintptr_t frame)
{
	return layout->frames == PYTHON_FRAME_OBJECTS ||
	       (layout->frames == PYTHON_ENTRY_FLAGS && byte_at(frame + layout->frame_is_entry));
}

/* All frames from first to the last one run in the native frame that this address lies in. */
INTO_WALK void end_run(struct language_frame *frames, int first, int count, uintptr_t stack)
{
	for (int i = first; i < count; i++)
		frames[i].stack = stack;
	if (count > first)
		frames[count - 1].flags |= LANGUAGE_ENTRY;
}

/* The language's frame for the place's frame, which can be read. */
INTO_WALK struct language_frame take(const struct python_layout *layout, struct place *place)
{
	uintptr_t code = code_of(layout, place->frame);

	return (struct language_frame){
		.code = code,
		.at = instruction_of(layout, place->frame, code),
		.check = proven_readable(code, layout->code_size) ? check_of(layout, code, place)
								  : 0,
	};
}

INTO_WALK int walk(const struct python_layout *layout, uintptr_t thread,
		   struct language_frame *frames, int room)
{
	struct place place;
	int count = 0, first = 0, shims = 0;

	if (!begin(layout, thread, &place))
		return 0;
	for (; there_is(layout, &place);
	     place.frame = word_at(place.frame + layout->frame_previous)) {
		bool shim = is_shim(layout, place.frame);
		bool skipped = shim || is_trampoline(layout, place.frame);

		if (skipped ? shims++ > room : count == room) {
			if (count)
				frames[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		if (shim) {
			end_run(frames, first, count, place.frame);
			first = count;
		}
		if (skipped)
			continue;
		frames[count] = take(layout, &place);
		if (frames[count].check && learn_trampoline(layout, frames[count].code))
			continue;
		count++;
		if (is_entry(layout, place.frame)) {
			end_run(frames, first, count, place.cframe);
			first = count;
			if (place.cframe &&
			    !proven_word(place.cframe + layout->cframe_previous, &place.cframe))
				place.cframe = 0;
		}
	}
	return count;
}

INTO_WALK bool matches(const struct python_layout *layout, uintptr_t thread,
		       const struct language_frame *frames, int count)
{
	const struct language_frame *frame = frames, *end = frames + count;
	bool entered = false, more = frames[count - 1].flags & LANGUAGE_MORE;
	struct place place;

	if (!begin(layout, thread, &place))
		return false;
	for (; there_is(layout, &place);
	     place.frame = word_at(place.frame + layout->frame_previous)) {
		if (is_shim(layout, place.frame)) {
			/* The frame before it ends a run. */
			if (frame == frames || entered || !(frame[-1].flags & LANGUAGE_ENTRY))
				return false;
			entered = true;
			continue;
		}
		if (is_trampoline(layout, place.frame))
			continue;
		if (frame == end)
			return more;
		if (layout->frames == PYTHON_STACK_FRAMES && frame > frames &&
		    entered != !!(frame[-1].flags & LANGUAGE_ENTRY))
			return false;
		entered = false;
		uintptr_t code = code_of(layout, place.frame);
		/* The code was readable when these frames were found. */
		if (code != frame->code || !frame->check ||
		    instruction_of(layout, place.frame, code) != frame->at ||
		    check_of(layout, code, &place) != frame->check)
			return false;
		if (layout->frames == PYTHON_ENTRY_FLAGS &&
		    is_entry(layout, place.frame) != !!(frame->flags & LANGUAGE_ENTRY))
			return false;
		frame++;
	}
	return frame == end && !more;
}

/* Calls the function with the layout as a constant, if it is one of the known ones. */
#define WITH_CONSTANTS(layout, function, ...)                                                      \
	((layout)->minor == 11   ? function(&python_layouts[11 - PYTHON_MINOR_FIRST], __VA_ARGS__) \
	 : (layout)->minor == 12 ? function(&python_layouts[12 - PYTHON_MINOR_FIRST], __VA_ARGS__) \
				 : function(layout, __VA_ARGS__))

int python_walk(const struct python_layout *layout, uintptr_t thread, struct language_frame *frames,
		int room)
{
	return WITH_CONSTANTS(layout, walk, thread, frames, room);
}

bool python_matches(const struct python_layout *layout, uintptr_t thread,
		    const struct language_frame *frames, int count)
{
	return WITH_CONSTANTS(layout, matches, thread, frames, count);
}

bool python_frame(const struct python_layout *layout, uintptr_t frame, struct language_frame *into)
{
	struct place place = {.frame = frame, .page = PROVEN_NONE};

	if (!there_is(layout, &place))
		return false;
	*into = take(layout, &place);
	return true;
}

int python_place(const struct python_layout *layout, uintptr_t thread, uintptr_t frame, int count)
{
	struct place place;
	int at = 0;

	if (!begin(layout, thread, &place))
		return -1;
	for (int left = 2 * count; at < count && left-- && there_is(layout, &place);
	     place.frame = word_at(place.frame + layout->frame_previous)) {
		if (place.frame == frame)
			return at;
		at += !is_shim(layout, place.frame) && !is_trampoline(layout, place.frame);
	}
	return -1;
}

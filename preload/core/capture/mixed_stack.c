// SPDX-License-Identifier: MIT
/* See mixed_stack.h. */
#include "mixed_stack.h"

#include <string.h>

#include "preload/core/base/loaded_symbol.h"
#include "merge_frames.h"

_Thread_local uint32_t capture_asked;

void mixed_init(struct mixed_stacks *mixed, struct ledger *ledger)
{
	memset(mixed, 0, sizeof(*mixed));
	mixed->ledger = ledger;
	mixed_memo_init(&mixed->memo);
}

void mixed_start(struct mixed_stacks *mixed, const struct interpreter *const *list)
{
	mixed->list = list;
	mixed->modules_seen = UINT32_MAX;
	mixed_search(mixed);
}

void mixed_prepare(const struct mixed_stacks *mixed, struct capture *capture)
{
	uint32_t active = mixed_languages(mixed);

	for (unsigned int i = 0; active; i++, active >>= 1)
		if (active & 1 && mixed->list[i]->start)
			mixed->list[i]->start(capture);
	mixed_loaded(mixed, capture);
}

void mixed_loaded(const struct mixed_stacks *mixed, struct capture *capture)
{
	uint32_t active = mixed_languages(mixed);

	for (unsigned int i = 0; active; i++, active >>= 1)
		if (active & 1 && mixed->list[i]->loaded)
			mixed->list[i]->loaded(capture);
}

/* Notes which modules belong to a language, from that number on. */
static void mark_modules(struct mixed_stacks *mixed, uint32_t first, uint32_t count)
{
	struct module *modules = mixed->ledger->modules.modules;
	uint32_t active = mixed_languages(mixed);

	for (uint32_t id = first; id <= count; id++)
		for (uint8_t i = 0; mixed->list[i]; i++)
			if (active >> i & 1 && mixed->list[i]->is_library &&
			    mixed->list[i]->is_library(modules[id].is_main ? "" : modules[id].name))
				atomic_store(&modules[id].library_of, (uint8_t)(i + 1));
}

/* False: the language must be asked again, whatever modules there are. */
static bool detect(struct mixed_stacks *mixed, unsigned int number)
{
	struct detection detection = {0};
	enum detected detected = mixed->list[number]->detect(&detection);

	if (detected == DETECTED_NOT || detected == DETECTED_LATER)
		return detected == DETECTED_NOT;
	mixed->settled |= 1u << number;
	language_table_found(&mixed->ledger->languages, number, mixed->list[number]->name,
			     detection.version, detected == DETECTED ? NULL : detection.trouble);
	if (detected != DETECTED)
		return true;
	if (!mixed->named)
		mixed->named = memory_map(NAMED_FRAMES * sizeof(*mixed->named));
	atomic_fetch_or_explicit(&mixed->active, 1u << number, memory_order_release);
	if (mixed->list[number]->is_finishing)
		atomic_fetch_or(&mixed->finishing, 1u << number);
	return true;
}

bool mixed_search(struct mixed_stacks *mixed)
{
	uint32_t count = atomic_load(&mixed->ledger->modules.count), active, first;
	bool settled = true;

	if (!mixed->list || count == mixed->modules_seen || loaded_symbol_busy())
		return false;
	active = mixed_languages(mixed);
	first = mixed->modules_seen == UINT32_MAX ? 1 : mixed->modules_seen + 1;
	for (unsigned int i = 0; mixed->list[i]; i++)
		if (!(mixed->settled >> i & 1))
			settled &= detect(mixed, i);
	bool found = mixed_languages(mixed) != active;
	mark_modules(mixed, found ? 1 : first, count);
	mixed->modules_seen = settled ? count : UINT32_MAX;
	return found;
}

void mixed_look_again(struct mixed_stacks *mixed)
{
	for (unsigned int i = 0; mixed->list && mixed->list[i]; i++) {
		struct detection detection = {0};

		if (!(mixed_languages(mixed) >> i & 1) ||
		    mixed->list[i]->detect(&detection) == DETECTED)
			continue;
		atomic_fetch_and(&mixed->active, ~(1u << i));
		atomic_fetch_and(&mixed->finishing, ~(1u << i));
		mixed->settled &= ~(1u << i);
	}
	mixed->modules_seen = UINT32_MAX;
}

/* The frames of all languages for the calling thread, those of one after those of the other. */
static int get_frames(const struct mixed_stacks *mixed, uint32_t active,
		      const struct registers *from, struct language_frame *frames, int room)
{
	int count = 0;

	for (uint8_t i = 0; active; i++, active >>= 1) {
		int first = count;

		if (!(active & 1) || count == room)
			continue;
		count += mixed->list[i]->frames(from, frames + count, room - count);
		for (; first < count; first++)
			frames[first].language = i;
	}
	if (__builtin_expect(capture_asked != STACK_NONE, 0) && count < room)
		frames[count++] =
			(struct language_frame){.code = capture_asked, .flags = LANGUAGE_ASKED};
	return count;
}

/* Whether the thread has the frames of this entry, as far as can be found out fast. */
static bool matches(const struct mixed_stacks *mixed, uint32_t active, const struct registers *from,
		    const struct mixed_entry *entry)
{
	const struct language_frame *last = &entry->frames[entry->count - 1];
	uint8_t language = entry->frames[0].language;
	bool asked = last->flags & LANGUAGE_ASKED;

	/* The asker is one of the words that must be equal: see find(). */
	if (capture_asked != (asked ? last->code : STACK_NONE) || asked == entry->count)
		return false;
	return entry->one_language && active == 1u << language && mixed->list[language]->matches &&
	       mixed->list[language]->matches(from, entry->frames, entry->count - asked);
}

static __attribute__((noinline)) struct captured find(struct mixed_stacks *mixed, uint32_t active,
						      const struct registers *from, uint32_t depth,
						      struct captured native)
{
	enum { ROOM = 64 }; /* 2 KiB of the program's stack, which may be a signal handler's */
	struct language_frame frames[ROOM];

	if (depth > ROOM)
		return (struct captured){.stack = STACK_NONE};
	int count = get_frames(mixed, active, from, frames, (int)depth);

	return count ? mixed_memo_find(&mixed->memo, native.stack, frames, count) : native;
}

static __attribute__((noinline)) struct captured
known_by_frames(struct mixed_stacks *mixed, uint32_t active, const struct registers *from,
		uint32_t depth, struct captured native)
{
	const struct mixed_entry *entry = mixed_memo_recent(&mixed->memo, native.stack);

	if (__builtin_expect(entry && matches(mixed, active, from, entry), 1))
		return entry->merged;
	return find(mixed, active, from, depth, native);
}

struct captured mixed_known(struct mixed_stacks *mixed, const struct registers *from,
			    uint32_t depth, struct captured native, struct frame_words *words)
{
	uint32_t active = mixed_languages(mixed);

	if (!words || active != 1u << words->language)
		return known_by_frames(mixed, active, from, depth, native);
	uint64_t moves = atomic_load(mixed->list[words->language]->moves);
	struct captured known = frame_words_find(words, from->sp, moves, capture_asked);
	if (__builtin_expect(known.stack != STACK_NONE, 1))
		return known;
	known = known_by_frames(mixed, active, from, depth, native);
	if (known.stack != STACK_NONE)
		frame_words_keep(words, from->sp, moves, capture_asked, known);
	return known;
}

static bool same_frame(const struct language_frame *a, const struct language_frame *b)
{
	return a->code == b->code && a->at == b->at && a->check == b->check &&
	       a->language == b->language && a->inlined == b->inlined;
}

/* The number of the frame's name; NAMED_NOTHING: it stands for no function. */
static uint32_t name_frame(struct mixed_stacks *mixed, const struct language_frame *frame)
{
	static struct language_name name; /* under the capture lock */
	struct named_language_frame *place = NULL;

	if (mixed->named) {
		uint64_t hash = (frame->code ^ frame->at << 40 ^ frame->at >> 24 ^ frame->check) *
				0x9e3779b97f4a7c15ULL;

		place = &mixed->named[(hash >> 32) % NAMED_FRAMES];
		if (place->name != LANGUAGE_NAME_NONE && same_frame(&place->frame, frame))
			return place->name;
	}
	name = (struct language_name){0};
	struct language_entry entry = {.language = frame->language, .library = true};
	uint32_t number = NAMED_NOTHING;
	if (mixed->list[frame->language]->describe(frame, &name)) {
		entry.function = name.function;
		entry.file = name.file;
		entry.line = name.line;
		entry.library = name.library;
	} else if (!mixed->list[frame->language]->inlines) {
		entry.function = "?";
		entry.file = "";
	}
	if (entry.function)
		number = language_table_intern(&mixed->ledger->languages, &entry);
	if (place)
		*place = (struct named_language_frame){*frame, number};
	return number;
}

/* Frames and their names, innermost first. */
struct named_frames {
	struct language_frame frames[STACK_DEPTH_MAX];
	frame_t names[STACK_DEPTH_MAX];
	uint32_t count;
};

/* Adds the functions that frame stands for. False: there are more than depth. */
static bool add_functions(struct mixed_stacks *mixed, const struct language_frame *frame,
			  uint32_t depth, struct named_frames *into)
{
	struct language_frame function = *frame;
	bool inlines = mixed->list[frame->language]->inlines;
	uint32_t first = into->count, name;

	function.flags &= (uint8_t)~LANGUAGE_ENTRY;
	do {
		name = name_frame(mixed, &function);
		if (name == NAMED_NOTHING)
			break;
		if (into->count == depth)
			return false;
		into->frames[into->count] = function;
		into->names[into->count++] = FRAME_OF_LANGUAGE(name);
	} while (inlines && function.inlined++ < UINT16_MAX);
	if (into->count > first)
		into->frames[into->count - 1].flags = frame->flags;
	return true;
}

static bool is_loop(void *data, uintptr_t pc)
{
	const struct mixed_stacks *mixed = data;
	uint32_t active = mixed_languages(mixed);

	for (unsigned int i = 0; active; i++, active >>= 1)
		if (active & 1 && mixed->list[i]->is_loop && mixed->list[i]->is_loop(pc))
			return true;
	return false;
}

/* Whether one of the frames is the user's own code. */
static bool has_user(const struct ledger *ledger, const frame_t *names, int count)
{
	for (int i = 0; i < count; i++) {
		const struct language_entry *entry =
			language_table_get(&ledger->languages, (uint32_t)FRAME_OFFSET(names[i]));

		if (entry && !entry->library)
			return true;
	}
	return false;
}

/* Adds the stack that asked for what the thread does. Returns the new depth. */
static uint32_t add_asked(const struct stack_table *stacks, uint32_t asked, frame_t *into,
			  uint32_t depth, enum stack_end *end)
{
	struct stack_view view;

	asked &= ~(uint32_t)ASKED_BY_PROGRAM;
	if (asked < STACK_FIRST || !stack_table_view(stacks, asked, &view) ||
	    depth + 1 >= STACK_DEPTH_MAX)
		return depth;
	into[depth++] = FRAME_ASKED_FOR_BY(*end);
	*end = view.end;
	for (uint32_t i = 0; i < view.depth; i++) {
		if (depth == STACK_DEPTH_MAX) {
			*end = STACK_DEEPER;
			break;
		}
		into[depth++] = view.frames[i];
	}
	return depth;
}

/* Finds the words by which the language's frames of the walked stack are known. */
static void make_words(struct mixed_stacks *mixed, const struct walk *walk,
		       const struct language_frame *frames, int count,
		       _Atomic(struct frame_words *) *words)
{
	uint32_t active = mixed_languages(mixed);
	uint8_t number = (uint8_t)__builtin_ctz(active | 1u << LANGUAGES_MAX);
	const struct interpreter *language;

	if (active != 1u << number || atomic_load(words))
		return;
	language = mixed->list[number];
	if (language->words && atomic_load(language->moves))
		atomic_store_explicit(
			words,
			frame_words_make(&mixed->memo.arena, walk, language, number, frames, count),
			memory_order_release);
}

struct captured mixed_make(struct mixed_stacks *mixed, const struct walk *walk,
			   const frame_t *frames, struct captured native,
			   _Atomic(struct frame_words *) *words)
{
	/* One thread at a time is here. */
	static struct language_frame language[STACK_DEPTH_MAX];
	static struct named_frames named;
	static frame_t merged[STACK_DEPTH_MAX];
	uint32_t active = mixed_languages(mixed);
	struct stack_table *stacks = &mixed->ledger->stacks;
	enum stack_end end = walk->end;

	if (!atomic_load(&mixed->active))
		return native;
	for (uint8_t i = 0; active && mixed->list[i]; i++)
		if (active >> i & 1 && mixed->list[i]->walked)
			mixed->list[i]->walked(walk->pcs, walk->sps, walk->count);
	int count = get_frames(mixed, active, &walk->registers, language, (int)walk->depth);
	int own = count && language[count - 1].flags & LANGUAGE_ASKED ? count - 1 : count;
	if (words)
		make_words(mixed, walk, language, own, words);
	if (!count)
		return native;
	struct captured known = mixed_memo_find(&mixed->memo, native.stack, language, count);
	if (known.stack != STACK_NONE)
		return known;
	named.count = 0;
	for (int i = 0; i < own; i++) {
		if (!add_functions(mixed, &language[i], walk->depth, &named)) {
			named.frames[named.count - 1].flags |= LANGUAGE_MORE;
			break;
		}
	}
	if (!named.count && own == count)
		return native;
	/* The last frame may have stood for nothing. */
	if (named.count)
		named.frames[named.count - 1].flags |= language[own - 1].flags & LANGUAGE_UNREAD;
	const struct merge merge = {
		.native = frames,
		.pcs = walk->pcs,
		.sps = walk->sps,
		.native_count = walk->count,
		.native_end = walk->end,
		.frames = named.frames,
		.names = named.names,
		.count = named.count,
		.is_loop = is_loop,
		.data = mixed,
	};
	uint32_t depth = merge_frames(&merge, merged, STACK_DEPTH_MAX, &end);
	if (own < count && (language[own].code & ASKED_BY_PROGRAM ||
			    !has_user(mixed->ledger, named.names, (int)named.count)))
		depth = add_asked(stacks, (uint32_t)language[own].code, merged, depth, &end);
	uint32_t stack = stack_table_intern(stacks, merged, depth, end);
	struct captured captured = {stack, stack_table_figures(stacks, stack)};
	if (native.stack >= STACK_FIRST && stack >= STACK_FIRST)
		mixed_memo_keep(&mixed->memo, native.stack, language, count, captured);
	return captured;
}

bool mixed_ends_walk(void *data, uintptr_t pc)
{
	const struct mixed_stacks *mixed = data;
	uint32_t active = mixed_languages(mixed);

	for (unsigned int i = 0; active; i++, active >>= 1)
		if (active & 1 && mixed->list[i]->ends_walk && mixed->list[i]->is_loop(pc))
			return true;
	return false;
}

bool mixed_is_finishing(const struct mixed_stacks *mixed)
{
	uint32_t finishing = atomic_load(&mixed->finishing);

	for (unsigned int i = 0; finishing; i++, finishing >>= 1)
		if (finishing & 1 && mixed->list[i]->is_finishing())
			return true;
	return false;
}

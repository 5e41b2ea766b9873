// SPDX-License-Identifier: MIT
/* See frame.h. */
#include "frame.h"

#include <string.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/c_library.h"
#include "escape_text.h"
#include "sort.h"
#include "elf_symbols.h"

bool frames_init(struct frames *frames, const struct ledger *ledger,
		 const struct frame_namer *namer, struct scratch *scratch)
{
	*frames = (struct frames){
		.scratch = scratch,
		.modules = &ledger->modules,
		.languages = &ledger->languages,
		.namer = namer,
	};
	frames->uses = scratch_alloc(scratch, MODULE_LIMIT + 1);
	return frames->uses != NULL;
}

/* The module of a frame, or NULL. */
static const struct module *module_of(const struct frames *frames, frame_t frame)
{
	uint32_t id = FRAME_MODULE(frame);

	return id <= MODULE_LIMIT ? module_table_get(frames->modules, id) : NULL;
}

/* The slot of frame, or the empty one where it belongs. */
static uint32_t *slot_of(const struct frames *frames, frame_t frame)
{
	size_t at = (size_t)((frame * 0x9e3779b97f4a7c15ULL) >> 20);

	for (;; at++) {
		uint32_t *slot = &frames->slots[at & (frames->slot_count - 1)];
		if (!*slot || frames->list[*slot - 1].frame == frame)
			return slot;
	}
}

static bool grow(struct frames *frames)
{
	size_t room = frames->room ? 2 * frames->room : 4096;
	struct named_frame *list = scratch_array(frames->scratch, room, sizeof(*list));
	uint32_t *slots = scratch_array(frames->scratch, 2 * room, sizeof(*slots));

	if (!list || !slots)
		return false;
	if (frames->count)
		memcpy(list, frames->list, frames->count * sizeof(*list));
	frames->list = list;
	frames->room = room;
	frames->slots = slots;
	frames->slot_count = 2 * room;
	for (size_t i = 0; i < frames->count; i++)
		*slot_of(frames, list[i].frame) = (uint32_t)i + 1;
	return true;
}

void frames_add(struct frames *frames, const struct stack_view *stack)
{
	for (uint32_t i = 0; i < stack->depth; i++) {
		frame_t frame = stack->frames[i];

		if (!module_of(frames, frame))
			continue;
		if (frames->count == frames->room && !grow(frames))
			return;
		uint32_t *slot = slot_of(frames, frame);
		if (*slot)
			continue;
		frames->list[frames->count++].frame = frame;
		*slot = (uint32_t)frames->count;
	}
}

static const struct named_frame *find(const struct frames *frames, frame_t frame)
{
	uint32_t *slot = frames->count ? slot_of(frames, frame) : NULL;

	return slot && *slot ? &frames->list[*slot - 1] : NULL;
}

static int compare_frames(const void *left, const void *right)
{
	const struct named_frame *a = left, *b = right;

	return (a->frame > b->frame) - (a->frame < b->frame);
}

/* Names count frames of one module, sorted by offset. */
static void resolve_module(struct frames *frames, struct named_frame **sorted, size_t count)
{
	static const uint8_t uses[] = {
		[IMAGE_READY] = MODULE_USED,
		[IMAGE_ABSENT] = MODULE_FILE_ABSENT,
		[IMAGE_CHANGED] = MODULE_FILE_CHANGED,
		[IMAGE_BROKEN] = MODULE_FILE_BROKEN,
	};
	struct symbol_query *queries = scratch_array(frames->scratch, count, sizeof(*queries));
	const struct module *module = module_of(frames, sorted[0]->frame);

	struct named_frame **wanted = scratch_array(frames->scratch, count, sizeof(*wanted));
	size_t unnamed = 0;

	if (!queries || !wanted)
		return;
	for (size_t i = 0; i < count; i++) {
		if (frames->namer && frames->namer->find(frames->namer, module, sorted[i]))
			continue;
		wanted[unnamed] = sorted[i];
		queries[unnamed++].address = FRAME_OFFSET(sorted[i]->frame);
	}
	if (!unnamed)
		return;
	enum image_state state = symbols_find(module, queries, unnamed, frames->scratch);
	frames->uses[FRAME_MODULE(sorted[0]->frame)] = module->has_file ? uses[state] : MODULE_USED;
	for (size_t i = 0; i < unnamed; i++) {
		wanted[i]->name = queries[i].name;
		wanted[i]->name_length = queries[i].name_length;
	}
}

void frames_resolve(struct frames *frames)
{
	struct named_frame **sorted =
		scratch_array(frames->scratch, frames->count, sizeof(*sorted));

	if (!sorted)
		return;
	for (size_t i = 0; i < frames->count; i++)
		sorted[i] = &frames->list[i];
	sort_pointers((void **)sorted, frames->count, compare_frames);
	for (size_t first = 0, end; first < frames->count; first = end) {
		uint32_t module = FRAME_MODULE(sorted[first]->frame);

		for (end = first; end < frames->count; end++)
			if (FRAME_MODULE(sorted[end]->frame) != module)
				break;
		frames->uses[module] = MODULE_USED;
		resolve_module(frames, sorted + first, end - first);
	}
}

/* A name must be one word, so it is quoted if it has a blank in it. */
static void put_name(struct writer *writer, const struct named_frame *named)
{
	if (memchr(named->name, ' ', named->name_length) ||
	    memchr(named->name, '"', named->name_length))
		put_quoted(writer, named->name, named->name_length);
	else
		put_escaped(writer, named->name, named->name_length);
}

static bool is_language(frame_t frame)
{
	return FRAME_MODULE(frame) == FRAME_MODULE_LANGUAGE;
}

/* The name of a language's frame. */
static const struct language_entry *entry_of(const struct frames *frames, frame_t frame)
{
	static const struct language_entry none = {.function = "?", .file = "", .library = true};
	const struct language_entry *entry =
		is_language(frame)
			? language_table_get(frames->languages, (uint32_t)FRAME_OFFSET(frame))
			: NULL;

	return entry ? entry : &none;
}

/* "client.py:6"; the line follows the last colon that is not in quotes. */
static void put_line_of(struct writer *writer, const char *file, uint32_t line)
{
	if (strchr(file, ':'))
		put_quoted(writer, file, strlen(file));
	else
		put_word(writer, file, strlen(file));
	if (line) {
		put_char(writer, ':');
		put_unsigned(writer, line);
	}
}

/* "    #1 in fetch /srv/client.py:6 (python)" */
static void put_language_frame(const struct frames *frames, struct writer *writer,
			       unsigned int index, frame_t frame)
{
	const struct language_entry *entry = entry_of(frames, frame);
	const struct language_present *language =
		language_table_present(frames->languages, entry->language);

	put_string(writer, "    #");
	put_unsigned(writer, index);
	put_string(writer, " in ");
	put_word(writer, entry->function, strlen(entry->function));
	if (*entry->file) {
		put_char(writer, ' ');
		put_line_of(writer, entry->file, entry->line);
	}
	put_string(writer, " (");
	put_string(writer, language ? language->name : "unknown");
	put_string(writer, entry->library ? ", library)\n" : ")\n");
}

static void put_frame(struct frames *frames, struct writer *writer, unsigned int index,
		      frame_t frame)
{
	if (is_language(frame)) {
		put_language_frame(frames, writer, index, frame);
		return;
	}
	const struct module *module = module_of(frames, frame);
	const struct named_frame *named = module ? find(frames, frame) : NULL;
	uint64_t bias = module ? atomic_load(&module->bias) : 0;

	put_string(writer, "    #");
	put_unsigned(writer, index);
	put_char(writer, ' ');
	put_hex(writer, bias + FRAME_OFFSET(frame), 12);
	if (!module) {
		put_string(writer, " (in no known module)\n");
		return;
	}
	if (named && named->name) {
		put_string(writer, " in ");
		put_name(writer, named);
	}
	put_string(writer, " (");
	put_escaped(writer, module->path, strlen(module->path));
	put_char(writer, '+');
	put_hex(writer, FRAME_OFFSET(frame), 1);
	put_char(writer, ')');
	if (!named || !named->name) {
		frames->unnamed = true;
		if (module->build_id_size) {
			put_string(writer, " (BuildId: ");
			put_hex_bytes(writer, module->build_id, module->build_id_size);
			put_char(writer, ')');
		}
	}
	put_char(writer, '\n');
}

/* Writes the line that says what is missing in a stack of depth frames. */
static void put_end(struct writer *writer, enum stack_end end, uint32_t depth)
{
	switch (end) {
	case STACK_COMPLETE:
		break;
	case STACK_DEEPER:
		put_string(writer, "    (deeper: cut at ");
		put_unsigned(writer, depth);
		if (depth < STACK_DEPTH_MAX) {
			put_string(writer, " frames; FDTRAIL_DEPTH allows up to ");
			put_unsigned(writer, STACK_DEPTH_MAX);
			put_string(writer, ")\n");
		} else {
			put_string(writer, " frames, the most that are kept)\n");
		}
		break;
	case STACK_NO_UNWIND:
		put_string(writer,
			   "    (incomplete: the next caller is code without unwind data)\n");
		break;
	case STACK_UNREAD:
		put_string(writer,
			   "    (incomplete: the language keeps the other callers where fdtrail "
			   "can't read them)\n");
		break;
	case STACK_EARLY:
		put_string(writer,
			   "    (taken before libunwind was loaded: by frame pointers only, "
			   "may be incomplete)\n");
		break;
	case STACK_POINTERS_ONLY:
		put_string(writer, "    (taken without libunwind: by frame pointers only, "
				   "may be incomplete)\n");
		break;
	case STACK_CREATOR_ONLY:
		put_string(writer,
			   "    (incomplete: only the go statement is known; more of it needs "
			   "GODEBUG=tracebackancestors=10)\n");
		break;
	case STACK_NO_CREATOR:
		put_string(writer,
			   "    (what created this goroutine is not known: another version of "
			   "Go than those we know)\n");
		break;
	case STACK_MORE_CREATORS:
		put_string(writer,
			   "    (the goroutines before this one are not kept: --go-ancestors "
			   "allows more)\n");
		break;
	}
}

/* The frames after a marker belong to the goroutine that started the one before it, or asked for
 * what the frames before it do. */
static bool is_mark(frame_t frame)
{
	return FRAME_MODULE(frame) == FRAME_MODULE_MARK;
}

void frames_put(struct frames *frames, struct writer *writer, const struct stack_view *stack)
{
	uint32_t index = 0;

	for (uint32_t i = 0; i < stack->depth; i++) {
		frame_t frame = stack->frames[i];

		if (!is_mark(frame)) {
			put_frame(frames, writer, index++, frame);
			continue;
		}
		put_end(writer, FRAME_MARK_END(frame), index);
		put_string(writer, frame & FRAME_ASKED ? "  asked for by:\n" : "  created by:\n");
		index = 0;
	}
	put_end(writer, stack->end, index);
}

bool frames_pool(const struct frames *frames, const struct stack_view *stack)
{
	for (uint32_t i = 0; i < stack->depth; i++) {
		const struct named_frame *named = find(frames, stack->frames[i]);

		if (named && named->pools)
			return true;
	}
	return false;
}

/* A program that was started by the loader's name may be called like the loader. */
static bool is_c_library(const struct module *module)
{
	return !module->is_main && c_library_is(module->path);
}

/* Whether the frame is code that a heading should not name: the C library's, Go's. */
static bool is_standard(const struct frames *frames, frame_t frame)
{
	const struct module *module = module_of(frames, frame);
	const struct named_frame *named = module ? find(frames, frame) : NULL;

	return is_mark(frame) || (module && is_c_library(module)) || (named && named->standard);
}

/* Libraries of the system, and not the program's own: a language's modules call them. */
static bool is_system(const struct module *module)
{
	static const char *const places[] = {"/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strncmp(module->path, places[i], strlen(places[i])) == 0)
			return true;
	return !module->has_file;
}

/* For a stack with frames of a language: whether this frame is the user's own code. */
static bool is_users(const struct frames *frames, frame_t frame)
{
	const struct module *module = module_of(frames, frame);

	if (is_language(frame))
		return !entry_of(frames, frame)->library;
	return module && !atomic_load(&module->library_of) && !is_c_library(module) &&
	       !is_system(module);
}

/* The frame that a heading names, of a stack with frames of a language: the innermost one of the
 * user's own, or else the language's innermost. False: it has no such frames. */
static bool language_origin(const struct frames *frames, const struct stack_view *stack,
			    frame_t *origin)
{
	uint32_t first = 0;

	while (first < stack->depth && !is_language(stack->frames[first]))
		first++;
	if (first == stack->depth)
		return false;
	*origin = stack->frames[first];
	for (uint32_t at = 0; at < stack->depth; at++)
		if (is_users(frames, stack->frames[at])) {
			*origin = stack->frames[at];
			break;
		}
	return true;
}

/* The frame that a heading names. The stack must have frames. */
static frame_t origin_of(const struct frames *frames, const struct stack_view *stack)
{
	uint32_t at = 0;
	frame_t origin;

	if (language_origin(frames, stack, &origin))
		return origin;

	while (at < stack->depth && is_standard(frames, stack->frames[at]))
		at++;
	if (at < stack->depth)
		return stack->frames[at];
	/* No frame is the program's own: take Go's frame that is nearest to it, or the C library's
	 * caller. */
	for (at = stack->depth; at-- > 0;) {
		const struct named_frame *named = find(frames, stack->frames[at]);
		if (named && named->standard)
			return stack->frames[at];
	}
	for (at = 0; at + 1 < stack->depth && !is_mark(stack->frames[at + 1]); at++) {
		const struct module *module = module_of(frames, stack->frames[at]);
		if (!module || !is_c_library(module))
			break;
	}
	return stack->frames[at];
}

static bool same_name(const struct frames *frames, frame_t a, frame_t b)
{
	const struct named_frame *one = find(frames, a), *other = find(frames, b);

	return one && other && one->name && other->name && one->name_length == other->name_length &&
	       memcmp(one->name, other->name, one->name_length) == 0;
}

/* Whether two frames are in the same function. */
static bool same_function(const struct frames *frames, frame_t a, frame_t b)
{
	if (is_language(a) && is_language(b)) {
		const struct language_entry *one = entry_of(frames, a),
					    *other = entry_of(frames, b);

		return strcmp(one->function, other->function) == 0 &&
		       strcmp(one->file, other->file) == 0;
	}
	return a == b || (FRAME_MODULE(a) == FRAME_MODULE(b) && module_of(frames, a) &&
			  same_name(frames, a, b));
}

bool frames_same_origin(const struct frames *frames, const struct stack_view *a,
			const struct stack_view *b)
{
	return a->depth && b->depth &&
	       same_function(frames, origin_of(frames, a), origin_of(frames, b));
}

void frames_put_origin(const struct frames *frames, struct writer *writer,
		       const struct stack_view *stack)
{
	if (stack->depth == 0) {
		put_string(writer, "at an unknown place");
		return;
	}

	frame_t frame = origin_of(frames, stack);
	if (is_language(frame)) {
		const struct language_entry *entry = entry_of(frames, frame);

		put_string(writer, "in ");
		put_word(writer, entry->function, strlen(entry->function));
		if (*entry->file) {
			put_string(writer, " at ");
			put_line_of(writer, base_name(entry->file), entry->line);
		}
		return;
	}
	const struct module *module = module_of(frames, frame);
	const struct named_frame *named = module ? find(frames, frame) : NULL;
	if (!module) {
		put_string(writer, "at ");
		put_hex(writer, FRAME_OFFSET(frame), 1);
	} else if (named && named->name) {
		put_string(writer, "in ");
		put_name(writer, named);
	} else {
		const char *base = base_name(module->path);
		put_string(writer, "at ");
		put_word(writer, base, strlen(base));
		put_char(writer, '+');
		put_hex(writer, FRAME_OFFSET(frame), 1);
	}
}

bool frames_same_function(const struct frames *frames, const struct stack_view *a,
			  const struct stack_view *b)
{
	return a->depth == b->depth && a->depth != 0 &&
	       memcmp(a->frames + 1, b->frames + 1, (a->depth - 1) * sizeof(*a->frames)) == 0 &&
	       same_function(frames, a->frames[0], b->frames[0]);
}

// SPDX-License-Identifier: MIT
/*
 * See v8_walk.h. V8's code and Node's native code keep frame pointers; other native code may not,
 * and then the walk begins where V8 has noted its last call of native code. A frame of
 * generated code has its context, a pointer, or the frame's type, a small integer, below the saved
 * frame pointer; then its function; then, in interpreted frames, the bytecodes and the offset of
 * the call in progress.
 */
#include "v8_walk.h"

#include <stdatomic.h>

#include "preload/core/capture/local_memory.h"
#include "preload/core/capture/proven_memory.h"
#include "v8_object.h"
#include "v8_place.h"

enum {
	STEPS = 1024,         /* frames of all kinds that are looked at */
	FRAME_MAX = 16 << 20, /* no frame is larger */
	CHUNK = 256 * 1024,   /* V8 maps its memory in pieces of this size */
	CHUNKS = 64,
	COUNTED = 1024,
	NO_PAGE = 1,
};

/* Pieces of memory outside of V8's module, by what lies there: GENERATED or NATIVE in the lowest
 * bits. */
enum { GENERATED = 1, NATIVE = 2 };
static _Atomic uintptr_t chunks[CHUNKS];

/* Numbers of functions in a frame of compiled code, in the lowest byte; the other bytes are from
 * mix() of what the frame is known by. */
static _Atomic uint64_t counted[COUNTED];

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* V8 may copy its build's code next to the code that it generates, so that a short call reaches it.
 * Written under no lock: a range is in place before copies counts it, and one that is found twice
 * does no harm. */
enum { COPIES = 8 };
static _Atomic uintptr_t copy_starts[COPIES];
static _Atomic uint32_t copies;

static bool is_copied(uintptr_t pc)
{
	uint32_t count = atomic_load_explicit(&copies, memory_order_acquire);

	for (uint32_t i = 0; i < count && i < COPIES; i++)
		if (pc - atomic_load_explicit(&copy_starts[i], memory_order_relaxed) <
		    v8_layout.builtins_end - v8_layout.builtins_start)
			return true;
	return false;
}

/* Not memcmp(3), because AddressSanitizer has one that checks. */
static bool same_bytes(uintptr_t one, uintptr_t other, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(uintptr_t))
		if (word_at(one + i) != word_at(other + i))
			return false;
	return true;
}

/* Finds out whether pc lies in a copy: whether the bytes around it are in the original, at the same
 * place of a page. */
static void look_for_copy(uintptr_t pc)
{
	enum { AROUND = 64 };
	uintptr_t original = v8_layout.builtins_start & -(uintptr_t)PROVEN_PAGE;
	uintptr_t first = pc % PROVEN_PAGE;

	if (first < AROUND)
		first = AROUND;
	if (first > PROVEN_PAGE - AROUND)
		first = PROVEN_PAGE - AROUND;
	pc = (pc & -(uintptr_t)PROVEN_PAGE) + first;
	if (!proven_readable(pc - AROUND, 2 * AROUND))
		return;
	for (uintptr_t at = original + first; at + AROUND <= v8_layout.builtins_end;
	     at += PROVEN_PAGE)
		if (at - AROUND >= v8_layout.builtins_start &&
		    same_bytes(at - AROUND, pc - AROUND, 2 * AROUND)) {
			uint32_t place = atomic_load(&copies) % COPIES;

			atomic_store(&copy_starts[place], pc - (at - v8_layout.builtins_start));
			atomic_fetch_add(&copies, 1);
			return;
		}
}

/* Whether pc lies in code that was generated when V8 was built, not in a script's. */
static bool is_built(uintptr_t pc)
{
	return (pc >= v8_layout.builtins_start && pc < v8_layout.builtins_end) || is_copied(pc);
}

/* Memory of code that belongs to no module. A stale answer does no harm: what follows from it is
 * checked. */
static bool is_generated_chunk(uintptr_t pc)
{
	uintptr_t chunk = pc & -(uintptr_t)CHUNK;
	_Atomic uintptr_t *known = &chunks[pc / CHUNK % CHUNKS];
	uintptr_t word = atomic_load_explicit(known, memory_order_relaxed);
	struct local_memory memory;
	struct object object;

	if (__builtin_expect((word & -(uintptr_t)CHUNK) != chunk || !word, 0)) {
		local_memory_init(&memory);
		word = chunk |
		       (memory.memory.find(&memory.memory, pc, &object) ? NATIVE : GENERATED);
		atomic_store_explicit(known, word, memory_order_relaxed);
		if (word & GENERATED && !is_copied(pc))
			look_for_copy(pc);
	}
	return word & GENERATED;
}

bool v8_is_generated(uintptr_t pc)
{
	if (pc >= v8_layout.module_start && pc < v8_layout.module_end)
		return pc >= v8_layout.builtins_start && pc < v8_layout.builtins_end;
	return is_generated_chunk(pc);
}

/* The pages that were read last, and the last script: neighbouring frames have the same. */
struct pages {
	uintptr_t stack, function, shared, code, script_page;
	uintptr_t script, script_id;
};

#define NO_PAGES ((struct pages){NO_PAGE, NO_PAGE, NO_PAGE, NO_PAGE, NO_PAGE, 0, 0})

static inline __attribute__((always_inline)) bool readable(uintptr_t *page, uintptr_t address,
							   size_t size)
{
	uintptr_t first = address & -(uintptr_t)PROVEN_PAGE;

	if (__builtin_expect(first == *page && (address + size - 1) - first < PROVEN_PAGE, 1))
		return true;
	if (!proven_readable(address, size))
		return false;
	*page = first;
	return true;
}

/* The map of all SharedFunctionInfos, which V8 never moves, as it was found last. */
static _Atomic uintptr_t shared_map;

static bool is_shared(uintptr_t shared)
{
	uintptr_t map = word_at(shared - 1);

	if (__builtin_expect(map == atomic_load_explicit(&shared_map, memory_order_relaxed), 1))
		return true;
	if (!v8_is(shared, v8_layout.type_shared))
		return false;
	atomic_store_explicit(&shared_map, map, memory_order_relaxed);
	return true;
}

/* Makes script the last one, with its number, which no other script of the heap gets. */
static bool take_script(struct pages *pages, uintptr_t script)
{
	uintptr_t id = script - 1 + v8_layout.script_id;

	if (__builtin_expect(script == pages->script, 1))
		return true;
	if (!v8_is_pointer(script) || !readable(&pages->script_page, id, sizeof(id)))
		return false;
	pages->script = script;
	pages->script_id = word_at(id);
	return true;
}

/* A hash of what a function of the last script is known by: V8 moves its objects, and gives their
 * addresses to others. The hash has the function's number in its script, its lengths, its flags,
 * and the script's number and address. shared must be readable. */
static inline uint64_t hash_shared(uintptr_t shared, const struct pages *pages)
{
	return mix(word_at(shared - 1 + v8_layout.shared_length) * 3 ^ pages->script ^
			   pages->script_id << 16,
		   word_at(shared - 1 + v8_layout.shared_flags));
}

/* The function of a frame of generated code, if it is one of a script, with its hash. */
static bool take_function(uintptr_t fp, struct pages *pages, uintptr_t *shared, uint64_t *hash)
{
	const struct v8_layout *v8 = &v8_layout;
	uintptr_t context = word_at(fp + V8_FP_CONTEXT), function = word_at(fp + V8_FP_FUNCTION);
	uintptr_t script;

	if (!v8_is_pointer(context) || !v8_is_pointer(function) ||
	    !readable(&pages->function, function - 1, v8->function_shared + 8))
		return false;
	*shared = word_at(function - 1 + v8->function_shared);
	if (!v8_is_pointer(*shared) || !readable(&pages->shared, *shared - 1, v8->shared_flags + 8))
		return false;
	script = word_at(*shared - 1 + v8->shared_script);
	if (!is_shared(*shared))
		return false;
	if (__builtin_expect(script != pages->script, 0) && !v8_is(script, v8->type_script))
		return false;
	if (!take_script(pages, script))
		return false;
	*hash = hash_shared(*shared, pages);
	return true;
}

/* The number of functions that the frame of compiled code stands for. */
static int count_inlined(uintptr_t pc, uintptr_t fp, uintptr_t shared, uint64_t hash)
{
	_Atomic uint64_t *known = &counted[hash >> 8 & (COUNTED - 1)];
	uint64_t word = atomic_load_explicit(known, memory_order_relaxed);
	struct v8_place places[V8_PLACES];

	if (__builtin_expect((word | 0xff) != (hash | 0xff) || !(word & 0xff), 0)) {
		word = (hash & ~(uint64_t)0xff) |
		       (uint64_t)v8_code_places(pc, fp, shared, places, V8_PLACES);
		atomic_store_explicit(known, word, memory_order_relaxed);
	}
	return (int)(word & 0xff);
}

/* The offset of the call in progress in the bytecodes of the frame's function. */
static uint32_t bytecode_offset(uintptr_t fp)
{
	uintptr_t offset = word_at(fp + V8_FP_BYTECODE_OFFSET);

	/* Other code of V8's build that runs in place of a script's function, such as the one that
	 * compiles it, calls nothing of interest. */
	return v8_is_small(offset) ? (uint32_t)v8_small(offset) : 0;
}

/* The hash of a frame of compiled code, from its function's. */
static uint64_t mix_code(uint64_t hash, uintptr_t pc)
{
	return mix(hash ^ pc, word_at(pc - 8) * 3 ^ word_at(pc));
}

/* Adds the frames of one frame of generated code. */
static int add_frames(uintptr_t pc, uintptr_t fp, struct pages *pages,
		      struct language_frame *frames, int room)
{
	uintptr_t shared;
	uint64_t hash;
	int count;

	if (!take_function(fp, pages, &shared, &hash))
		return 0;
	if (is_built(pc)) {
		frames[0] = (struct language_frame){.code = shared,
						    .at = bytecode_offset(fp),
						    .check = (uint32_t)(hash >> 32),
						    .flags = LANGUAGE_ENTRY,
						    .stack = fp};
		return 1;
	}
	if (!readable(&pages->code, pc - 8, 16))
		return 0;
	hash = mix_code(hash, pc);
	count = count_inlined(pc, fp, shared, hash);
	for (int i = 0; i < count && i < room; i++)
		frames[i] = (struct language_frame){.code = shared,
						    .at = pc | (uintptr_t)(i + 1) << V8_AT_INLINED,
						    .check = (uint32_t)(hash >> 32),
						    .flags = i + 1 < count ? 0 : LANGUAGE_ENTRY,
						    .stack = fp};
	return count;
}

/* Whether there is a frame at fp, above low, which can be read. */
static inline __attribute__((always_inline)) bool is_frame(uintptr_t fp, uintptr_t low,
							   struct pages *pages)
{
	return fp >= low && fp - low <= FRAME_MAX && fp % sizeof(fp) == 0 &&
	       readable(&pages->stack, fp + V8_FP_BYTECODE_OFFSET, 16 - V8_FP_BYTECODE_OFFSET);
}

/* The place of a walk along the frame pointers. */
struct place {
	uintptr_t pc, fp;
	uintptr_t low; /* no frame is below */
};

static inline __attribute__((always_inline)) void next_place(struct place *place)
{
	place->pc = word_at(place->fp + 8);
	place->low = place->fp + 16;
	place->fp = word_at(place->fp);
}

/* The frame in which generated code has called native code, if it is in such a call. Code outside
 * of V8's module, such as Debian's libuv, may keep no frame pointers. */
static __attribute__((noinline)) void begin_at_exit(struct place *place, struct pages *pages)
{
	void *isolate = v8_layout.isolate();
	uintptr_t exit = 0;

	if (isolate && proven_word((uintptr_t)isolate + v8_layout.exit_frame, &exit) && exit &&
	    is_frame(exit, place->low, pages)) {
		place->fp = exit;
		next_place(place);
	}
}

static inline __attribute__((always_inline)) struct place begin(const struct registers *from,
								struct pages *pages)
{
	struct place place = {.pc = from->pc, .fp = from->fp, .low = from->sp};

	if (__builtin_expect(place.pc - v8_layout.module_start >=
				     v8_layout.module_end - v8_layout.module_start,
			     0) &&
	    v8_layout.exit_frame)
		begin_at_exit(&place, pages);
	return place;
}

int v8_walk(const struct registers *from, struct language_frame *frames, int room)
{
	struct pages pages = NO_PAGES;
	struct place place = begin(from, &pages);
	int count = 0;

	for (int steps = 0; steps < STEPS && is_frame(place.fp, place.low, &pages); steps++) {
		if (v8_is_generated(place.pc)) {
			count += add_frames(place.pc, place.fp, &pages, frames + count,
					    room - count);
			if (count >= room) {
				frames[room - 1].flags |= LANGUAGE_MORE;
				return room;
			}
		}
		next_place(&place);
	}
	return count;
}

/* Whether add_frames would add any: functions of V8 itself have none. */
static bool has_frames(uintptr_t pc, uintptr_t fp, struct pages *pages, bool built)
{
	uintptr_t shared;
	uint64_t hash;

	return take_function(fp, pages, &shared, &hash) &&
	       (built || is_copied(pc) || readable(&pages->code, pc - 8, 16));
}

/* The number of frames, from the first of these on, that the frame of generated code at fp has; -1:
 * it has others; 0: it has none. An equal check says that the function is a function. */
static inline __attribute__((always_inline)) int match_frames(uintptr_t pc, uintptr_t fp,
							      struct pages *pages,
							      const struct language_frame *frames,
							      int count)
{
	const struct v8_layout *v8 = &v8_layout;
	bool built = pc - v8->builtins_start < v8->builtins_end - v8->builtins_start;
	bool compiled = frames->at == (pc | (uintptr_t)1 << V8_AT_INLINED);
	uintptr_t function = word_at(fp + V8_FP_FUNCTION), shared = frames->code;
	int same = 0;

	/* Compiled code needn't be looked for in V8's memory: its bytes are in the check. */
	if (!compiled && !built && !v8_is_generated(pc))
		return 0;
	if (!v8_is_pointer(word_at(fp + V8_FP_CONTEXT)) || !v8_is_pointer(function))
		return 0;
	if (!count || !readable(&pages->function, function - 1, v8->function_shared + 8) ||
	    word_at(function - 1 + v8->function_shared) != shared ||
	    !readable(&pages->shared, shared - 1, v8->shared_flags + 8))
		return has_frames(pc, fp, pages, built) ? -1 : 0;
	if (!take_script(pages, word_at(shared - 1 + v8->shared_script)))
		return has_frames(pc, fp, pages, built) ? -1 : 0;
	uint64_t hash = hash_shared(shared, pages);
	if (!compiled && !built && !is_copied(pc))
		return readable(&pages->code, pc - 8, 16) ? -1 : 0;
	if (!compiled)
		return frames->at == bytecode_offset(fp) && frames->check == hash >> 32 ? 1 : -1;
	if (!readable(&pages->code, pc - 8, 16) || frames->check != mix_code(hash, pc) >> 32)
		return -1;
	/* Equal code has the same functions in it. There was no room for the rest of them, or the
	 * frame is complete. */
	while (same < count && !(frames[same].flags & (LANGUAGE_ENTRY | LANGUAGE_MORE)))
		same++;
	return same < count ? same + 1 : -1;
}

bool v8_matches(const struct registers *from, const struct language_frame *frames, int count)
{
	struct pages pages = NO_PAGES;
	struct place place = begin(from, &pages);
	bool more = frames[count - 1].flags & LANGUAGE_MORE;
	int matched = 0;

	for (int steps = 0; steps < STEPS && is_frame(place.fp, place.low, &pages); steps++) {
		/* After the last one, any frame is one too many. */
		int same = match_frames(place.pc, place.fp, &pages,
					&frames[matched < count ? matched : count - 1],
					count - matched);

		if (same < 0)
			return false;
		matched += same;
		if (matched == count && more)
			return true;
		next_place(&place);
	}
	return matched == count && !more;
}

/* The kind of frame is a matter of the code at pc. A script's function is known by itself; its
 * compiled code doesn't move or die while it runs, and other code has the bytecode's offset. Frames
 * of V8's own functions are none of a script's as long as they have the same function, or the same
 * type in its place. */
int v8_words(uintptr_t pc, uintptr_t fp, int32_t offsets[INTERPRETER_WORDS])
{
	struct pages pages = NO_PAGES;
	uintptr_t shared;
	uint64_t hash;

	if (!proven_readable(fp + V8_FP_BYTECODE_OFFSET, -V8_FP_BYTECODE_OFFSET))
		return -1;
	if (!v8_is_pointer(word_at(fp + V8_FP_CONTEXT))) {
		offsets[0] = V8_FP_CONTEXT;
		return 1;
	}
	offsets[0] = V8_FP_FUNCTION;
	if (!is_built(pc) || !take_function(fp, &pages, &shared, &hash))
		return 1;
	offsets[1] = V8_FP_BYTECODE_OFFSET;
	return 2;
}

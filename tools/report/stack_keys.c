// SPDX-License-Identifier: MIT
/* See stack_keys.h. Every distinct byte sequence gets a number: a line's is made from its words, a
 * path's from the numbers of its lines. */
#include "stack_keys.h"

#include <obstack.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "tools/model/stack_lines.h"
#include "tools/model/model_memory.h"
#include "culprit.h"

struct number {
	int value;
	UT_hash_handle hh;
	char bytes[];
};

struct stack_keys {
	bool by_path;
	struct number *numbers;
	struct obstack bytes, lines;
};

/* The first byte of a sequence, so that a line's bytes never equal a path's. */
enum { TAG_LINE = 'l', TAG_PLACE = 'p', TAG_FUNCTION = 'f', TAG_STACK = 's', TAG_ADDRESSES = 'a' };

enum { CREATED_BY = -1, INCOMPLETE = -2, ASKED_FOR_BY = -3 };

struct stack_keys *stack_keys_create(bool by_path)
{
	struct stack_keys *keys = memory_array(NULL, 1, sizeof(*keys));

	*keys = (struct stack_keys){.by_path = by_path};
	obstack_init(&keys->bytes);
	obstack_init(&keys->lines);
	return keys;
}

void stack_keys_destroy(struct stack_keys *keys)
{
	struct number *number, *next;

	if (!keys)
		return;
	HASH_ITER(hh, keys->numbers, number, next)
	{
		HASH_DEL(keys->numbers, number);
		free(number);
	}
	obstack_free(&keys->bytes, NULL);
	obstack_free(&keys->lines, NULL);
	free(keys);
}

/* The number of the bytes that have been added to keys->bytes. */
static int number_of(struct stack_keys *keys)
{
	size_t size = obstack_object_size(&keys->bytes);
	char *bytes = obstack_finish(&keys->bytes);
	struct number *number;

	HASH_FIND(hh, keys->numbers, bytes, size, number);
	if (!number) {
		number = memory_array(NULL, 1, sizeof(*number) + size);
		number->value = (int)HASH_COUNT(keys->numbers);
		memcpy(number->bytes, bytes, size);
		HASH_ADD_KEYPTR(hh, keys->numbers, number->bytes, size, number);
	}
	obstack_free(&keys->bytes, bytes);
	return number->value;
}

static void add_text(struct stack_keys *keys, const char *text)
{
	obstack_grow0(&keys->bytes, text ? text : "", text ? strlen(text) : 0);
}

static void add_place(struct stack_keys *keys, const struct model_frame *frame)
{
	const char *module = frame->build_id && !keys->by_path ? frame->build_id : frame->module;
	/* Without a module there is only the address, which differs in another run. */
	uint64_t offset = frame->module ? frame->offset : frame->address;

	add_text(keys, module);
	obstack_grow(&keys->bytes, &offset, sizeof(offset));
}

/* With by_path one of the two snapshots has no lines and no inlined functions. */
static int number_line(struct stack_keys *keys, const struct model_frame *frame, size_t location)
{
	const struct model_location *at =
		location < frame->location_count ? &frame->locations[location] : NULL;

	if (!frame->language && (keys->by_path || !at || !at->file || !at->line)) {
		obstack_1grow(&keys->bytes, TAG_PLACE);
		add_place(keys, frame);
		if (!keys->by_path)
			obstack_grow(&keys->bytes, &location, sizeof(location));
		return number_of(keys);
	}
	obstack_1grow(&keys->bytes, TAG_LINE);
	add_text(keys, at->function);
	add_text(keys, at->file);
	obstack_grow(&keys->bytes, &at->line, sizeof(at->line));
	return number_of(keys);
}

static int number_function(struct stack_keys *keys, const struct model_frame *frame,
			   size_t location)
{
	const char *function = frame_function(frame, location);

	obstack_1grow(&keys->bytes, TAG_FUNCTION);
	if (function)
		add_text(keys, function);
	else
		add_place(keys, frame);
	return number_of(keys);
}

/* A set of numbers. Stacks are short: some hundred frames at most. */
struct once {
	int *numbers;
	size_t count;
};

static bool add_once(struct once *once, int number)
{
	for (size_t i = 0; i < once->count; i++)
		if (once->numbers[i] == number)
			return false;
	once->numbers[once->count++] = number;
	return true;
}

static int number_all(struct stack_keys *keys, const int *numbers, size_t count)
{
	obstack_1grow(&keys->bytes, TAG_STACK);
	obstack_grow(&keys->bytes, numbers, count * sizeof(*numbers));
	return number_of(keys);
}

/* A frame of an interpreted language has none; its name, file and line are its place. */
static void add_address(struct stack_keys *keys, const struct model_frame *frame)
{
	obstack_grow(&keys->bytes, &frame->address, sizeof(frame->address));
	if (frame->language) {
		add_text(keys, frame->function);
		add_text(keys, frame->locations[0].file);
		obstack_grow(&keys->bytes, &frame->locations[0].line,
			     sizeof(frame->locations[0].line));
	}
}

static int number_addresses(struct stack_keys *keys, const struct model_stack *stack)
{
	obstack_1grow(&keys->bytes, TAG_ADDRESSES);
	for (; stack; stack = stack->created_by) {
		for (size_t i = 0; i < stack->frame_count; i++)
			add_address(keys, &stack->frames[i]);
		obstack_1grow(&keys->bytes, stack->created_by ? 'c' : 'e');
	}
	return number_of(keys);
}

static size_t count_lines(const struct model_stack *stack)
{
	size_t count = 0;

	for (; stack; stack = stack->created_by) {
		for (size_t i = 0; i < stack->frame_count; i++)
			count += stack->frames[i].location_count ? stack->frames[i].location_count
								 : 1;
		count += 2; /* for CREATED_BY or ASKED_FOR_BY, and INCOMPLETE */
	}
	return count;
}

struct stack_key stack_keys_of(struct stack_keys *keys, const struct model_stack *stack)
{
	size_t most = count_lines(stack), chosen;
	struct once path = {memory_array(NULL, most, sizeof(int)), 0};
	struct once own = {memory_array(NULL, most, sizeof(int)), 0};
	struct once callers = {memory_array(NULL, most, sizeof(int)), 0};
	const struct model_frame *culprit = culprit_frame(stack, &chosen);
	bool reached = false;
	struct stack_key key = {.addresses = number_addresses(keys, stack)};

	key.own = obstack_alloc(&keys->lines, most * sizeof(*key.own));
	for (const struct model_stack *at = stack; at; at = at->created_by) {
		for (size_t i = 0; i < at->frame_count; i++) {
			const struct model_frame *frame = &at->frames[i];
			size_t locations = frame->location_count ? frame->location_count : 1;

			/* CPython calls the same function in several ways, by how often it has. A
			 * library of Java's may open two descriptors for one call, or find another
			 * way the second time. */
			if (frame->interpreter || (frame->library && culprit->own))
				continue;
			for (size_t j = 0; j < locations; j++) {
				int line = number_line(keys, frame, j);
				/* A stripped program has only offsets. */
				bool is_own =
					culprit_is_own(frame, j) ||
					(frame->own && frame->module && !frame_function(frame, j));

				reached = reached || (frame == culprit && j == chosen);
				add_once(&path, line);
				if (!reached || !is_own || !add_once(&own, line))
					continue;
				struct own_line *to = &key.own[key.own_count++];

				*to = (struct own_line){line, number_function(keys, frame, j),
							frame, j};
				if (key.own_count > 1 && to->function != key.own[0].function)
					add_once(&callers, to->function);
			}
		}
		if (at->lost || at->incomplete)
			path.numbers[path.count++] = INCOMPLETE;
		if (at->created_by)
			path.numbers[path.count++] =
				at->created_by->asked ? ASKED_FOR_BY : CREATED_BY;
	}
	key.path = number_all(keys, path.numbers, path.count);
	key.callers = number_all(keys, callers.numbers, callers.count);
	free(path.numbers);
	free(own.numbers);
	free(callers.numbers);
	return key;
}

static int line_at(const struct stack_key *key, size_t depth, bool from_end)
{
	if (depth >= key->own_count)
		return -1;
	return key->own[from_end ? key->own_count - 1 - depth : depth].line;
}

size_t stack_keys_common(const struct stack_key *keys, size_t count, bool from_end)
{
	for (size_t depth = 0;; depth++) {
		int line = line_at(&keys[0], depth, from_end);

		for (size_t i = 0; i < count; i++)
			if (line < 0 || line_at(&keys[i], depth, from_end) != line)
				return depth;
	}
}

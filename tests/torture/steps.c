// SPDX-License-Identifier: MIT
/* See steps.h. Every step calls the next one from a single place, so that equal paths are equal
 * stacks. */
#define _GNU_SOURCE
#include "steps.h"

#include <alloca.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "../programs/frame.h"

enum { OTHER_STACK = 64 * 1024 };

struct walk {
	const struct path *path;
	int at;
	void (*function)(void *data);
	void *data;
};

struct path paths[PATHS];

typedef void step(struct walk *walk);
static step *const steps[STEPS];

static inline __attribute__((always_inline)) void go_on(struct walk *walk)
{
	if (walk->at < walk->path->length)
		steps[walk->path->steps[walk->at++]](walk);
	else
		walk->function(walk->data);
}

/* Each step does something after the call, and has a frame of another size. */
#define STEP(name, size)                                                                           \
	FRAME static void name(struct walk *walk)                                                  \
	{                                                                                          \
		volatile char room[size];                                                          \
		room[0] = (char)walk->at;                                                          \
		go_on(walk);                                                                       \
		room[(size)-1] = room[0];                                                          \
	}
STEP(step_small, 1)
STEP(step_word, 8)
STEP(step_line, 80)
STEP(step_page, 4096)
STEP(step_odd, 333)
STEP(step_pair, 16)
STEP(step_more, 200)
STEP(step_again, 24)

/* Frames whose size only the frame pointer gives. */
FRAME static void step_growing(struct walk *walk)
{
	volatile char *room = alloca((size_t)(16 + walk->at % 8 * 48));

	room[0] = 1;
	go_on(walk);
	room[1] = room[0];
}

FRAME static void step_changing(struct walk *walk)
{
	static _Thread_local unsigned int changes;
	volatile char *room = alloca(16 + changes++ % 4 * 64);

	room[0] = 1;
	go_on(walk);
	room[1] = room[0];
}

static _Thread_local struct walk *sorting;

FRAME static int compares(const void *a, const void *b)
{
	struct walk *walk = sorting;

	if (walk) {
		sorting = NULL;
		go_on(walk);
	}
	return *(const int *)a - *(const int *)b;
}

FRAME static void step_sorting(struct walk *walk)
{
	int numbers[2] = {2, 1};

	sorting = walk;
	qsort(numbers, 2, sizeof(*numbers), compares);
	sorting = NULL;
}

FRAME static int visits(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)info, (void)size;
	go_on(data);
	return 1;
}

FRAME static void step_visiting(struct walk *walk)
{
	dl_iterate_phdr(visits, walk);
	walk->at++;
}

static _Thread_local struct {
	ucontext_t back, there;
	struct walk *walk;
	char *stack;
} other;

FRAME static void begins_elsewhere(void)
{
	go_on(other.walk);
	swapcontext(&other.there, &other.back);
}

FRAME static void step_elsewhere(struct walk *walk)
{
	char *stack = malloc(OTHER_STACK);

	if (!stack || getcontext(&other.there) != 0)
		abort();
	other.there.uc_stack.ss_sp = stack;
	other.there.uc_stack.ss_size = OTHER_STACK;
	other.there.uc_link = NULL;
	other.walk = walk;
	makecontext(&other.there, begins_elsewhere, 0);
	swapcontext(&other.back, &other.there);
	free(stack);
}

FRAME static void step_last(struct walk *walk)
{
	go_on(walk);
	walk->at++;
}

static step *const steps[STEPS] = {
	step_small,   step_word,     step_line,      step_page,    step_odd,
	step_pair,    step_more,     step_again,     step_growing, step_changing,
	step_sorting, step_visiting, step_elsewhere, step_last,
};

/* The functions of each step, innermost first. */
static const struct {
	const char *names[2];
} step_names[STEPS] = {
	{{"step_small"}},
	{{"step_word"}},
	{{"step_line"}},
	{{"step_page"}},
	{{"step_odd"}},
	{{"step_pair"}},
	{{"step_more"}},
	{{"step_again"}},
	{{"step_growing"}},
	{{"step_changing"}},
	{{"compares", "step_sorting"}},
	{{"visits", "step_visiting"}},
	{{"begins_elsewhere"}},
	{{"step_last"}},
};
enum { PAGE = 3, SORTING = 10, VISITING = 11, ELSEWHERE = 12 };

int path_any(struct random *random)
{
	return 1 + (int)random_below(random, PATHS - 1);
}

/* Index of the first step that a stack can show: the last step that switches to a stack of its
 * own. */
static int visible_from(const struct path *path)
{
	int from = 0;

	for (int at = 0; at < path->length; at++)
		if (path->steps[at] == ELSEWHERE)
			from = at;
	return from;
}

bool path_is_cut(const struct path *path)
{
	int from = visible_from(path);

	return from < path->length && path->steps[from] == ELSEWHERE;
}

bool path_is_deep(const struct path *path)
{
	return path->length - visible_from(path) > PATH_SEEN;
}

static bool is_new(int number)
{
	const struct path *path = &paths[number];
	int from = visible_from(path), length = path->length - from;

	for (int i = 0; i < number; i++) {
		int other = visible_from(&paths[i]);

		if (paths[i].length - other == length &&
		    path_is_cut(&paths[i]) == path_is_cut(path) &&
		    memcmp(paths[i].steps + other, path->steps + from, (size_t)length) == 0)
			return false;
	}
	return true;
}

static int any_length(struct random *random, int number)
{
	if (number % 16)
		return (int)random_below(random, 8);
	if (number % 32)
		return (int)random_below(random, PATH_SEEN + 1);
	return PATH_LENGTH_MAX - (int)random_below(random, 8);
}

void paths_make(struct random *random)
{
	for (int i = 1; i < PATHS; i += is_new(i)) {
		struct path *path = &paths[i];
		int once = 0; /* bits of steps that must not be nested in themselves */

		path->length = any_length(random, i);
		for (int at = 0; at < path->length; at++) {
			int step = (int)random_below(random, STEPS);

			if (step >= SORTING && step <= ELSEWHERE) {
				if (once & 1 << step)
					step = 0;
				once |= 1 << step;
			}
			/* The other stack is a small one. */
			if (step == PAGE && once & 1 << ELSEWHERE)
				step = 0;
			path->steps[at] = (unsigned char)step;
		}
	}
}

FRAME void path_walk(const struct path *path, void (*function)(void *data), void *data)
{
	struct walk walk = {.path = path, .function = function, .data = data};

	go_on(&walk);
	walk.at = 0;
	__asm__ volatile("" : : "r"(&walk) : "memory");
}

int path_names(const struct path *path, const char *names[], int room, int *whole)
{
	int count = 0;

	*whole = 0;
	for (int at = path->length; at-- > 0;) {
		int step = path->steps[at];

		for (int i = 0; i < 2 && step_names[step].names[i]; i++)
			if (count < room)
				names[count++] = step_names[step].names[i];
		if (step == ELSEWHERE)
			return count;
	}
	if (count < room)
		names[count++] = "path_walk";
	*whole = 1;
	return count;
}

// SPDX-License-Identifier: MIT
/*
 * See symbolize.h. Three steps: collect the places of the snapshot's frames, each once; look up
 * each module's places in a child process (worker.c); copy the answers to the frames. Places and
 * answers are kept between snapshots, so in a series only new places are looked up.
 */
#include "symbolize.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "tools/reader/snapshot_time.h"
#include "demangle.h"
#include "frames.h"
#include "generated_frames.h"
#include "interpreter_frames.h"
#include "mapped_frames.h"
#include "user_code.h"
#include "source.h"
#include "worker.h"

enum {
	/* Seconds of CPU time for one module. A browser's debug information takes about ten. */
	SECONDS_MAX = 60,
	/* The most that a snapshot has (libfdtrail(7), LIMITS). A process is started for each. */
	MODULES_MAX = 4096,
};

struct module {
	char *key; /* identifies the module, see module_key() */
	char *path, *build_id, *was;
	bool same_host;
	double taken;
	char trouble[MODULE_TROUBLE_SIZE]; /* or an empty string */
	bool has_lines;                    /* some of its places have a file and a line */
	bool looked_at;                    /* a worker has been started for it */
	struct place *unasked;             /* places that have not been looked up, and their
					    * number */
	size_t unasked_count;
	UT_hash_handle hh;
};

struct place_key {
	struct module *module;
	uint64_t address;
};

struct place {
	struct place_key key;
	struct place *next_unasked;
	struct model_location *locations; /* owned by the symbolizer */
	size_t count;
	struct model_location *copied; /* a copy in the snapshot's memory */
	unsigned int copied_for;       /* number of that snapshot */
	UT_hash_handle hh;
};

struct symbolizer {
	char **debug_dirs; /* absolute; NULL-terminated */
	char *root;        /* or NULL */
	void (*progress)(void *data, const char *step, size_t done, size_t total);
	void *data;
	struct module *modules;
	struct place *places;
	unsigned int snapshots; /* snapshots that were begun */
	size_t looked_at;       /* modules that were looked at */
	char host[HOST_NAME_MAX + 1];
	/* For the worker that is running: */
	struct place **asked;
	size_t done, total;
};

struct symbolizer *symbolizer_create(const struct symbolize_options *options)
{
	struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));
	size_t count = 0, kept = 0;

	if (!symbolizer)
		return NULL;
	if (options) {
		symbolizer->progress = options->progress;
		symbolizer->data = options->data;
		while (options->debug_dirs && options->debug_dirs[count])
			count++;
	}
	symbolizer->debug_dirs = calloc(count + 1, sizeof(char *));
	if (!symbolizer->debug_dirs) {
		free(symbolizer);
		return NULL;
	}
	/* Missing folders are dropped. Relative ones are made absolute, because they mean something
	 * else to libdwfl. */
	for (size_t i = 0; i < count; i++)
		if ((symbolizer->debug_dirs[kept] = realpath(options->debug_dirs[i], NULL)))
			kept++;
	gethostname(symbolizer->host, sizeof(symbolizer->host) - 1);
	return symbolizer;
}

void symbolizer_set_root(struct symbolizer *symbolizer, const char *root)
{
	if (!symbolizer)
		return;
	free(symbolizer->root);
	symbolizer->root = root ? strdup(root) : NULL;
}

static void free_locations(struct model_location *locations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)locations[i].function);
		free((char *)locations[i].file);
	}
	free(locations);
}

void symbolizer_destroy(struct symbolizer *symbolizer)
{
	struct place *place, *next_place;
	struct module *module, *next_module;

	if (!symbolizer)
		return;
	HASH_ITER(hh, symbolizer->places, place, next_place)
	{
		HASH_DEL(symbolizer->places, place);
		free_locations(place->locations, place->count);
		free(place);
	}
	HASH_ITER(hh, symbolizer->modules, module, next_module)
	{
		HASH_DEL(symbolizer->modules, module);
		free(module->key);
		free(module->path);
		free(module->build_id);
		free(module->was);
		free(module);
	}
	for (char **dir = symbolizer->debug_dirs; *dir; dir++)
		free(*dir);
	free(symbolizer->debug_dirs);
	free(symbolizer->root);
	free(symbolizer);
}

/* Machine and time of the snapshot: they decide whether a module without a build-id can be used. */

/* Seconds since 1970, rounded up; 0: not known. */
static double taken_at(const struct model_snapshot *snapshot)
{
	int64_t seconds = (snapshot_time_ms(snapshot->when) + 999) / 1000;

	return (double)seconds;
}

static bool is_this_host(const struct symbolizer *symbolizer, const struct model_snapshot *snapshot)
{
	return snapshot->host && strcmp(snapshot->host, symbolizer->host) == 0;
}

/* Places */

static const char *trouble_then(const struct model_snapshot *snapshot, const char *path)
{
	for (size_t i = 0; i < snapshot->module_count; i++)
		if (snapshot->modules[i].path && strcmp(snapshot->modules[i].path, path) == 0 &&
		    snapshot->modules[i].trouble)
			return snapshot->modules[i].trouble;
	return NULL;
}

static char *module_key(const struct symbolizer *symbolizer, const struct model_snapshot *snapshot,
			const struct model_frame *frame)
{
	char *key;

	if (frame->build_id ? asprintf(&key, "%s %s", frame->build_id, frame->module) < 0
			    : asprintf(&key, "- %d %.0f %s", is_this_host(symbolizer, snapshot),
				       taken_at(snapshot), frame->module) < 0)
		return NULL;
	return key;
}

static struct module *find_module(struct symbolizer *symbolizer,
				  const struct model_snapshot *snapshot,
				  const struct model_frame *frame)
{
	char *key = module_key(symbolizer, snapshot, frame);
	const char *was;
	struct module *module = NULL;

	if (!key)
		return NULL;
	HASH_FIND_STR(symbolizer->modules, key, module);
	if (module) {
		free(key);
		return module;
	}
	module = calloc(1, sizeof(*module));
	if (!module) {
		free(key);
		return NULL;
	}
	module->key = key;
	module->path = strdup(frame->module);
	module->build_id = frame->build_id ? strdup(frame->build_id) : NULL;
	was = frame->build_id ? NULL : trouble_then(snapshot, frame->module);
	module->was = was ? strdup(was) : NULL;
	module->same_host = is_this_host(symbolizer, snapshot);
	module->taken = taken_at(snapshot);
	HASH_ADD_KEYPTR(hh, symbolizer->modules, module->key, strlen(module->key), module);
	return module;
}

static struct place *find_place(struct symbolizer *symbolizer, struct module *module,
				uint64_t address)
{
	struct place_key key;
	struct place *place = NULL;

	memset(&key, 0, sizeof(key)); /* padding is hashed, too */
	key.module = module;
	key.address = address;
	HASH_FIND(hh, symbolizer->places, &key, sizeof(key), place);
	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->key = key;
	HASH_ADD(hh, symbolizer->places, key, sizeof(key), place);
	place->next_unasked = module->unasked;
	module->unasked = place;
	module->unasked_count++;
	return place;
}

static struct place *place_of(struct symbolizer *symbolizer, const struct model_snapshot *snapshot,
			      const struct model_frame *frame)
{
	struct module *module = find_module(symbolizer, snapshot, frame);

	return module ? find_place(symbolizer, module, frame->offset) : NULL;
}

static int list_place(struct model_snapshot *snapshot, struct model_frame *frame, void *data)
{
	struct symbolizer *symbolizer = data;
	if (frame->module && !place_of(symbolizer, snapshot, frame))
		return -ENOMEM;
	return 0;
}

/* Answers */

static void found(void *data, size_t index, const struct name_source *source,
		  const struct model_location *locations, size_t count)
{
	struct symbolizer *symbolizer = data;
	struct place *place = symbolizer->asked[index];

	place->locations = calloc(count, sizeof(*locations));
	if (!place->locations)
		return;
	place->count = count;
	for (size_t i = 0; i < count; i++) {
		place->locations[i] = locations[i];
		place->locations[i].function =
			locations[i].function ? strdup(locations[i].function) : NULL;
		place->locations[i].file = locations[i].file ? strdup(locations[i].file) : NULL;
		if (locations[i].file)
			place->key.module->has_lines = true;
	}
}

static void waiting(void *data, const char *step)
{
	struct symbolizer *symbolizer = data;

	if (symbolizer->progress)
		symbolizer->progress(symbolizer->data, step, symbolizer->done, symbolizer->total);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *const *left = a, *const *right = b;
	uint64_t x = (*left)->key.address, y = (*right)->key.address;

	return x < y ? -1 : x > y;
}

static int ask_module(struct symbolizer *symbolizer, struct module *module)
{
	uint64_t *addresses = calloc(module->unasked_count, sizeof(*addresses));
	size_t count = 0;
	int result = -ENOMEM;

	symbolizer->asked = calloc(module->unasked_count, sizeof(struct place *));
	if (!addresses || !symbolizer->asked)
		goto out;
	for (struct place *place = module->unasked; place; place = place->next_unasked)
		symbolizer->asked[count++] = place;
	module->unasked = NULL;
	module->unasked_count = 0;
	qsort(symbolizer->asked, count, sizeof(struct place *), compare_places);
	for (size_t i = 0; i < count; i++)
		addresses[i] = symbolizer->asked[i]->key.address;
	if (!module->looked_at && symbolizer->looked_at == MODULES_MAX) {
		snprintf(module->trouble, sizeof(module->trouble),
			 "the snapshots name more than %d modules, and this one is not read",
			 MODULES_MAX);
		result = 0;
		goto out;
	}
	symbolizer->looked_at += !module->looked_at;
	module->looked_at = true;
	result = worker_run(
		&(struct worker_request){
			.module =
				{
					.path = module->path,
					.root = symbolizer->root,
					.build_id = module->build_id,
					.was = module->was,
					.same_host = module->same_host,
					.taken = module->taken,
					.debug_dirs = (const char *const *)symbolizer->debug_dirs,
				},
			.addresses = addresses,
			.count = count,
			.sources = name_sources,
			.seconds = SECONDS_MAX,
			.found = found,
			.waiting = waiting,
			.data = symbolizer,
		},
		module->trouble);
out:
	free(addresses);
	free(symbolizer->asked);
	symbolizer->asked = NULL;
	return result;
}

static int ask_modules(struct symbolizer *symbolizer)
{
	int result = 0;

	symbolizer->done = symbolizer->total = 0;
	for (struct module *module = symbolizer->modules; module; module = module->hh.next)
		symbolizer->total += module->unasked != NULL;
	for (struct module *module = symbolizer->modules; module && result == 0;
	     module = module->hh.next)
		if (module->unasked) {
			result = ask_module(symbolizer, module);
			symbolizer->done++;
		}
	if (symbolizer->progress && symbolizer->total)
		symbolizer->progress(symbolizer->data, NULL, symbolizer->total, symbolizer->total);
	return result;
}

/* Handing out */

static struct model_location *copy_locations(struct symbolizer *symbolizer,
					     struct model_snapshot *snapshot, struct place *place)
{
	if (place->copied_for == symbolizer->snapshots)
		return place->copied;

	struct model_location *locations =
		obstack_alloc(&snapshot->memory, place->count * sizeof(*locations));
	for (size_t i = 0; i < place->count; i++) {
		locations[i] = place->locations[i];
		locations[i].function = frames_string(snapshot, place->locations[i].function);
		locations[i].file = frames_string(snapshot, place->locations[i].file);
	}
	place->copied = locations;
	place->copied_for = symbolizer->snapshots;
	return locations;
}

/* Uses the name from the text, which the traced process found itself. */
static void use_text(struct model_snapshot *snapshot, struct model_frame *frame)
{
	char text[DEMANGLE_TEXT_MAX];

	if (!frame->function)
		return;
	frame->locations = obstack_alloc(&snapshot->memory, sizeof(*frame->locations));
	frame->locations[0] = (struct model_location){
		.function = frames_string(snapshot, demangle(frame->function, text)),
	};
	frame->location_count = 1;
}

/* If a program has lines, code without lines was linked in from elsewhere: a static C library, for
 * one. */
static bool is_own(const struct model_frame *frame, bool module_has_lines)
{
	if (!own_module(frame->module))
		return false;
	if (module_has_lines && frame->location_count &&
	    !frame->locations[frame->location_count - 1].file)
		return false;
	return frame->location_count == 0 || symbolize_own_location(frame) != NULL;
}

static int hand_out(struct model_snapshot *snapshot, struct model_frame *frame, void *data)
{
	struct symbolizer *symbolizer = data;
	struct place *place = frame->module ? place_of(symbolizer, snapshot, frame) : NULL;

	if (frame->language)
		return 0; /* the text has all */
	if (frame->module && !place)
		return -ENOMEM;
	frame->locations = NULL;
	frame->location_count = 0;
	if (place && place->count) {
		frame->locations = copy_locations(symbolizer, snapshot, place);
		frame->location_count = place->count;
	} else {
		use_text(snapshot, frame);
	}
	if (place && place->key.module->trouble[0])
		frame->trouble = frames_string(snapshot, place->key.module->trouble);
	frame->own = is_own(frame, place && place->key.module->has_lines);
	return 0;
}

int symbolize_snapshot(struct symbolizer *symbolizer, struct model_snapshot *snapshot)
{
	int result, handed;

	symbolizer->snapshots++;
	result = frames_each(snapshot, list_place, symbolizer);
	if (result == 0)
		result = ask_modules(symbolizer);
	handed = frames_each(snapshot, hand_out, symbolizer);
	if (handed == 0)
		handed = generated_frames_name(snapshot, is_this_host(symbolizer, snapshot));
	if (handed == 0 && is_this_host(symbolizer, snapshot))
		handed = mapped_frames_name(snapshot);
	interpreter_frames_disown(snapshot);
	return result ? result : handed;
}

static bool is_named(const struct model_frame *frame)
{
	for (size_t i = 0; i < frame->location_count; i++)
		if (frame->locations[i].function)
			return true;
	return false;
}

const struct model_frame *symbolize_own_frame(const struct model_stack *stack)
{
	const struct model_frame *nameless = NULL;

	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];

		if (frame->own && is_named(frame))
			return frame;
		/* A bare address in generated code does not help the reader. */
		if (frame->own && frame->module && !nameless)
			nameless = frame;
	}
	return nameless;
}

const struct model_location *symbolize_own_location(const struct model_frame *frame)
{
	if (frame->language)
		return frame->library ? NULL : &frame->locations[0];
	for (size_t i = 0; i < frame->location_count; i++)
		if (own_function(frame->locations[i].function, frame->locations[i].file))
			return &frame->locations[i];
	return NULL;
}

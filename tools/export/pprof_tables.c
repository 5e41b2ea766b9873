// SPDX-License-Identifier: MIT
/* See pprof_tables.h. Field numbers are those of profile.proto (github.com/google/pprof). */
#include "pprof_tables.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"
#include "pprof_fields.h"
#include "preload/core/base/base_name.h"
#include "tools/model/stack_lines.h"

/* Names of C++ functions can be very long; they are cut at this length. */
enum { STRING_LIMIT = 64 * 1024 };

enum { PAGE = 4096 };

/* All entries begin with this: it is in a tree by key, and in a list by id. A string and a function
 * (key: name, system name, file) are nothing more. */
struct record {
	uint64_t id;
	uint64_t key[4];
	const char *text; /* a string's key and value */
	struct record *next;
};

struct mapping {
	struct record record; /* key: path, build-id, load bias */
	uint64_t start, limit;
	uint64_t path, build_id;
	bool is_program;                       /* it has the program's name */
	bool functions, files, lines, inlined; /* known for any of its frames */
};

struct location {
	struct record record;    /* key: mapping, address, marker's function, frame or marker */
	struct mapping *mapping; /* NULL: none */
	const struct model_frame *frame; /* NULL: a marker */
	uint64_t function;               /* a marker's name, as a function */
};

struct table {
	void *root; /* of tsearch(3) */
	struct record *first, **end;
	uint64_t count;
};

struct pprof_tables {
	struct table strings, functions, mappings, locations;
	const struct model_module **modules; /* of the current snapshot, sorted by start */
	size_t module_count;
	const char *program; /* name of the current snapshot's program */
	struct protobuf nested, line;
	bool failed;
};

static int compare(const void *one, const void *other)
{
	const struct record *a = one, *b = other;

	if (a->text)
		return strcmp(a->text, b->text);
	return memcmp(a->key, b->key, sizeof(a->key));
}

/*
 * Returns the table's entry with this key, or a new one of that size with the next id (the first is
 * 1); *is_new says which. NULL: no memory.
 */
static void *intern(struct pprof_tables *tables, struct table *table, const struct record *key,
		    size_t size, bool *is_new)
{
	struct record **found = tfind(key, &table->root, compare);
	struct record *record;

	*is_new = false;
	if (found)
		return *found;
	record = calloc(1, size);
	if (!record) {
		tables->failed = true;
		return NULL;
	}
	*record = *key;
	if (!tsearch(record, &table->root, compare)) {
		free(record);
		tables->failed = true;
		return NULL;
	}
	record->id = ++table->count;
	*table->end = record;
	table->end = &record->next;
	*is_new = true;
	return record;
}

static void keep(void *record)
{
}

static void table_finish(struct table *table)
{
	tdestroy(table->root, keep);
	for (struct record *record = table->first, *next; record; record = next) {
		next = record->next;
		free(record);
	}
}

struct pprof_tables *pprof_tables_create(void)
{
	struct pprof_tables *tables = calloc(1, sizeof(*tables));

	if (!tables)
		return NULL;
	tables->strings.end = &tables->strings.first;
	tables->functions.end = &tables->functions.first;
	tables->mappings.end = &tables->mappings.first;
	tables->locations.end = &tables->locations.first;
	return tables;
}

void pprof_tables_destroy(struct pprof_tables *tables)
{
	if (!tables)
		return;
	for (struct record *record = tables->strings.first; record; record = record->next)
		free((char *)record->text);
	table_finish(&tables->strings);
	table_finish(&tables->functions);
	table_finish(&tables->mappings);
	table_finish(&tables->locations);
	protobuf_finish(&tables->nested);
	protobuf_finish(&tables->line);
	free(tables->modules);
	free(tables);
}

uint64_t pprof_string(struct pprof_tables *tables, const char *text)
{
	struct record *record;
	char *clean;
	bool is_new;

	if (!text || !*text)
		return 0;
	clean = clean_text(text, STRING_LIMIT);
	if (!clean) {
		tables->failed = true;
		return 0;
	}
	record = intern(tables, &tables->strings, &(struct record){.text = clean}, sizeof(*record),
			&is_new);
	if (!record || !is_new)
		free(clean);
	return record ? record->id : 0;
}

static uint64_t function_id(struct pprof_tables *tables, const char *name, const char *system_name,
			    const char *file)
{
	struct record key = {.key = {
				     pprof_string(tables, name),
				     pprof_string(tables, system_name),
				     pprof_string(tables, file),
			     }};
	bool is_new;
	struct record *record = intern(tables, &tables->functions, &key, sizeof(*record), &is_new);

	return record ? record->id : 0;
}

static int by_start(const void *one, const void *other)
{
	const struct model_module *a = *(const struct model_module *const *)one;
	const struct model_module *b = *(const struct model_module *const *)other;

	return (a->start > b->start) - (a->start < b->start);
}

void pprof_begin_snapshot(struct pprof_tables *tables, const struct model_snapshot *snapshot)
{
	free(tables->modules);
	tables->program = snapshot->program;
	tables->module_count = 0;
	tables->modules =
		calloc(snapshot->module_count ? snapshot->module_count : 1, sizeof(const void *));
	if (!tables->modules) {
		tables->failed = true;
		return;
	}
	for (size_t i = 0; i < snapshot->module_count; i++)
		tables->modules[tables->module_count++] = &snapshot->modules[i];
	qsort(tables->modules, tables->module_count, sizeof(const void *), by_start);
}

/* The module of the current snapshot that the frame is in, or NULL: a truncated snapshot has no
 * list of modules. */
static const struct model_module *module_of(const struct pprof_tables *tables,
					    const struct model_frame *frame)
{
	size_t low = 0, high = tables->module_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tables->modules[middle]->start <= frame->address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	const struct model_module *module = tables->modules[low - 1];
	return frame->address < module->end && module->path &&
			       strcmp(module->path, frame->module) == 0
		       ? module
		       : NULL;
}

/* Whether a module is the program's. The program's name may be shorter than the file's ("python3"
 * of python3.11). */
static bool is_program(const char *program, const char *module)
{
	return program && *program && strncmp(base_name(module), program, strlen(program)) == 0;
}

static struct mapping *mapping_of(struct pprof_tables *tables, const struct model_frame *frame)
{
	const struct model_module *module = module_of(tables, frame);
	const char *build_id = frame->build_id ? frame->build_id : module ? module->build_id : NULL;
	uint64_t bias = frame->address - frame->offset;
	struct record key = {.key = {
				     pprof_string(tables, frame->module),
				     pprof_string(tables, build_id),
				     bias,
			     }};
	bool is_new;
	struct mapping *mapping =
		intern(tables, &tables->mappings, &key, sizeof(*mapping), &is_new);

	if (!mapping)
		return NULL;
	if (is_new) {
		mapping->path = key.key[0];
		mapping->build_id = key.key[1];
		mapping->is_program = is_program(tables->program, frame->module);
		mapping->start = module ? module->start : bias;
		mapping->limit = module ? module->end : 0;
	}
	/* Without a list of modules, the mapping spans the frames in it. */
	if (frame->address < mapping->start)
		mapping->start = frame->address;
	if (frame->address >= mapping->limit)
		mapping->limit = frame->address < UINT64_MAX - PAGE
					 ? (frame->address / PAGE + 1) * PAGE
					 : UINT64_MAX;
	return mapping;
}

static void note_names(struct mapping *mapping, const struct model_frame *frame)
{
	if (frame->function)
		mapping->functions = true;
	for (size_t i = 0; i < frame->location_count; i++) {
		const struct model_location *location = &frame->locations[i];

		mapping->functions |= location->function != NULL;
		mapping->files |= location->file != NULL;
		mapping->lines |= location->line > 0;
		mapping->inlined |= location->inlined;
	}
}

uint64_t pprof_location(struct pprof_tables *tables, const struct model_frame *frame)
{
	struct mapping *mapping = frame->module ? mapping_of(tables, frame) : NULL;
	struct record key = {.key = {mapping ? mapping->record.id : 0, frame->address, 0, 1}};
	bool is_new;

	/* A frame of an interpreted language has no address: its function and line are its place.
	 */
	if (frame->language) {
		key.key[1] = (uint64_t)frame->locations[0].line;
		key.key[2] = function_id(tables, frame->function, frame->function,
					 frame->locations[0].file);
		key.key[3] = 3;
	}
	struct location *location =
		intern(tables, &tables->locations, &key, sizeof(*location), &is_new);

	if (!location)
		return 0;
	if (is_new) {
		location->mapping = mapping;
		location->frame = frame;
		if (mapping)
			note_names(mapping, frame);
	}
	return location->record.id;
}

uint64_t pprof_marker(struct pprof_tables *tables, const char *name)
{
	uint64_t function = function_id(tables, name, name, NULL);
	struct record key = {.key = {0, 0, function, 2}};
	bool is_new;
	struct location *location =
		intern(tables, &tables->locations, &key, sizeof(*location), &is_new);

	if (!location)
		return 0;
	location->function = function;
	return location->record.id;
}

static void put_line(struct pprof_tables *tables, uint64_t function, int line)
{
	protobuf_clear(&tables->line);
	protobuf_number(&tables->line, LINE_FUNCTION, function);
	protobuf_number(&tables->line, LINE_LINE, line > 0 ? (uint64_t)line : 0);
	protobuf_message(&tables->nested, LOCATION_LINE, &tables->line);
}

static void put_frame_lines(struct pprof_tables *tables, const struct location *location)
{
	const struct model_frame *frame = location->frame;
	size_t count = frame->location_count ? frame->location_count : 1;
	char name[LINE_NAME_SIZE];

	/* If a module has no names, pprof looks them up: it may have the file. */
	if (location->mapping && !location->mapping->functions)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct model_location *at =
			i < frame->location_count ? &frame->locations[i] : NULL;
		const char *function = frame_name(frame, i, name);
		const char *symbol = i + 1 == count && frame->function ? frame->function : function;

		put_line(tables, function_id(tables, function, symbol, at ? at->file : NULL),
			 at ? at->line : 0);
	}
}

static void encode_locations(struct pprof_tables *tables, struct protobuf *profile)
{
	for (struct record *record = tables->locations.first; record; record = record->next) {
		const struct location *location = (const struct location *)record;

		protobuf_clear(&tables->nested);
		protobuf_number(&tables->nested, LOCATION_ID, record->id);
		if (location->mapping)
			protobuf_number(&tables->nested, LOCATION_MAPPING,
					location->mapping->record.id);
		if (location->frame) {
			protobuf_number(&tables->nested, LOCATION_ADDRESS,
					location->frame->address);
			put_frame_lines(tables, location);
		} else {
			put_line(tables, location->function, 0);
		}
		protobuf_message(profile, PROFILE_LOCATION, &tables->nested);
	}
}

static void encode_functions(struct pprof_tables *tables, struct protobuf *profile)
{
	for (struct record *record = tables->functions.first; record; record = record->next) {
		protobuf_clear(&tables->nested);
		protobuf_number(&tables->nested, FUNCTION_ID, record->id);
		protobuf_number(&tables->nested, FUNCTION_NAME, record->key[0]);
		protobuf_number(&tables->nested, FUNCTION_SYSTEM_NAME, record->key[1]);
		protobuf_number(&tables->nested, FUNCTION_FILE, record->key[2]);
		protobuf_message(profile, PROFILE_FUNCTION, &tables->nested);
	}
}

static void encode_mapping(struct pprof_tables *tables, const struct mapping *mapping,
			   struct protobuf *profile)
{
	protobuf_clear(&tables->nested);
	protobuf_number(&tables->nested, MAPPING_ID, mapping->record.id);
	protobuf_number(&tables->nested, MAPPING_START, mapping->start);
	protobuf_number(&tables->nested, MAPPING_LIMIT, mapping->limit);
	protobuf_number(&tables->nested, MAPPING_FILE, mapping->path);
	protobuf_number(&tables->nested, MAPPING_BUILD_ID, mapping->build_id);
	protobuf_number(&tables->nested, MAPPING_HAS_FUNCTIONS, mapping->functions);
	protobuf_number(&tables->nested, MAPPING_HAS_FILENAMES, mapping->files);
	protobuf_number(&tables->nested, MAPPING_HAS_LINES, mapping->lines);
	protobuf_number(&tables->nested, MAPPING_HAS_INLINED, mapping->inlined);
	protobuf_message(profile, PROFILE_MAPPING, &tables->nested);
}

/* Programs first: "the first mapping is the main binary" (profile.proto). */
static void encode_mappings(struct pprof_tables *tables, struct protobuf *profile)
{
	for (int programs = 1; programs >= 0; programs--)
		for (struct record *record = tables->mappings.first; record;
		     record = record->next) {
			const struct mapping *mapping = (const struct mapping *)record;

			if (mapping->is_program == programs)
				encode_mapping(tables, mapping, profile);
		}
}

bool pprof_tables_encode(struct pprof_tables *tables, struct protobuf *profile)
{
	/* Locations refer to functions, and both to strings. */
	encode_mappings(tables, profile);
	encode_locations(tables, profile);
	encode_functions(tables, profile);
	protobuf_string(profile, PROFILE_STRING, "");
	for (struct record *record = tables->strings.first; record; record = record->next)
		protobuf_string(profile, PROFILE_STRING, record->text);
	return !tables->failed && !tables->nested.failed && !tables->line.failed;
}

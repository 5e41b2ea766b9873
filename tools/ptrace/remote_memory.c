// SPDX-License-Identifier: MIT
/*
 * See remote_memory.h. A walk reads some hundred words in few places: the stack, which changes from
 * walk to walk, and unwind data, which don't. So whole pages are read: those of an object's
 * constant parts are kept, all others are good for one walk.
 */
#include "remote_memory.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "mappings.h"
#include "remote_object.h"

enum {
	PAGE = 4096,  /* a power of two that divides the real one */
	PAGES = 1024, /* places in the cache of pages, by page number */
	AHEAD = 8192, /* bytes of stack that a walk begins with */
	OBJECTS_MAX = 4096,
};

#define KEPT UINT64_MAX /* a page's walk: all */

struct page {
	uintptr_t address;
	uint64_t walk; /* the walk that it was read for, or KEPT; 0: empty */
	uint8_t bytes[PAGE];
};

struct remote_memory {
	struct memory memory;
	int pid;
	uint64_t walk;      /* counts them, from 1 */
	uintptr_t entry;    /* where the program began to run; 0: not yet known */
	uint64_t mapped_in; /* the walk in which the mappings were read; 0: they were not */
	struct mappings mappings;
	struct remote_object **objects;
	size_t object_count, object_room;
	struct remote_object *last; /* found last */
	uintptr_t ahead_at;
	size_t ahead_size;
	uint8_t ahead[AHEAD];
	struct page pages[PAGES];
};

/* Reads what is there of size bytes: process_vm_readv(2) ends at the first page that is not. */
static size_t read_some(int pid, uintptr_t address, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		struct iovec to = {.iov_base = (char *)bytes + done, .iov_len = size - done};
		struct iovec from = {.iov_base = (void *)(address + done), .iov_len = size - done};
		ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

size_t remote_memory_copy(struct remote_memory *memory, uintptr_t address, void *bytes, size_t size)
{
	return read_some(memory->pid, address, bytes, size);
}

static bool is_constant(const struct remote_memory *memory, uintptr_t page)
{
	for (size_t i = 0; i < memory->object_count; i++) {
		const struct object *object = &memory->objects[i]->object;

		if (page < object->start || page >= object->end)
			continue;
		for (unsigned int part = 0; part < object->constants; part++)
			if (page >= object->constant[part].start &&
			    page + PAGE <= object->constant[part].end)
				return true;
	}
	return false;
}

static const uint8_t *page_at(struct remote_memory *memory, uintptr_t address)
{
	struct page *page = &memory->pages[address / PAGE % PAGES];

	if (page->address == address && (page->walk == KEPT || page->walk == memory->walk))
		return page->bytes;
	page->walk = 0;
	if (read_some(memory->pid, address, page->bytes, PAGE) != PAGE)
		return NULL;
	page->address = address;
	page->walk = is_constant(memory, address) ? KEPT : memory->walk;
	return page->bytes;
}

/* A word of a table of our own. */
static bool read_table(const struct remote_memory *memory, uintptr_t address, uintptr_t *word)
{
	size_t index = (address - TABLE_ADDRESSES) >> 32, offset = address & UINT32_MAX;

	if (index >= memory->object_count)
		return false;
	const struct remote_object *remote = memory->objects[index];
	if (offset > remote->table_size || remote->table_size - offset < sizeof(*word))
		return false;
	memcpy(word, (const char *)remote->table + offset, sizeof(*word));
	return true;
}

static bool remote_read(struct memory *base, uintptr_t address, uintptr_t *word)
{
	struct remote_memory *memory = (struct remote_memory *)base;
	size_t offset = address % PAGE, here = PAGE - offset;
	const uint8_t *bytes;

	if (address - memory->ahead_at < memory->ahead_size &&
	    memory->ahead_size - (address - memory->ahead_at) >= sizeof(*word)) {
		memcpy(word, memory->ahead + (address - memory->ahead_at), sizeof(*word));
		return true;
	}
	if (address >= TABLE_ADDRESSES)
		return read_table(memory, address, word);
	if (here > sizeof(*word))
		here = sizeof(*word);
	bytes = page_at(memory, address - offset);
	if (!bytes)
		return false;
	memcpy(word, bytes + offset, here);
	if (here == sizeof(*word))
		return true;
	bytes = page_at(memory, address - offset + PAGE);
	if (!bytes)
		return false;
	memcpy((char *)word + here, bytes, sizeof(*word) - here);
	return true;
}

/* AT_ENTRY of getauxval(3): an address in the program itself. */
static uintptr_t read_entry(int pid)
{
	Elf64_auxv_t value;
	uintptr_t entry = 0;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/auxv", pid);
	FILE *file = fopen(path, "re");
	while (file && !entry && fread(&value, sizeof(value), 1, file) == 1)
		if (value.a_type == AT_ENTRY)
			entry = value.a_un.a_val;
	if (file)
		fclose(file);
	return entry;
}

static const struct remote_object *known(struct remote_memory *memory, uintptr_t address)
{
	/* The newest first: a library may have taken the place of one that was closed. */
	for (size_t i = memory->object_count; i-- > 0;) {
		struct remote_object *remote = memory->objects[i];

		if (address >= remote->object.start && address < remote->object.end)
			return memory->last = remote;
	}
	return NULL;
}

static const struct remote_object *make(struct remote_memory *memory, uintptr_t address)
{
	if (memory->object_count == memory->object_room) {
		size_t room = memory->object_room ? memory->object_room * 2 : 16;
		struct remote_object **objects =
			room > OBJECTS_MAX ? NULL
					   : realloc(memory->objects, room * sizeof(*objects));

		if (!objects)
			return NULL;
		memory->objects = objects;
		memory->object_room = room;
	}
	struct remote_object *remote = remote_object_create(memory, &memory->mappings, address,
							    memory->entry, memory->object_count);
	if (remote)
		memory->objects[memory->object_count++] = memory->last = remote;
	return remote;
}

static bool remote_find(struct memory *base, uintptr_t address, struct object *object)
{
	struct remote_memory *memory = (struct remote_memory *)base;
	const struct remote_object *remote = memory->last;

	if (!remote || address < remote->object.start || address >= remote->object.end)
		remote = known(memory, address);
	if (!remote)
		remote = make(memory, address);
	/* Loaded since; code that lies in no file is looked for once in a walk. */
	if (!remote && memory->mapped_in != memory->walk) {
		mappings_finish(&memory->mappings);
		memory->mapped_in = memory->walk;
		if (!memory->entry)
			memory->entry = read_entry(memory->pid);
		if (mappings_read(&memory->mappings, memory->pid) == 0)
			remote = make(memory, address);
	}
	if (remote)
		*object = remote->object;
	return remote;
}

static bool remote_leave(struct memory *base, uintptr_t place, uintptr_t sp, uintptr_t fp,
			 struct leave_rule *rule)
{
	struct remote_memory *memory = (struct remote_memory *)base;
	struct object object;

	/* The last one found is the one that place lies in. */
	if (!remote_find(base, place - 1, &object) || !memory->last)
		return false;
	struct remote_object *remote = memory->last;
	if (!remote->ruled)
		remote->rules = code_rules_create(memory, &remote->object, memory->entry);
	remote->ruled = true;
	return remote->rules && code_rules_find(remote->rules, place, sp, fp, rule);
}

void remote_memory_begin(struct remote_memory *memory, uintptr_t sp)
{
	memory->walk++;
	memory->ahead_at = sp;
	memory->ahead_size = 0; /* so that nothing reads it meanwhile */
	memory->ahead_size = read_some(memory->pid, sp, memory->ahead, sizeof(memory->ahead));
}

void remote_memory_forget(struct remote_memory *memory)
{
	for (size_t i = 0; i < memory->object_count; i++)
		remote_object_destroy(memory->objects[i]);
	memory->object_count = 0;
	memory->last = NULL;
	memory->entry = 0;
	memory->mapped_in = 0;
	memory->ahead_size = 0;
	mappings_finish(&memory->mappings);
	for (size_t i = 0; i < PAGES; i++)
		memory->pages[i].walk = 0;
	memory->walk++;
}

struct remote_memory *remote_memory_create(int pid)
{
	struct remote_memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->memory = (struct memory){
		.read = remote_read,
		.find = remote_find,
		.leave = remote_leave,
	};
	memory->pid = pid;
	memory->walk = 1;
	return memory;
}

void remote_memory_destroy(struct remote_memory *memory)
{
	if (!memory)
		return;
	remote_memory_forget(memory);
	free(memory->objects);
	free(memory);
}

struct memory *remote_memory_walk(struct remote_memory *memory)
{
	return &memory->memory;
}

int remote_memory_pid(const struct remote_memory *memory)
{
	return memory->pid;
}

// SPDX-License-Identifier: MIT
/*
 * See remote_memory.h. A walk reads some hundred words in few places: the stack, which changes
 * between walks, and unwind data, which don't. So this reads whole pages: it keeps those of an
 * object's constant parts, and uses all others for one walk only. The last walk from the same
 * instruction usually read the same pages, so a walk begins by reading these with one system call.
 */
#include "remote_memory.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "tools/process/process_memory.h"
#include "tools/process/mappings.h"
#include "tools/process/proc_facts.h"
#include "remote_object.h"

enum {
	PAGE = 4096,  /* a power of two that divides the real page size */
	PAGES = 1024, /* entries of the page cache, by page number */
	AHEAD = 4096, /* bytes of stack that are read when a walk begins */
	HABITS = 16,  /* entries, by the address of the instruction where a walk begins */
	HABIT_PAGES = 6,
	OBJECTS_MAX = 4096,
};

#define KEPT UINT64_MAX /* a page's walk, if it is valid for all */

struct page {
	uintptr_t address;
	uint64_t walk; /* the walk that it was read for, or KEPT; 0: empty */
	bool noted;    /* it has been counted in a habit since it was read */
	uint8_t bytes[PAGE];
};

/* The pages that the last walk from an instruction has read. */
struct habit {
	uintptr_t pages[HABIT_PAGES];
	size_t count;
};

struct remote_memory {
	struct memory memory;
	int pid;
	uint64_t walk;      /* number of the current walk, from 1 */
	uintptr_t entry;    /* the program's entry point; 0: not known yet */
	uint64_t mapped_in; /* the walk in which the mappings were read; 0: none */
	struct mappings mappings;
	struct remote_object **objects;
	size_t object_count, object_room;
	struct remote_object *last; /* found last */
	uintptr_t ahead_at;
	size_t ahead_size;
	uint8_t ahead[AHEAD];
	struct habit habits[HABITS];
	struct habit *habit;       /* of this walk */
	struct remote_word *notes; /* where to note the words that are read; NULL: nowhere */
	size_t noted, note_room;   /* noted > note_room: the notes are not valid */
	struct walk_memo memo;
	struct page pages[PAGES];
};

size_t remote_memory_copy(struct remote_memory *memory, uintptr_t address, void *bytes, size_t size)
{
	return process_memory_read(memory->pid, address, bytes, size);
}

static bool is_constant(const struct remote_memory *memory, uintptr_t address, size_t size)
{
	for (size_t i = 0; i < memory->object_count; i++) {
		const struct object *object = &memory->objects[i]->object;

		if (address < object->start || address >= object->end)
			continue;
		for (unsigned int part = 0; part < object->constants; part++)
			if (address >= object->constant[part].start &&
			    address + size <= object->constant[part].end)
				return true;
	}
	return false;
}

static struct page *place_of(struct remote_memory *memory, uintptr_t address)
{
	return &memory->pages[address / PAGE % PAGES];
}

static const uint8_t *page_at(struct remote_memory *memory, uintptr_t address)
{
	struct page *page = place_of(memory, address);
	struct habit *habit = memory->habit;

	if (page->address != address || (page->walk != KEPT && page->walk != memory->walk)) {
		page->walk = 0;
		if (process_memory_read(memory->pid, address, page->bytes, PAGE) != PAGE)
			return NULL;
		page->address = address;
		page->walk = memory->walk;
		page->noted = false;
	}
	if (!page->noted) {
		page->noted = true;
		if (is_constant(memory, address, PAGE))
			page->walk = KEPT;
		else if (habit->count < HABIT_PAGES)
			habit->pages[habit->count++] = address;
	}
	return page->bytes;
}

/* Reads a word of an unwind table that we have built. */
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

/* Sets *constant if the word never changes, else leaves it alone. */
static bool read_word(struct remote_memory *memory, uintptr_t address, uintptr_t *word,
		      bool *constant)
{
	size_t offset = address % PAGE, here = PAGE - offset;
	const uint8_t *bytes;

	if (address - memory->ahead_at < memory->ahead_size &&
	    memory->ahead_size - (address - memory->ahead_at) >= sizeof(*word)) {
		memcpy(word, memory->ahead + (address - memory->ahead_at), sizeof(*word));
		return true;
	}
	if (address >= TABLE_ADDRESSES) {
		*constant = true;
		return read_table(memory, address, word);
	}
	if (here > sizeof(*word))
		here = sizeof(*word);
	bytes = page_at(memory, address - offset);
	if (!bytes)
		return false;
	memcpy(word, bytes + offset, here);
	*constant = place_of(memory, address - offset)->walk == KEPT;
	if (here == sizeof(*word))
		return true;
	*constant = false;
	bytes = page_at(memory, address - offset + PAGE);
	if (!bytes)
		return false;
	memcpy((char *)word + here, bytes, sizeof(*word) - here);
	return true;
}

static bool remote_read(struct memory *base, uintptr_t address, uintptr_t *word)
{
	struct remote_memory *memory = (struct remote_memory *)base;
	bool constant = false, read = read_word(memory, address, word, &constant);

	if (!memory->notes)
		return read;
	/* The last page of an object's part is not kept, but its words don't change either. */
	if (read && (constant || is_constant(memory, address, sizeof(*word))))
		return true;
	if (!read)
		memory->noted = memory->note_room + 1;
	else if (memory->noted < memory->note_room)
		memory->notes[memory->noted++] = (struct remote_word){address, *word};
	else
		memory->noted = memory->note_room + 1;
	return read;
}

void remote_memory_note(struct remote_memory *memory, struct remote_word *words, size_t room)
{
	memory->notes = words;
	memory->noted = 0;
	memory->note_room = room;
}

size_t remote_memory_noted(struct remote_memory *memory)
{
	memory->notes = NULL;
	return memory->noted > memory->note_room || memory->mapped_in == memory->walk
		       ? 0
		       : memory->noted;
}

struct walk_memo *remote_memory_memo(struct remote_memory *memory)
{
	return &memory->memo;
}

static const struct remote_object *known(struct remote_memory *memory, uintptr_t address)
{
	/* The newest object first: a library may have been mapped in place of one that was
	 * unloaded. */
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
	/* A library may have been loaded since. The mappings are read at most once in a walk, even
	 * if it has more code that lies in no file. */
	if (!remote && memory->mapped_in != memory->walk) {
		mappings_finish(&memory->mappings);
		memory->mapped_in = memory->walk;
		if (!memory->entry)
			memory->entry = proc_auxiliary(memory->pid, AT_ENTRY);
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

	/* memory->last is now the object that place lies in. */
	if (!remote_find(base, place - 1, &object) || !memory->last)
		return false;
	struct remote_object *remote = memory->last;
	if (!remote->ruled)
		remote->rules = code_rules_create(memory->pid, &memory->memory, &remote->object,
						  remote->dynamic, memory->entry);
	remote->ruled = true;
	return remote->rules && code_rules_find(remote->rules, place, sp, fp, rule);
}

void remote_memory_begin(struct remote_memory *memory, uintptr_t pc, uintptr_t sp)
{
	struct habit *habit = &memory->habits[(pc ^ pc >> 8) % HABITS];
	struct iovec to[1 + HABIT_PAGES], from[1 + HABIT_PAGES];
	struct page *pages[HABIT_PAGES];
	size_t count = 0;

	memory->walk++;
	to[0] = (struct iovec){memory->ahead, AHEAD};
	from[0] = (struct iovec){(void *)sp, AHEAD};
	for (size_t i = 0; i < habit->count; i++) {
		struct page *page = place_of(memory, habit->pages[i]);

		/* If two pages share an entry, the second one is read when it is needed. */
		if (page->walk == KEPT || page->walk == memory->walk)
			continue;
		page->address = habit->pages[i];
		page->walk = memory->walk;
		page->noted = false;
		pages[count++] = page;
		to[count] = (struct iovec){page->bytes, PAGE};
		from[count] = (struct iovec){(void *)page->address, PAGE};
	}
	ssize_t got = process_vm_readv(memory->pid, to, 1 + count, from, 1 + count, 0);
	size_t size = got > 0 ? (size_t)got : 0;
	memory->ahead_at = sp;
	memory->ahead_size = size < AHEAD ? size : AHEAD;
	/* Reading ends at the first page that isn't mapped. */
	for (size_t i = 0; i < count; i++)
		if (size < AHEAD + (i + 1) * PAGE)
			pages[i]->walk = 0;
	habit->count = 0;
	memory->habit = habit;
}

static void destroy_objects(struct remote_memory *memory)
{
	for (size_t i = 0; i < memory->object_count; i++)
		remote_object_destroy(memory->objects[i]);
	memory->object_count = 0;
	mappings_finish(&memory->mappings);
}

void remote_memory_forget(struct remote_memory *memory)
{
	destroy_objects(memory);
	memory->last = NULL;
	memory->entry = 0;
	memory->mapped_in = 0;
	memory->ahead_size = 0;
	walk_memo_clear(&memory->memo);
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
	memory->habit = memory->habits;
	return memory;
}

void remote_memory_destroy(struct remote_memory *memory)
{
	if (!memory)
		return;
	/* Not remote_memory_forget: the kernel would have to find all pages of the cache. */
	destroy_objects(memory);
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

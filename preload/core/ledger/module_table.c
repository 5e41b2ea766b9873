// SPDX-License-Identifier: MIT
/* See module_table.h. Lookups by name are linear, because they are rare: one per module and cold
 * capture. */
#include "module_table.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/raw_syscall.h"

bool module_table_init(struct module_table *table, struct arena *arena)
{
	memset(table, 0, sizeof(*table));
	table->arena = arena;
	table->modules = memory_map(sizeof(struct module) * (MODULE_LIMIT + 1));
	return table->modules != NULL;
}

void module_table_release(struct module_table *table)
{
	memory_unmap(table->modules, sizeof(struct module) * (MODULE_LIMIT + 1));
	table->modules = NULL;
}

static const char *keep_path(struct module_table *table, const char *path)
{
	size_t length = strlen(path);
	char *copy = arena_alloc(table->arena, length + 1);

	return copy ? memcpy(copy, path, length + 1) : NULL;
}

/* Makes a library's relative name absolute. It uses the program's working directory at the time of
 * the first frame in the library, which usually is still the one that it was loaded from. If no
 * such file exists there, the name stays as it is (preload/core/snapshot/module_path.c looks
 * again). If one exists, it may be a different file, so its reader has to check it. */
static const char *keep_absolute(struct module_table *table, const char *name)
{
	char directory[PATH_MAX];
	const char *file = name;
	size_t length, rest;
	char *path;

	if (name[0] == '/' || !strchr(name, '/'))
		return name;
	long size = RAW(getcwd, directory, sizeof(directory));
	if (size < 2 || directory[0] != '/') /* "(unreachable)": in another root */
		return name;
	while (strncmp(file, "./", 2) == 0)
		file += 2;
	length = (size_t)size - 1;
	rest = strlen(file) + 1;
	path = arena_alloc(table->arena, length + 1 + rest);
	if (!path)
		return name;
	memcpy(path, directory, length);
	if (path[length - 1] != '/')
		path[length++] = '/';
	memcpy(path + length, file, rest);
	return RAW(faccessat, AT_FDCWD, path, F_OK) == 0 ? path : name;
}

bool module_table_copy(struct module_table *table, const struct module_table *from)
{
	uint32_t count = atomic_load(&from->count);

	for (uint32_t id = 1; id <= count; id++) {
		memcpy(&table->modules[id], &from->modules[id], sizeof(struct module));
		table->modules[id].name = keep_path(table, from->modules[id].name);
		table->modules[id].path = keep_path(table, from->modules[id].path);
		if (!table->modules[id].name || !table->modules[id].path)
			return false;
	}
	atomic_store(&table->count, count);
	return true;
}

static bool same_module(const struct module *module, const char *name, const uint8_t *build_id,
			size_t build_id_size)
{
	return module->build_id_size == build_id_size &&
	       memcmp(module->build_id, build_id, build_id_size) == 0 &&
	       strcmp(module->name, name) == 0;
}

static void note_mapping(struct module *module, uintptr_t bias, uintptr_t start, uintptr_t end)
{
	atomic_store(&module->bias, bias);
	atomic_store(&module->start, start);
	atomic_store(&module->end, end);
	atomic_store(&module->unloaded, false);
}

/* Adds another part of the module, or the same one again. */
static void note_part(struct module *module, uintptr_t start, uintptr_t end)
{
	if (start < atomic_load(&module->start))
		atomic_store(&module->start, start);
	if (end > atomic_load(&module->end))
		atomic_store(&module->end, end);
}

uint32_t module_table_add(struct module_table *table, const char *name, const uint8_t *build_id,
			  size_t build_id_size, uintptr_t bias, uintptr_t start, uintptr_t end)
{
	uint32_t count = atomic_load(&table->count);

	if (build_id_size > MODULE_BUILD_ID_MAX)
		build_id_size = MODULE_BUILD_ID_MAX;
	for (uint32_t id = 1; id <= count; id++) {
		struct module *module = &table->modules[id];

		if (!same_module(module, name, build_id, build_id_size))
			continue;
		/* The same file can be mapped twice at once (dlmopen); the copies are two
		 * modules. */
		if (atomic_load(&module->unloaded))
			note_mapping(module, bias, start, end);
		else if (atomic_load(&module->bias) == bias)
			note_part(module, start, end);
		else
			continue;
		return id;
	}
	if (count >= MODULE_LIMIT)
		return MODULE_NONE;

	const char *copy = keep_path(table, name);
	if (!copy)
		return MODULE_NONE;

	struct module *module = &table->modules[count + 1];
	module->name = copy;
	module->path = keep_absolute(table, copy);
	module->build_id_size = (uint8_t)build_id_size;
	memcpy(module->build_id, build_id, build_id_size);
	note_mapping(module, bias, start, end);
	atomic_store_explicit(&table->count, count + 1, memory_order_release);
	return count + 1;
}

// SPDX-License-Identifier: MIT
/* See module_table.h. Lookups by path are linear: they happen once per module and cold capture. */
#include "module_table.h"

#include <string.h>

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

bool module_table_copy(struct module_table *table, const struct module_table *from)
{
	uint32_t count = atomic_load(&from->count);

	for (uint32_t id = 1; id <= count; id++) {
		memcpy(&table->modules[id], &from->modules[id], sizeof(struct module));
		table->modules[id].path = keep_path(table, from->modules[id].path);
		if (!table->modules[id].path)
			return false;
	}
	atomic_store(&table->count, count);
	return true;
}

static bool same_module(const struct module *module, const char *path, const uint8_t *build_id,
			size_t build_id_size)
{
	return module->build_id_size == build_id_size &&
	       memcmp(module->build_id, build_id, build_id_size) == 0 &&
	       strcmp(module->path, path) == 0;
}

static void note_mapping(struct module *module, uintptr_t bias, uintptr_t start, uintptr_t end)
{
	atomic_store(&module->bias, bias);
	atomic_store(&module->start, start);
	atomic_store(&module->end, end);
	atomic_store(&module->unloaded, false);
}

uint32_t module_table_add(struct module_table *table, const char *path, const uint8_t *build_id,
			  size_t build_id_size, uintptr_t bias, uintptr_t start, uintptr_t end)
{
	uint32_t count = atomic_load(&table->count);

	if (build_id_size > MODULE_BUILD_ID_MAX)
		build_id_size = MODULE_BUILD_ID_MAX;
	for (uint32_t id = 1; id <= count; id++) {
		struct module *module = &table->modules[id];
		bool here = !atomic_load(&module->unloaded) && atomic_load(&module->start) == start;

		if (!same_module(module, path, build_id, build_id_size))
			continue;
		/* The same file can be mapped twice at once (dlmopen): those are two modules. */
		if (here || atomic_load(&module->unloaded)) {
			note_mapping(module, bias, start, end);
			return id;
		}
	}
	if (count >= MODULE_LIMIT)
		return MODULE_NONE;

	const char *copy = keep_path(table, path);
	if (!copy)
		return MODULE_NONE;

	struct module *module = &table->modules[count + 1];
	module->path = copy;
	module->build_id_size = (uint8_t)build_id_size;
	memcpy(module->build_id, build_id, build_id_size);
	note_mapping(module, bias, start, end);
	atomic_store_explicit(&table->count, count + 1, memory_order_release);
	return count + 1;
}

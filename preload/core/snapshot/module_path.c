// SPDX-License-Identifier: MIT
/* See module_path.h. proc_pid_maps(5) describes the lines. */
#include "module_path.h"

#include <string.h>

#include "proc.h"

enum { MAPS_MAX = 16 * 1024 * 1024 };

static bool is_relative(const struct module *module)
{
	return module->has_file && !module->pid && module->path[0] != '/' &&
	       !atomic_load(&module->unloaded);
}

static void take_path(const struct module_table *modules, struct module *module, const char *path,
		      size_t length)
{
	static const char deleted[] = " (deleted)";
	size_t tail = sizeof(deleted) - 1;

	if (length > tail && memcmp(path + length - tail, deleted, tail) == 0)
		length -= tail;
	char *copy = arena_alloc(modules->arena, length + 1);
	if (!copy)
		return;
	memcpy(copy, path, length);
	module->path = copy;
}

static void look_at_line(const char *line, size_t length, void *data)
{
	const struct module_table *modules = data;
	const char *path = memchr(line, '/', length), *dash = memchr(line, '-', length);
	uint64_t start, end;

	if (!path || !dash || !proc_field(line, length, "", 16, &start) ||
	    !proc_field(dash, length - (size_t)(dash - line), "-", 16, &end))
		return;
	for (uint32_t id = 1; id <= atomic_load(&modules->count); id++) {
		struct module *module = &modules->modules[id];
		uintptr_t at = atomic_load(&module->start);

		if (is_relative(module) && at >= start && at < end)
			take_path(modules, module, path, length - (size_t)(path - line));
	}
}

void module_paths_find(const struct module_table *modules)
{
	for (uint32_t id = 1; id <= atomic_load(&modules->count); id++)
		if (is_relative(&modules->modules[id])) {
			proc_each_line("/proc/self/maps", MAPS_MAX, look_at_line, (void *)modules);
			return;
		}
}

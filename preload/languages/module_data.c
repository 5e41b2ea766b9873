// SPDX-License-Identifier: MIT
/* See module_data.h. */
#include "module_data.h"

#include <link.h>

static int search(struct dl_phdr_info *info, size_t size, void *argument)
{
	struct module_data *data = argument;
	const ElfW(Phdr) *end = info->dlpi_phdr + info->dlpi_phnum;

	(void)size;
	data->start = UINTPTR_MAX;
	data->end = 0;
	for (const ElfW(Phdr) *header = info->dlpi_phdr; header < end; header++) {
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		if (start < data->start)
			data->start = start;
		if (start + header->p_memsz > data->end)
			data->end = start + header->p_memsz;
	}
	if (!module_data_has(data, data->symbol))
		return 0;
	for (const ElfW(Phdr) *header = info->dlpi_phdr; header < end; header++) {
		uintptr_t at = info->dlpi_addr + header->p_vaddr;
		uintptr_t last = at + header->p_filesz - data->size;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_W) ||
		    header->p_filesz < data->size)
			continue;
		for (at = (at + 7) & -(uintptr_t)8; at <= last; at += 8)
			data->look(data, at);
	}
	return 1;
}

void module_data_search(struct module_data *data)
{
	dl_iterate_phdr(search, data);
}

// SPDX-License-Identifier: MIT
/*
 * The tracer's own reader of symbols, on any bytes that claim to be the ELF file of a loaded
 * module: once as the file, once as the module in memory. Each read stays in the file, none faults,
 * and all end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/core/ledger/module_table.h"
#include "preload/core/snapshot/elf_symbols.h"

enum { QUERIES = 16, PAGE = 4096, MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Looks up rising addresses. Each name in an answer must have the length that the answer says. */
static void ask(const struct module *module, uint64_t step)
{
	struct symbol_query queries[QUERIES] = {{0}};
	struct scratch scratch = {0};

	for (uint64_t i = 0; i < QUERIES; i++)
		queries[i].address = i * step;
	symbols_find(module, queries, QUERIES, &scratch);
	for (int i = 0; i < QUERIES; i++)
		if (queries[i].name && strlen(queries[i].name) != queries[i].name_length)
			abort();
	scratch_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = (size / PAGE + 1) * PAGE;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct module module = {.has_file = true};
	char path[64];

	if (fd < 0 || size > MOST || write(fd, data, size) != (ssize_t)size)
		abort();
	char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	memcpy(memory, data, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	module.path = path;
	atomic_store(&module.start, (uintptr_t)memory);
	atomic_store(&module.end, (uintptr_t)memory + room);
	atomic_store(&module.bias, (uintptr_t)memory);

	uint64_t step = 0x40;
	if (size >= 8)
		memcpy(&step, data + size - 8, sizeof(step));
	ask(&module, step % PAGE + 1);
	module.has_file = false;
	ask(&module, step % PAGE + 1);
	munmap(memory, room);
	close(fd);
	return 0;
}

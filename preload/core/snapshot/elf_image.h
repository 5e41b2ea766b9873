// SPDX-License-Identifier: MIT
/*
 * The bytes of a loaded module: its file, or its mapped memory if the file is gone. Both are read
 * by system calls, which fail where a plain load would fault, because a file can be truncated and a
 * library unloaded at any moment. elf_symbols.c uses this, and checks everything that it reads. All
 * functions are async-signal-safe.
 */
#pragma once

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/module_table.h"

enum image_state {
	IMAGE_READY,
	IMAGE_ABSENT,  /* there is no such file, or no memory to read */
	IMAGE_CHANGED, /* the file isn't the one that was loaded */
	IMAGE_BROKEN,  /* not an ELF file of this machine's class */
};

struct image {
	int fd;        /* the file; -1: offsets are addresses in memory */
	int pid;       /* the process whose memory is read; 0: this one */
	uint64_t size; /* of the file, in bytes */
	uint64_t base; /* in memory: address of the ELF header */
	uint64_t bias; /* in memory: added to addresses of the ELF file */
	Elf64_Ehdr header;
};

/* Opens the module's file and checks that it is the one that was loaded: by the build-id, or by the
 * first page if there is no build-id. After IMAGE_READY the caller calls image_close. */
enum image_state image_open_file(struct image *image, const struct module *module);

/* The same for the module's memory, which process_vm_readv(2) reads. */
enum image_state image_open_memory(struct image *image, const struct module *module);

void image_close(struct image *image);

/* Reads all size bytes at offset, or returns false. */
bool image_read(const struct image *image, uint64_t offset, void *bytes, size_t size);

/* Reads up to size bytes at offset; returns how many it has read. */
size_t image_read_some(const struct image *image, uint64_t offset, void *bytes, size_t size);

/* Reads program header i; false past the end. */
bool image_segment(const struct image *image, unsigned int i, Elf64_Phdr *segment);

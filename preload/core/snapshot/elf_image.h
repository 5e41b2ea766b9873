// SPDX-License-Identifier: MIT
/*
 * The bytes of a loaded module: its file, or its mapped memory where the file is gone. Both are
 * read by system calls that fail where a plain read would fault: a file can be truncated and a
 * library unloaded at any moment. Used by elf_symbols.c, which checks all that it finds in them.
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
	IMAGE_CHANGED, /* the file is not the one that was loaded */
	IMAGE_BROKEN,  /* not an ELF file of this machine's class */
};

struct image {
	int fd;        /* the file, or -1: offsets are addresses in memory .. */
	int pid;       /* .. of this process; 0: ours */
	uint64_t size; /* of the file */
	uint64_t base; /* in memory: where the ELF header is */
	uint64_t bias; /* in memory: what to add to the addresses in the ELF file */
	Elf64_Ehdr header;
};

/* Opens the module's file and makes sure that it is what was loaded: by the build-id, or where
 * there is none by the first page. */
enum image_state image_open_file(struct image *image, const struct module *module);

/* The same for the module's memory, by way of process_vm_readv(2). */
enum image_state image_open_memory(struct image *image, const struct module *module);

void image_close(struct image *image);

/* Reads size bytes at offset whole, or returns false. */
bool image_read(const struct image *image, uint64_t offset, void *bytes, size_t size);

/* Reads what is there of at most size bytes; returns how many. */
size_t image_read_some(const struct image *image, uint64_t offset, void *bytes, size_t size);

/* Reads program header i; false past the end. */
bool image_segment(const struct image *image, unsigned int i, Elf64_Phdr *segment);

// SPDX-License-Identifier: MIT
/* clang-format off */
/*
 * A small ELF file with a Go function table, for tests. It is made by hand from the description of
 * the formats, because no machine has the compilers of all versions. It has no section headers, as
 * after sstrip. Its two functions:
 *
 *     0x401000 main.main       /src/main.go, line 10, from +0x20 on 12; between +0x10 and +0x20
 *                              main.inner is inlined, line 100; the return address is above
 *                              0x20 bytes from +4 on
 *     0x401040 runtime.goexit  where stacks end
 */
/* clang-format on */
#pragma once

#include <elf.h>
#include <stdint.h>
#include <string.h>

#include "tools/symbolize/pclntab.h"

enum {
	GO_FILE_SIZE = 0xa00,
	GO_FILE_BASE = 0x400000,
	GO_FILE_TEXT = 0x401000,
	GO_FILE_END = 0x401050,
	/* offsets in the file */
	GO_FILE_TABLE = 0x100,
	GO_FILE_MODULE = 0x600,
	GO_FILE_TREE = 0x900,
	/* offsets in the table */
	GO_FILE_NAMES = 0x80,
	GO_FILE_UNITS = 0x100,
	GO_FILE_FILES = 0x120,
	GO_FILE_VALUES = 0x160,
	GO_FILE_FUNCTIONS = 0x200,
};

struct go_file {
	uint8_t bytes[GO_FILE_SIZE];
};

static inline void go_file_u32(struct go_file *file, size_t offset, uint32_t value)
{
	memcpy(file->bytes + offset, &value, sizeof(value));
}

static inline void go_file_u64(struct go_file *file, size_t offset, uint64_t value)
{
	memcpy(file->bytes + offset, &value, sizeof(value));
}

/* Writes a function's _func: place in the list of functions, and offsets of its name and tables
 * (0: none). */
static inline void go_file_function(struct go_file *file, enum pclntab_version version,
				    size_t index, uint32_t start, uint32_t name,
				    const uint32_t values[4], uint8_t flags)
{
	size_t functions = GO_FILE_TABLE + GO_FILE_FUNCTIONS, place = 0x40 + 0x60 * index;
	size_t at = functions + place;
	bool old = version == PCLNTAB_GO_1_16;

	if (old) {
		go_file_u64(file, functions + 16 * index, GO_FILE_TEXT + start);
		go_file_u64(file, functions + 16 * index + 8, place);
		go_file_u64(file, at, GO_FILE_TEXT + start);
		at += 8;
	} else {
		go_file_u32(file, functions + 8 * index, start);
		go_file_u32(file, functions + 8 * index + 4, (uint32_t)place);
		go_file_u32(file, at, start);
		at += 4;
	}
	go_file_u32(file, at, name);
	for (int i = 0; i < 3; i++)
		go_file_u32(file, at + 12 + 4 * (size_t)i, values[i]);
	go_file_u32(file, at + 24, values[3] ? 3 : 0); /* pcdata tables */
	at += version == PCLNTAB_GO_1_20 ? 36 : 32;
	file->bytes[at + 1] = flags;
	file->bytes[at + 3] = values[3] ? 4 : 0; /* funcdata */
	if (!values[3])
		return;
	go_file_u32(file, at + 4 + 8, values[3]);
	at += 4 + 12;
	if (old)
		go_file_u64(file, ((at - GO_FILE_TABLE + 7) & ~(size_t)7) + GO_FILE_TABLE + 24,
			    GO_FILE_BASE + GO_FILE_TREE);
	else
		for (uint32_t i = 0; i < 4; i++)
			go_file_u32(file, at + 4 * i, i < 3 ? UINT32_MAX : 0);
}

static inline void go_file_header(struct go_file *file, enum pclntab_version version)
{
	static const uint64_t parts[] = {GO_FILE_NAMES, GO_FILE_UNITS, GO_FILE_FILES,
					 GO_FILE_VALUES, GO_FILE_FUNCTIONS};
	size_t at = GO_FILE_TABLE;

	go_file_u32(file, at,
		    version == PCLNTAB_GO_1_16   ? 0xfffffffa
		    : version == PCLNTAB_GO_1_18 ? 0xfffffff0
						 : 0xfffffff1);
	go_file_u32(file, at + 4, 0x08010000);
	go_file_u64(file, at + 8, 2);  /* functions */
	go_file_u64(file, at + 16, 1); /* files */
	at += 24;
	/* Go 1.26 leaves the field at zero, and so does this: the module data has it. */
	if (version != PCLNTAB_GO_1_16)
		at += 8;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		go_file_u64(file, at + 8 * i, parts[i]);
}

static inline void go_file_module(struct go_file *file, enum pclntab_version version)
{
	static const uint8_t inlined_old[] = {0xff, 0xff, 0, 0};
	const uint64_t table = GO_FILE_BASE + GO_FILE_TABLE;
	const size_t tree = GO_FILE_TREE;

	go_file_u64(file, GO_FILE_MODULE, table);
	go_file_u64(file, GO_FILE_MODULE + 8, table + GO_FILE_NAMES);
	go_file_u64(file, GO_FILE_MODULE + 128, table + GO_FILE_FUNCTIONS);
	go_file_u64(file, GO_FILE_MODULE + 136, 3);
	go_file_u64(file, GO_FILE_MODULE + 176, GO_FILE_TEXT);
	go_file_u64(file, GO_FILE_MODULE + (version == PCLNTAB_GO_1_18 ? 304 : 320),
		    GO_FILE_BASE + GO_FILE_TREE);
	if (version == PCLNTAB_GO_1_20) {
		go_file_u32(file, tree + 4, 0x10); /* name */
		go_file_u32(file, tree + 8, 0xf);  /* parentPc */
	} else {
		memcpy(file->bytes + tree, inlined_old, sizeof(inlined_old));
		go_file_u32(file, tree + 12, 0x10);
		go_file_u32(file, tree + 16, 0xf);
	}
}

static inline void go_file_make(struct go_file *file, enum pclntab_version version)
{
	/* Pairs of a change (its sign in the lowest bit) and a length, from -1 on; then 0. */
	static const uint8_t values[] = {
		0,                                            /* 0 is no table */
		2,  4,    0x40, 0x3c, 0,                      /* 1: pcsp: 0, then 0x20 */
		2,  0x40, 0,                                  /* 6: pcfile: 0 */
		22, 0x10, 0xb4, 1,    0x10, 0xaf, 1, 0x20, 0, /* 9: pcln: 10, 100, 12 */
		0,  0x10, 2,    0x10, 1,    0x20, 0,          /* 18: inlining: -1, 0, -1 */
		2,  0x10, 0,                                  /* 25: pcsp, pcfile of goexit: 0 */
	};
	static const char names[] = "main.main\0\0\0\0\0\0\0main.inner\0runtime.goexit";
	static const Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	static const Elf64_Phdr segment = {
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_W,
		.p_vaddr = GO_FILE_BASE,
		.p_filesz = GO_FILE_SIZE,
		.p_memsz = GO_FILE_SIZE,
	};

	memset(file, 0, sizeof(*file));
	memcpy(file->bytes, &header, sizeof(header));
	memcpy(file->bytes + sizeof(header), &segment, sizeof(segment));
	go_file_header(file, version);
	memcpy(file->bytes + GO_FILE_TABLE + GO_FILE_NAMES, names, sizeof(names));
	memcpy(file->bytes + GO_FILE_TABLE + GO_FILE_FILES, "/src/main.go", 13);
	memcpy(file->bytes + GO_FILE_TABLE + GO_FILE_VALUES, values, sizeof(values));
	go_file_function(file, version, 0, 0, 0, (const uint32_t[]){1, 6, 9, 18}, 0);
	go_file_function(file, version, 1, 0x40, 0x1b, (const uint32_t[]){25, 25, 0, 0},
			 PCLNTAB_TOP_FRAME);
	/* The end of the last function. */
	if (version == PCLNTAB_GO_1_16)
		go_file_u64(file, GO_FILE_TABLE + GO_FILE_FUNCTIONS + 32, GO_FILE_END);
	else
		go_file_u32(file, GO_FILE_TABLE + GO_FILE_FUNCTIONS + 16,
			    GO_FILE_END - GO_FILE_TEXT);
	go_file_module(file, version);
}

enum {
	GO_FILE_ASMCGOCALL = GO_FILE_TEXT + 0x50,
	GO_FILE_SYSTEMSTACK_SWITCH = GO_FILE_TEXT + 0x60, /* the return address is above .. */
	GO_FILE_SWITCH_FRAME = 8,                         /* .. this many bytes from +4 on */
	GO_FILE_CGOCALLBACK = GO_FILE_TEXT + 0x70,        /* above 0x20 bytes from +4 on */
	GO_FILE_VFORK = GO_FILE_TEXT + 0x80, /* pops the return address at +4, pushes it at +8 */
	GO_FILE_ASSEMBLY_END = GO_FILE_TEXT + 0x90,
};

/* Adds functions of Go's that are written in assembly, to a file of the version PCLNTAB_GO_1_20:
 * those by which Go 1.24 calls C, and one that makes its system call with the return address in a
 * register, as rawVforkSyscall does. */
static inline void go_file_add_assembly(struct go_file *file)
{
	static const char names[] =
		"runtime.asmcgocall\0runtime.systemstack_switch\0runtime.cgocallback";
	static const uint8_t values[] = {
		2,   4,     2 * GO_FILE_SWITCH_FRAME,
		0xc, 0, /* 32: pcsp: 0, then 8 */
		2,   4,     2 * 0x20,
		0xc, 0,                /* 37: 0, then 0x20 */
		2,   4,     2 * 8 - 1, /* 42: 0, -8, 0 */
		4,   2 * 8, 8,
		0,
	};
	const size_t functions = GO_FILE_TABLE + GO_FILE_FUNCTIONS;

	memcpy(file->bytes + GO_FILE_TABLE + GO_FILE_NAMES + 0x30, names, sizeof(names));
	memcpy(file->bytes + GO_FILE_TABLE + GO_FILE_VALUES + 32, values, sizeof(values));
	go_file_function(file, PCLNTAB_GO_1_20, 2, 0x50, 0x30, (const uint32_t[]){32, 6, 0, 0},
			 PCLNTAB_SP_WRITE);
	go_file_function(file, PCLNTAB_GO_1_20, 3, 0x60, 0x43, (const uint32_t[]){32, 6, 0, 0}, 0);
	go_file_function(file, PCLNTAB_GO_1_20, 4, 0x70, 0x5e, (const uint32_t[]){37, 6, 0, 0},
			 PCLNTAB_SP_WRITE);
	go_file_function(file, PCLNTAB_GO_1_20, 5, 0x80, 0x10, (const uint32_t[]){42, 6, 0, 0}, 0);
	go_file_u32(file, functions + 8 * 6, GO_FILE_ASSEMBLY_END - GO_FILE_TEXT);
	go_file_u64(file, GO_FILE_TABLE + 8, 6);
	go_file_u64(file, GO_FILE_MODULE + 136, 7);
}

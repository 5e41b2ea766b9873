// SPDX-License-Identifier: MIT
/*
 * See deepbind.h. Removing RTLD_DEEPBIND from dlopen's flags would bind the program's libraries to
 * other functions, and a hook of dlopen would be a caller with another RUNPATH. So this changes the
 * library's references instead: a reference to the real function behind a hook of ours is made to
 * point to the hook. References to other functions of the same name, the library's own or another
 * library's, stay as they are.
 *
 * This happens in __gmon_start__, which we define. Every shared library calls that function, if it
 * is defined, at the start of the _init that the C library's crti.o gives it. (It is meant for
 * gprof: a program built for gprof defines it itself, and that definition comes before ours.) At
 * that moment the loader has bound the library, none of the library's code has run, not even its
 * constructors, and the loader's lock is held, so no thread is in the middle of a call.
 *
 * Some calls still bypass the hooks, and snapshots list the descriptors that these open as opened
 * by an untraced call: calls of libraries without that _init, of all libraries in a program that is
 * built for gprof (gcc -pg), of libraries that dlmopen(3) loads (with a C library of their own),
 * and calls through pointers from dlsym(3) with the C library's own handle.
 */
#include "deepbind.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "preload/arch/machine.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/libc/real.h"

enum { INIT_SIZE = 64 }; /* most bytes of _init after the call */

/* The linker's symbol (ld(1)) for the beginning of this library. _DYNAMIC (<link.h>) is this
 * library's dynamic section. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* The real functions behind our hooks. */
static const struct {
	const char *name;
	const void *real; /* the place of the pointer to it */
} hooked[] = {
#define NAME(function)             {#function, &real.function},
#define NAME_LIKE(function, other) NAME(function)
#include "preload/libc/names.h"
#undef NAME
#undef NAME_LIKE
};

/* The number of objects that had been loaded at deepbind_start (dlpi_adds); 0 before it. */
static unsigned long long loaded_at_start;

struct library {
	uintptr_t place; /* an address in its code */
	uintptr_t bias;
	const ElfW(Phdr) * headers; /* NULL: not found, or loaded before deepbind_start */
	size_t count;
	/* From its dynamic section. */
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * relocations[2]; /* [1]: those of the PLT; [0]: all others */
	size_t sizes[2];                   /* bytes */
	bool writable;                     /* its RELRO part is writable for the moment */
};

static int note_loaded(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(unsigned long long *)data = info->dlpi_adds;
	return 1;
}

void deepbind_start(void)
{
	dl_iterate_phdr(note_loaded, &loaded_at_start);
}

/* The segment of this type that address lies in; with address 0 the first of this type. NULL: there
 * is none. */
static const ElfW(Phdr) *
	segment_of(const struct library *library, uint32_t type, uintptr_t address)
{
	for (size_t i = 0; i < library->count; i++) {
		const ElfW(Phdr) *header = &library->headers[i];
		uintptr_t start = library->bias + header->p_vaddr;

		if (header->p_type == type &&
		    (!address || (address >= start && address - start < header->p_memsz)))
			return header;
	}
	return NULL;
}

static int find_library(struct dl_phdr_info *info, size_t size, void *data)
{
	struct library *library = data;
	struct library found = {
		.bias = info->dlpi_addr,
		.headers = info->dlpi_phdr,
		.count = info->dlpi_phnum,
	};

	(void)size;
	/* Libraries that were loaded at the program's start are never bound with RTLD_DEEPBIND. */
	if (info->dlpi_adds == loaded_at_start)
		return 1;
	if (!segment_of(&found, PT_LOAD, library->place))
		return 0;
	found.place = library->place;
	*library = found;
	return 1;
}

/* glibc turns the addresses of a dynamic section into absolute ones when it loads the object. */
static const void *address_of(uintptr_t bias, const ElfW(Dyn) * entry)
{
	return (const void *)(entry->d_un.d_ptr < bias ? entry->d_un.d_ptr + bias
						       : entry->d_un.d_ptr);
}

static bool read_dynamic(struct library *library)
{
	const ElfW(Phdr) *header = segment_of(library, PT_DYNAMIC, 0);
	const ElfW(Dyn) *entry = header ? (const void *)(library->bias + header->p_vaddr) : NULL;

	for (; entry && entry->d_tag != DT_NULL; entry++)
		switch (entry->d_tag) {
		case DT_SYMTAB:
			library->symbols = address_of(library->bias, entry);
			break;
		case DT_STRTAB:
			library->names = address_of(library->bias, entry);
			break;
		case DT_RELA:
			library->relocations[0] = address_of(library->bias, entry);
			break;
		case DT_RELASZ:
			library->sizes[0] = entry->d_un.d_val;
			break;
		case DT_JMPREL:
			library->relocations[1] = address_of(library->bias, entry);
			break;
		case DT_PLTRELSZ:
			library->sizes[1] = entry->d_un.d_val;
			break;
		default:
			break;
		}
	return library->symbols && library->names;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;

	while (*name)
		hash = hash * 33 + (uint8_t)*name++;
	return hash;
}

/* The address of the function that this library exports under this name, or 0. The address of the
 * name in our C code may be another one, because the program may define the function itself. */
static uintptr_t own_function(const char *name)
{
	const uintptr_t bias = (uintptr_t)__ehdr_start;
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;
	/* The header's four words: buckets, first symbol, words of the filter, the filter's shift.
	 * Then follow the filter, the buckets and the chains. */
	const uint32_t *table = NULL;

	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_SYMTAB)
			symbols = address_of(bias, entry);
		else if (entry->d_tag == DT_STRTAB)
			names = address_of(bias, entry);
		else if (entry->d_tag == DT_GNU_HASH)
			table = address_of(bias, entry);
	if (!symbols || !names || !table)
		return 0;

	const uint32_t bits = sizeof(ElfW(Addr)) * 8, hash = gnu_hash(name), first = table[1];
	const ElfW(Addr) *filter = (const void *)(table + 4);
	const uint32_t *buckets = (const void *)(filter + table[2]), *chains = buckets + table[0];
	ElfW(Addr) word = filter[hash / bits % table[2]];

	if (!(word >> (hash % bits) & word >> ((hash >> table[3]) % bits) & 1))
		return 0;
	for (uint32_t at = buckets[hash % table[0]]; at >= first && at; at++) {
		uint32_t link = chains[at - first];

		if ((link | 1) == (hash | 1) && strcmp(names + symbols[at].st_name, name) == 0)
			return bias + symbols[at].st_value;
		if (link & 1)
			break;
	}
	return 0;
}

static uintptr_t real_function(const char *name)
{
	for (size_t i = 0; i < sizeof(hooked) / sizeof(*hooked); i++)
		if (strcmp(hooked[i].name, name) == 0) {
			uintptr_t address;

			memcpy(&address, hooked[i].real, sizeof(address));
			return address;
		}
	return 0;
}

/* The function that the loader will bind name to when the library first calls it; 0: not known. */
static uintptr_t resolve(const struct library *library, const char *name)
{
	const uint8_t *code = (const uint8_t *)library->place;

	for (size_t i = 0; i < INIT_SIZE; i++) {
		if (!segment_of(library, PT_LOAD, (uintptr_t)(code + i + sizeof(machine_return))))
			break;
		if (memcmp(code + i, machine_return, sizeof(machine_return)) == 0)
			return (uintptr_t)deepbind_resolve(code + i, name, (void *)dlsym,
							   RTLD_DEFAULT);
	}
	return 0;
}

/* Makes the part of the library that the loader has made read-only (RELRO) writable, or read-only
 * again. Like the loader, it changes whole pages. False: the kernel has refused it. */
static bool protect(const struct library *library, int protection)
{
	const ElfW(Phdr) *header = segment_of(library, PT_GNU_RELRO, 0);
	uintptr_t pages = -getauxval(AT_PAGESZ);
	uintptr_t start = (library->bias + header->p_vaddr) & pages;
	uintptr_t end = (library->bias + header->p_vaddr + header->p_memsz) & pages;

	return end > start && RAW(mprotect, start, end - start, protection) == 0;
}

/* Makes the reference at slot point to target. */
static void redirect(struct library *library, uintptr_t slot, uintptr_t target)
{
	const ElfW(Phdr) *segment = segment_of(library, PT_LOAD, slot);

	if (!segment || !(segment->p_flags & PF_W))
		return;
	if (segment_of(library, PT_GNU_RELRO, slot) && !library->writable) {
		if (!protect(library, PROT_READ | PROT_WRITE))
			return;
		library->writable = true;
	}
	__atomic_store_n((uintptr_t *)slot, target, __ATOMIC_RELAXED);
}

/* Redirects the reference if it points to a real function that we have a hook for. */
static void redirect_hooked(struct library *library, const ElfW(Rela) * relocation)
{
	const ElfW(Sym) *symbol = &library->symbols[ELF64_R_SYM(relocation->r_info)];
	uint32_t type = ELF64_R_TYPE(relocation->r_info);
	uintptr_t slot = library->bias + relocation->r_offset, now;

	/* A function that the library defines itself is the one that it wants. */
	if ((type != MACHINE_JUMP_SLOT && type != MACHINE_POINTER && type != MACHINE_WORD) ||
	    symbol->st_shndx != SHN_UNDEF || (type == MACHINE_WORD && relocation->r_addend))
		return;
	const char *name = library->names + symbol->st_name;
	uintptr_t hook = own_function(name), real = hook ? real_function(name) : 0;
	if (!real)
		return;
	memcpy(&now, (const void *)slot, sizeof(now));
	/* A reference that isn't bound yet points into the library's own code, which calls the
	 * loader. */
	if (type == MACHINE_JUMP_SLOT && segment_of(library, PT_LOAD, now))
		now = resolve(library, name);
	if (now == real)
		redirect(library, slot, hook);
}

static void redirect_all(struct library *library, const ElfW(Rela) * relocations, size_t size)
{
	for (size_t i = 0; relocations && i < size / sizeof(*relocations); i++)
		redirect_hooked(library, &relocations[i]);
}

HOOK void __gmon_start__(void);
void __gmon_start__(void)
{
	struct library library = {.place = (uintptr_t)__builtin_return_address(0)};
	int saved = errno;

	if (!loaded_at_start)
		return;
	dl_iterate_phdr(find_library, &library);
	if (library.headers && read_dynamic(&library)) {
		for (int i = 0; i < 2; i++)
			redirect_all(&library, library.relocations[i], library.sizes[i]);
		if (library.writable)
			protect(&library, PROT_READ);
	}
	errno = saved;
}

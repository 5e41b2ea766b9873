// SPDX-License-Identifier: MIT
/*
 * See deepbind.h. Taking RTLD_DEEPBIND out of dlopen's flags would change what the program's
 * libraries are bound to, and a hook of dlopen would be a caller with another RUNPATH. Instead each
 * reference that goes past a hook of ours is led through it: one whose target is just what stands
 * behind the hook. A library's own functions of such a name, and those of other libraries, keep
 * their callers.
 *
 * The moment is __gmon_start__. Every shared library calls it first of all, in the _init that the C
 * library's crti.o gives it, if anybody defines it: for gprof, whose own definition is in the
 * program and comes before this one. The loader has bound the library by then, none of its code has
 * run yet, its constructors included, and the loader's lock is held, so nothing can be in the
 * middle of a call.
 *
 * Some calls still go past us, and snapshots list what they open as opened by an untraced call:
 * those of libraries without that _init, of all libraries in a program built for gprof (gcc -pg),
 * of what dlmopen(3) loads (with a C library of its own), and through pointers from dlsym(3) on the
 * C library's own handle.
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

enum { INIT_SIZE = 64 }; /* most bytes of _init behind the call */

/* The beginning of this library: the linker's symbol, ld(1). _DYNAMIC (<link.h>) is its dynamic
 * section. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* The functions behind our hooks. */
static const struct {
	const char *name;
	const void *real; /* where the pointer is kept */
} hooked[] = {
#define NAME(function)             {#function, &real.function},
#define NAME_LIKE(function, other) NAME(function)
#include "preload/libc/names.h"
#undef NAME
#undef NAME_LIKE
};

/* How many objects had been loaded when we began to look (dlpi_adds); 0: we have not begun. */
static unsigned long long loaded_at_start;

struct library {
	uintptr_t place; /* an address in it */
	uintptr_t bias;
	const ElfW(Phdr) * headers; /* NULL: not found, or not worth a look */
	size_t count;
	/* From its dynamic section. */
	const ElfW(Sym) * symbols;
	const char *names;
	const ElfW(Rela) * relocations[2]; /* all but those of the PLT, and these */
	size_t sizes[2];
	bool writable; /* its RELRO part is, for the moment */
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

/* The segment of that type which address lies in; any, with address 0. NULL: there is none. */
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
	/* The libraries that the program was started with were never bound like that. */
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

/* The address of what we export under that name, or 0. It is not what the name stands for here: the
 * program may have a function of that name itself. */
static uintptr_t own_function(const char *name)
{
	const uintptr_t bias = (uintptr_t)__ehdr_start;
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;
	const uint32_t *table =
		NULL; /* buckets, first symbol, words of the filter, its shift; then these */

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

/* The function that the loader will bind name to when the library calls it; 0: not known. */
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

/* Makes what the loader has made read-only (RELRO) writable, or read-only again: whole pages, as
 * there. */
static bool protect(const struct library *library, int protection)
{
	const ElfW(Phdr) *header = segment_of(library, PT_GNU_RELRO, 0);
	uintptr_t pages = -getauxval(AT_PAGESZ);
	uintptr_t start = (library->bias + header->p_vaddr) & pages;
	uintptr_t end = (library->bias + header->p_vaddr + header->p_memsz) & pages;

	return end > start && RAW(mprotect, start, end - start, protection) == 0;
}

static void lead(struct library *library, uintptr_t slot, uintptr_t target)
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

static void look_at(struct library *library, const ElfW(Rela) * relocation)
{
	const ElfW(Sym) *symbol = &library->symbols[ELF64_R_SYM(relocation->r_info)];
	uint32_t type = ELF64_R_TYPE(relocation->r_info);
	uintptr_t slot = library->bias + relocation->r_offset, now;

	/* What it defines itself is what it wants. */
	if ((type != MACHINE_JUMP_SLOT && type != MACHINE_POINTER && type != MACHINE_WORD) ||
	    symbol->st_shndx != SHN_UNDEF || (type == MACHINE_WORD && relocation->r_addend))
		return;
	const char *name = library->names + symbol->st_name;
	uintptr_t hook = own_function(name), real = hook ? real_function(name) : 0;
	if (!real)
		return;
	memcpy(&now, (const void *)slot, sizeof(now));
	/* Not bound yet, it leads into the library's own code, to what calls the loader. */
	if (type == MACHINE_JUMP_SLOT && segment_of(library, PT_LOAD, now))
		now = resolve(library, name);
	if (now == real)
		lead(library, slot, hook);
}

static void look_at_all(struct library *library, const ElfW(Rela) * relocations, size_t size)
{
	for (size_t i = 0; relocations && i < size / sizeof(*relocations); i++)
		look_at(library, &relocations[i]);
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
			look_at_all(&library, library.relocations[i], library.sizes[i]);
		if (library.writable)
			protect(&library, PROT_READ);
	}
	errno = saved;
}

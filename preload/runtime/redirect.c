// SPDX-License-Identifier: MIT
/* See redirect.h. */
#include "redirect.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/uio.h>

#include "preload/arch/machine.h"
#include "preload/core/base/c_library.h"
#include "preload/core/base/dynamic_symbols.h"
#include "preload/core/base/first_version.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/libc/real.h"
#include "preload/libc/use_real.h"
#include "deepbind.h"
#include "use.h"

FIRST_VERSION(dlsym);
FIRST_VERSION(dlerror);

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

#define USED(function)             +1
#define USED_LIKE(function, other) +1
enum {
	HOOKED = sizeof(hooked) / sizeof(*hooked),
	USES = 0
#include "preload/libc/use_names.h"
};
#undef USED
#undef USED_LIKE

/* The functions that the program binds these names to. */
static uintptr_t bound[HOOKED], bound_use[USES];

/* A function of ours that takes the place of the one of this name. */
struct replacement {
	const char *name;
	uintptr_t real, hook;
	uintptr_t bound;
};

/* The parts of a library, from its dynamic section. */
struct parts {
	const struct library *library;
	struct dynamic_symbols dynamic;
	struct dynamic_symbols hooks; /* our library's */
	bool own;                     /* it is our library */
	bool back;                    /* from hooks to libc's functions */
	bool only_uses;               /* references to functions without an exported hook */
	bool writable;                /* its RELRO part is writable for the moment */
	struct redirected *counts;
};

const ElfW(Phdr) * redirect_segment(const struct library *library, uint32_t type, uintptr_t address)
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

static bool read_dynamic(struct parts *parts)
{
	const uintptr_t bias = parts->library->bias;
	const ElfW(Phdr) *header = redirect_segment(parts->library, PT_DYNAMIC, 0);

	return header &&
	       dynamic_symbols_read(&parts->dynamic, (const void *)(bias + header->p_vaddr),
				    bias) &&
	       dynamic_symbols_read(&parts->hooks, _DYNAMIC, (uintptr_t)__ehdr_start) &&
	       parts->hooks.gnu_hash;
}

/* The address of the function that our library exports under this name, or 0. The address of the
 * name in our C code may be another one, because the program may define the function itself. */
static uintptr_t own_function(const struct dynamic_symbols *hooks, const char *name)
{
	uint32_t index = dynamic_symbols_find(hooks, name, dynamic_symbols_hash(name), 0);

	return index ? (uintptr_t)__ehdr_start + hooks->symbols[index].st_value : 0;
}

/* The index in hooked of this name; HOOKED: none. */
static size_t index_of(const char *name)
{
	size_t i = 0;

	while (i < HOOKED && strcmp(hooked[i].name, name) != 0)
		i++;
	return i;
}

static uintptr_t read_pointer(const void *place)
{
	uintptr_t address;

	memcpy(&address, place, sizeof(address));
	return address;
}

/* A loaded object that an address lies in. */
struct place {
	uintptr_t address;
	const char *path; /* NULL: in none */
};

static int find_place(struct dl_phdr_info *info, size_t size, void *data)
{
	struct place *place = data;
	struct library library = library_of(info);

	(void)size;
	if (!redirect_segment(&library, PT_LOAD, place->address))
		return 0;
	place->path = info->dlpi_name;
	return 1;
}

/* Whether a reference by this name that is bound to address is bound to a function that the hook
 * stands for. Before glibc 2.34 libc.so and libpthread.so both define such functions as open: a
 * library loaded with RTLD_DEEPBIND that needs only libc is bound to libc's, where the program has
 * libpthread's. Two functions of one library are two versions of the symbol, which may differ. */
static bool is_hooked(const struct replacement *found, uintptr_t address)
{
	struct place ours = {.address = found->real}, other = {.address = address};

	if (address == found->real)
		return true;
	if (!address || address == found->hook)
		return false;
	dl_iterate_phdr(find_place, &ours);
	dl_iterate_phdr(find_place, &other);
	return ours.path && other.path && strcmp(ours.path, other.path) != 0 &&
	       c_library_is(ours.path) && c_library_is(other.path);
}

/* Finds the wrapper of a function that uses a descriptor. */
static bool find_use(const char *name, struct replacement *found)
{
	size_t low = 0, high = use_function_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct use_function *use = &use_functions[middle];
		int order = strcmp(name, use->name);

		if (order == 0) {
			*found = (struct replacement){
				.name = use->name,
				.real = read_pointer(use->real),
				.hook = (uintptr_t)use->wrapper,
				.bound = bound_use[middle],
			};
			return found->real != 0;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* Finds our function that takes the place of this one. False: there is none. */
static bool find_replacement(const struct parts *parts, const char *name, struct replacement *found)
{
	uintptr_t hook = own_function(&parts->hooks, name);
	size_t index = hook ? index_of(name) : HOOKED;

	if (index == HOOKED)
		return !parts->own && use_redirects() && find_use(name, found);
	*found = (struct replacement){
		.name = hooked[index].name,
		.real = read_pointer(hooked[index].real),
		.hook = hook,
		.bound = bound[index],
	};
	return found->real != 0 && !parts->only_uses;
}

/* The function that the loader will bind the name to when the library first calls it; 0: not known.
 */
static uintptr_t resolve(const struct library *library, const struct replacement *replacement)
{
	const uint8_t *code = (const uint8_t *)library->place;

	if (!code)
		return replacement->bound;
	for (size_t i = 0; i < INIT_SIZE; i++) {
		if (!redirect_segment(library, PT_LOAD,
				      (uintptr_t)(code + i + sizeof(machine_return))))
			break;
		if (memcmp(code + i, machine_return, sizeof(machine_return)) == 0)
			return (uintptr_t)deepbind_resolve(code + i, replacement->name,
							   (void *)dlsym, RTLD_DEFAULT);
	}
	return 0;
}

/* Makes the part of the library that the loader has made read-only (RELRO) writable, or read-only
 * again. Like the loader, it changes whole pages. False: the kernel has refused it. */
static bool protect(const struct library *library, int protection)
{
	const ElfW(Phdr) *header = redirect_segment(library, PT_GNU_RELRO, 0);
	uintptr_t pages = -getauxval(AT_PAGESZ);
	uintptr_t start = (library->bias + header->p_vaddr) & pages;
	uintptr_t end = (library->bias + header->p_vaddr + header->p_memsz) & pages;

	return end > start && RAW(mprotect, start, end - start, protection) == 0;
}

/* Makes the kernel write the word. False: its page is read-only, or the kernel refuses that. */
static bool write_by_kernel(uintptr_t slot, uintptr_t target)
{
	struct iovec local = {.iov_base = &target, .iov_len = sizeof(target)};
	struct iovec remote = {.iov_base = (void *)slot, .iov_len = sizeof(target)};
	long self = RAW(getpid);

	return RAW(process_vm_writev, self, &local, 1, &remote, 1, 0) == (long)sizeof(target);
}

/* Makes the reference at slot point to target. While another thread's dlopen still fills the RELRO
 * part in, its protection is the loader's affair, and a store may meet a page that has just become
 * read-only. None of the library's code runs before that. Once it is read-only, it is ours. */
static void redirect(struct parts *parts, uintptr_t slot, uintptr_t target)
{
	const ElfW(Phdr) *segment = redirect_segment(parts->library, PT_LOAD, slot);

	if (!segment || !(segment->p_flags & PF_W))
		return;
	if (redirect_segment(parts->library, PT_GNU_RELRO, slot) && !parts->writable) {
		if (write_by_kernel(slot, target)) {
			parts->counts->references++;
			return;
		}
		if (!protect(parts->library, PROT_READ | PROT_WRITE)) {
			parts->counts->refused++;
			return;
		}
		parts->writable = true;
	}
	__atomic_store_n((uintptr_t *)slot, target, __ATOMIC_RELAXED);
	parts->counts->references++;
}

/* Redirects the reference if it points to a real function that we have a hook for. */
static void redirect_hooked(struct parts *parts, const ElfW(Rela) * relocation)
{
	const ElfW(Sym) *symbol = &parts->dynamic.symbols[ELF64_R_SYM(relocation->r_info)];
	uint32_t type = ELF64_R_TYPE(relocation->r_info);
	uintptr_t slot = parts->library->bias + relocation->r_offset, now;

	/* A function that the library defines itself is the one that it wants. We want our own,
	 * too, but the loader has bound us to libc's if we came after it. */
	if ((type != MACHINE_JUMP_SLOT && type != MACHINE_POINTER && type != MACHINE_WORD) ||
	    (symbol->st_shndx != SHN_UNDEF && !parts->own) ||
	    (type == MACHINE_WORD && relocation->r_addend))
		return;
	struct replacement found;
	if (!find_replacement(parts, parts->dynamic.names + symbol->st_name, &found))
		return;
	now = __atomic_load_n((const uintptr_t *)slot, __ATOMIC_RELAXED);
	/* A reference that isn't bound yet points into the library's own code, which calls the
	 * loader. */
	if (!parts->back && type == MACHINE_JUMP_SLOT &&
	    redirect_segment(parts->library, PT_LOAD, now))
		now = resolve(parts->library, &found);
	if (parts->back ? now == found.hook : is_hooked(&found, now))
		redirect(parts, slot, parts->back ? found.real : found.hook);
}

static void redirect_parts(struct parts *parts)
{
	uint32_t before = parts->counts->references;

	for (int part = 0; part < 2; part++) {
		const ElfW(Rela) *list = parts->dynamic.relocations[part];

		for (size_t i = 0;
		     list && i < parts->dynamic.relocations_size[part] / sizeof(*list); i++)
			redirect_hooked(parts, &list[i]);
	}
	if (parts->writable)
		protect(parts->library, PROT_READ);
	parts->counts->libraries += parts->counts->references != before;
}

void redirect_library(const struct library *library, struct redirected *counts)
{
	struct parts parts = {.library = library, .counts = counts};

	if (read_dynamic(&parts))
		redirect_parts(&parts);
}

static uintptr_t look_up(const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, name);

	if (!function)
		dlerror();
	return (uintptr_t)function;
}

void redirect_look_up(void)
{
	for (size_t i = 0; i < HOOKED; i++)
		bound[i] = look_up(hooked[i].name);
	for (size_t i = 0; i < USES && use_redirects(); i++)
		bound_use[i] = look_up(use_functions[i].name);
}

struct all {
	bool back, only_uses;
	struct redirected *counts;
};

static int redirect_one(struct dl_phdr_info *info, size_t size, void *data)
{
	const struct all *all = data;
	struct library library = library_of(info);
	struct parts parts = {
		.library = &library,
		.own = info->dlpi_addr == (uintptr_t)__ehdr_start,
		.back = all->back,
		.only_uses = all->only_uses,
		.counts = all->counts,
	};

	(void)size;
	/* Our hooks go on to call each other. */
	if (!(parts.own && all->back) && read_dynamic(&parts))
		redirect_parts(&parts);
	return 0;
}

void redirect_all(bool back, struct redirected *counts)
{
	struct all all = {.back = back, .counts = counts};

	dl_iterate_phdr(redirect_one, &all);
}

void redirect_uses(struct redirected *counts)
{
	struct all all = {.only_uses = true, .counts = counts};

	dl_iterate_phdr(redirect_one, &all);
}

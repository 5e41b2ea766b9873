// SPDX-License-Identifier: MIT
/*
 * Redirects the references of loaded objects from libc's functions to our hooks, where the loader
 * has bound them to libc: in libraries loaded with RTLD_DEEPBIND (deepbind.c), and in all objects
 * of a process that `fdtrail attach` has come to (attach.c). If uses of descriptors are recorded
 * (use.h), so are references to read(2) and its like, in all programs. A reference is a word that
 * the loader fills in with a function's address: of the PLT, of the GOT, or of a table in the
 * object's data. References to other functions of the same name, the object's own or another
 * library's, stay as they are. So do copies that the program has made of an address.
 */
#pragma once

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct library {
	uintptr_t place; /* an address in its code, before a `ret`: to search as the library does,
			  * see deepbind.h; 0: search as the program does */
	uintptr_t bias;
	const ElfW(Phdr) * headers; /* NULL: not found */
	size_t count;
};

struct redirected {
	uint32_t libraries;  /* that had references to change */
	uint32_t references; /* changed */
	uint32_t refused;    /* not changed, because the kernel keeps them read-only */
};

static inline struct library library_of(const struct dl_phdr_info *info)
{
	return (struct library){
		.bias = info->dlpi_addr,
		.headers = info->dlpi_phdr,
		.count = info->dlpi_phnum,
	};
}

/* The segment of this type that address lies in; with address 0 the first of this type. NULL: there
 * is none. */
const ElfW(Phdr) *
	redirect_segment(const struct library *library, uint32_t type, uintptr_t address);

/* Redirects the library's references to our hooks, and adds to counts. */
void redirect_library(const struct library *library, struct redirected *counts);

/* Finds out what the program binds its references to that are not bound yet. Calls the loader; to
 * be called before redirect_all. */
void redirect_look_up(void);

/* Redirects the references of all loaded objects; back: from our hooks to libc's functions. */
void redirect_all(bool back, struct redirected *counts);

/* Redirects references to read(2) and its like only, in a program that the loader has bound to our
 * hooks. */
void redirect_uses(struct redirected *counts);

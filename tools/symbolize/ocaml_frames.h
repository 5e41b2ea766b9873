// SPDX-License-Identifier: MIT
/*
 * Reads the frame tables of a native OCaml program. For each return address they have the file and
 * line of the call, and those of the functions that were inlined there, which OCaml's DWARF lacks.
 * Every program has them, because the garbage collector and OCaml's own backtraces need them; with
 * ocamlopt -g they have lines. The format is internal to OCaml: this reads those of OCaml 4.12 and
 * of the later versions that keep the end of a location, too (runtime/caml/frame_descriptors.h,
 * caml_debuginfo_location() in runtime/backtrace_nat.c, asmcomp/emitaux.ml there). The tables of
 * another format are refused as a whole.
 *
 * Addresses are those of the ELF file, without the load bias. Nothing in the file is trusted before
 * it has been checked. Called by source_ocaml.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ocaml_frames;

struct ocaml_location {
	const char *function; /* "Stdlib.open_in"; lives with the file's bytes; may be empty */
	const char *file;     /* "stdlib.ml", as the compiler was called; never NULL */
	int line;             /* 0: not known */
	int column;           /* from 1; 0: not known */
};

enum { OCAML_LOCATIONS_MAX = 32 };

/* Reads all tables of an ELF file of size bytes at elf; tables is the address of the symbol
 * caml_frametable. The caller keeps these bytes, and they must outlive the result. NULL with errno
 * 0: the file has no lines, has another format, or is damaged; NULL with ENOMEM: no memory. */
struct ocaml_frames *ocaml_frames_create(const void *elf, size_t size, uint64_t tables);
/* Does nothing for NULL. */
void ocaml_frames_destroy(struct ocaml_frames *frames);

/* Fills in the locations of the call that returns to this address, innermost first: each but the
 * last is inlined into the next. Returns how many, at most OCAML_LOCATIONS_MAX; 0: not known. */
size_t ocaml_frames_locations(const struct ocaml_frames *frames, uint64_t return_address,
			      struct ocaml_location locations[OCAML_LOCATIONS_MAX]);

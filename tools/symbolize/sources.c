// SPDX-License-Identifier: MIT
/*
 * The order in which a module's sources of names are tried: a language's own source first, the one
 * that knows least last. A new source is one file and one row here.
 */
#include "source.h"

const struct name_source *const name_sources[] = {
	&source_pclntab, &source_ocaml, &source_dwarf, &source_symbols, NULL,
};

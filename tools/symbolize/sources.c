// SPDX-License-Identifier: MIT
/*
 * The order in which a module's sources of names are asked: what was made for the language first,
 * what knows least last. A new source is one file and one row.
 */
#include "source.h"

const struct name_source *const name_sources[] = {
	&source_pclntab,
	&source_dwarf,
	&source_symbols,
	NULL,
};

// SPDX-License-Identifier: MIT
/*
 * The tables of a profile, to which samples refer by number: strings, functions, mappings,
 * locations. Each thing is in a table once, and has its id at once. Locations and mappings are
 * encoded at the end, because pprof may look up names itself only if no frame of the module has
 * one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/model.h"
#include "protobuf.h"

struct pprof_tables;

/* NULL: no memory. */
struct pprof_tables *pprof_tables_create(void);
void pprof_tables_destroy(struct pprof_tables *tables);

/* Index of text in the string table, cleaned (clean_text.h); 0 for "" and NULL. */
uint64_t pprof_string(struct pprof_tables *tables, const char *text);

/* Begins a snapshot: the following frames are its own. It must outlive pprof_tables_encode(). The
 * program's own mapping becomes the first one, which pprof takes for the main binary. */
void pprof_begin_snapshot(struct pprof_tables *tables, const struct model_snapshot *snapshot);

/* Id of the location of a frame of the current snapshot. */
uint64_t pprof_location(struct pprof_tables *tables, const struct model_frame *frame);

/* Id of a location that is only a name, such as "[inherited]". */
uint64_t pprof_marker(struct pprof_tables *tables, const char *name);

/* Adds all tables to profile, once, at the end. Returns false if memory ran out at any time. */
bool pprof_tables_encode(struct pprof_tables *tables, struct protobuf *profile);
